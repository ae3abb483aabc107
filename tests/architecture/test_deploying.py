"""What `deploy/README.md` has people do is done here, as far as one machine can: its steps keep secrets and data."""

import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from telefonistka_py import settings
from telefonistka_py.argocd import temporary
from telefonistka_py.cli import setup
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.recovery import missed
from telefonistka_py.server import web
from telefonistka_py.setup import store

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAPER = (DEPLOY / "README.md").read_text("utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def fenced(language: str, containing: str) -> str:
    """The block of that language in the paper that holds these words, without its indentation."""
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", PAPER, re.DOTALL | re.MULTILINE)
    [(indent, found)] = [block for block in blocks if containing in block[1]]
    return re.sub(rf"^{indent}", "", found, flags=re.MULTILINE)


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_no_credentials_that_the_steps_make_can_be_committed(tmp_path: Path) -> None:
    folders, names = (setup.FOLDER, "deploy"), (store.ENVIRONMENT, store.KEY)
    made = {f"{folder}/{name}" for folder in folders for name in names} | {"deploy/.env", "secret.txt", "secret.yaml"}
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    asked = [*made, "deploy/telefonistka.env.example", "deploy/compose.yaml"]
    done = subprocess.run(["git", "check-ignore", *asked], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == made


def test_the_steps_write_no_secret_of_the_cluster_to_the_disk() -> None:
    [line] = re.findall(r"^telefonistka setup --kubernetes-secret.*$", PAPER, re.MULTILINE)
    assert line.endswith("| kubectl -n telefonistka apply -f -")
    assert ">" not in line
    before = PAPER.partition(line)[0]
    assert "kubectl create namespace telefonistka" in before, "else what GitHub shows once has nowhere to go"


def test_the_steps_for_docker_can_be_repeated_and_the_password_stays(tmp_path: Path) -> None:
    [line] = re.findall(r"^\[ -e deploy/\.env \].*$", PAPER, re.MULTILINE)
    (tmp_path / "deploy").mkdir()
    made = tmp_path / "deploy" / ".env"
    for _ in range(2):
        subprocess.run(["sh", "-euc", line], cwd=tmp_path, check=True)
        kept = made.read_text()
        assert re.fullmatch(r"POSTGRES_PASSWORD=[0-9a-f]{48}\n", kept)
        assert made.stat().st_mode & 0o777 == 0o600
    subprocess.run(["sh", "-euc", line], cwd=tmp_path, check=True)
    assert made.read_text() == kept


def test_one_place_has_the_steps() -> None:
    for file in (DEPLOY / "compose.yaml", *DEPLOY.rglob("telefonistka.yaml"), *DEPLOY.rglob("*.service")):
        comment = re.match(r"(?:#.*\n)+", file.read_text("utf-8"))
        assert comment is not None, file
        head = comment[0].replace("\n# ", " ")
        assert "README.md" in head, file
        for section in re.findall(r'\("([^"]+)"\)', head):
            assert f"## {section}\n" in PAPER, file
        assert "docker compose" not in head
        assert "kubectl" not in head


# -- who can reach the server -----------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    [found] = documents(DEPLOY / "compose.yaml")
    services: dict[str, Any] = found["services"]
    return services


def test_on_one_machine_only_that_machine_reaches_the_server() -> None:
    published = [port for service in compose().values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]
    listen = settings.read(
        {"LISTEN_ADDR": unit("Environment")["LISTEN_ADDR"], "GITHUB_OAUTH_TOKEN": "t"}, webhook=False
    ).listen
    assert listen.host is not None
    assert ip_address(listen.host).is_loopback
    assert listen.port == 8080


def test_the_container_listens_where_its_port_is_published_whatever_the_file_says() -> None:
    assert compose()["server"]["environment"]["LISTEN_ADDR"] == ":8080"


def test_docker_makes_no_folder_where_the_key_is_missing() -> None:
    [key] = compose()["server"]["volumes"]
    assert key["bind"] == {"create_host_path": False}
    assert key["read_only"] is True
    assert key["target"] == compose()["server"]["environment"]["GITHUB_APP_PRIVATE_KEY_PATH"]


def test_the_proxies_let_a_whole_webhook_in() -> None:
    mebibytes = web.LARGEST_BODY // 1024**2
    assert f"client_max_body_size {mebibytes}m;" in fenced("nginx", "location = /webhook")
    assert f"max_size {mebibytes}MiB" in (DEPLOY / "Caddyfile").read_text("utf-8")


# -- systemd ----------------------------------------------------------------------------------------------------------

UNIT = (DEPLOY / "systemd" / "telefonistka.service").read_text("utf-8")
BESIDE = DEPLOY / "systemd" / "telefonistka"


def directives(text: str = UNIT) -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)


def unit(directive: str) -> dict[str, str]:
    """The `NAME=VALUE` of a directive that may be given several times."""
    return dict(value.split("=", 1) for name, value in directives() if name == directive)


def test_what_starting_again_can_not_mend_is_not_started_again(tmp_path: Path) -> None:
    settled = dict(directives())
    for environ in ({}, {"GITHUB_OAUTH_TOKEN": "t", "GITHUB_WEBHOOK_SECRET": "s", "LISTEN_ADDR": "nowhere"}):
        assert server_ends(environ, tmp_path) == int(settled["RestartPreventExitStatus"])
    assert settled["Restart"] == "always"


def test_a_server_that_finds_no_database_is_started_again_for_as_long_as_it_takes(tmp_path: Path) -> None:
    settled = dict(directives())
    away = {"TELEFONISTKA_DATABASE_URL": f"postgresql://u:p@/inbox?host={tmp_path}"}
    ends = server_ends({"GITHUB_OAUTH_TOKEN": "t", "GITHUB_WEBHOOK_SECRET": "s", **away}, tmp_path)
    assert ends not in (0, int(settled["RestartPreventExitStatus"]))
    assert settled["StartLimitIntervalSec"] == "0"
    drop_in = dict(directives(fenced("ini", "postgresql.service")))
    assert drop_in["ExecStartPre"] == "/opt/telefonistka/bin/telefonistka migrate"


def server_ends(environ: dict[str, str], folder: Path) -> int:
    command = [sys.executable, "-m", "telefonistka_py", "server"]
    return subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environ}, cwd=folder, capture_output=True, check=False, timeout=60
    ).returncode


STAND_IN = """#!/bin/sh
# What systemd-run does with a command: its options are kept for the test, and what follows them is run.
while [ "${1#--}" != "$1" ]; do printf '%s\\n' "$1" >> "$SEEN"; shift; done
CREDENTIALS_DIRECTORY=/run/credentials/run-1.service exec "$@"
"""


def test_a_command_beside_the_service_has_its_user_key_variables_and_inbox(tmp_path: Path) -> None:
    for name, text in {
        "systemd-run": STAND_IN,
        "program": '#!/bin/sh\necho "$GITHUB_APP_PRIVATE_KEY_PATH"\nprintf "<%s>" "$@"\n',
        "beside": BESIDE.read_text("utf-8").replace("/opt/telefonistka/bin/telefonistka", str(tmp_path / "program")),
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SEEN": str(tmp_path / "seen")}
    done = subprocess.run(
        [tmp_path / "beside", "inbox", "list", "--lane", "acme/git ops#7"], env=environ, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == "/run/credentials/run-1.service/private-key.pem\n<inbox><list><--lane><acme/git ops#7>"
    given = (tmp_path / "seen").read_text().splitlines()
    assert {"--pipe", "--wait", "--collect"} <= set(given)
    properties = {line.removeprefix("--property=") for line in given if line.startswith("--property=")}
    ours = {f"{name}={value}" for name, value in directives()}
    assert properties <= ours, "the unit says the same"
    for name in ("User", "EnvironmentFile", "LoadCredential"):
        assert any(line.startswith(f"{name}=") for line in properties), name
    assert f"--setenv=TELEFONISTKA_INBOX={unit('Environment')['TELEFONISTKA_INBOX'].replace('%S', '/var/lib')}" in given
    key = dict(directives())["LoadCredential"].partition(":")[0]
    assert f"GITHUB_APP_PRIVATE_KEY_PATH=${{CREDENTIALS_DIRECTORY}}/{key} " in dict(directives())["ExecStart"]


def test_the_steps_for_systemd_install_every_file_where_the_unit_looks() -> None:
    steps = fenced("sh", "systemctl daemon-reload")
    assert BESIDE.stat().st_mode & 0o111
    for source in ("deploy/systemd/telefonistka.service", "deploy/systemd/telefonistka "):
        assert source in steps
    [environment] = [value for name, value in directives() if name == "EnvironmentFile"]
    assert "telefonistka-app/telefonistka.env telefonistka-app/private-key.pem /etc/telefonistka/\n" in steps
    assert environment == f"/etc/telefonistka/{store.ENVIRONMENT}"
    assert dict(directives())["LoadCredential"].partition(":")[2] == f"/etc/telefonistka/{store.KEY}"
    assert "python3 -m venv /opt/telefonistka\n" in steps
    assert re.search(rf"useradd --system .* {dict(directives())['User']}\n", steps)


def test_a_command_beside_the_service_can_not_take_the_inbox_from_it() -> None:
    """A state directory is chowned to whoever starts with it: https://github.com/systemd/systemd/issues/7090"""
    assert "DynamicUser" not in dict(directives())
    assert not re.search(r"--property=(DynamicUser|StateDirectory)", BESIDE.read_text("utf-8"))


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_image_that_is_built_is_the_one_that_is_installed() -> None:
    assert PAPER.count(f"REGISTRY/telefonistka:{VERSION}") == 2, "built, then pushed"
    chart = yaml.safe_load((DEPLOY / "helm" / "telefonistka" / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
    for file in (DEPLOY / "kubernetes").rglob("telefonistka.yaml"):
        images = re.findall(r"image: (?:&image )?(\S+:\S+)(.*)$", file.read_text("utf-8"), re.MULTILINE)
        assert images == [(f"registry.example.com/telefonistka:{VERSION}", "  # edit: where you pushed it")]
    order = [PAPER.index(step) for step in ("docker build", "docker push", "helm -n telefonistka install")]
    assert order == sorted(order)


def test_the_paper_tells_of_no_released_image_as_long_as_there_is_none() -> None:
    released = re.search(r"^## \[[0-9]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE) is not None
    assert ("There is no released image yet" in PAPER) is not released
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    [names] = [step for step in workflow["jobs"]["image"]["steps"] if step.get("id") == "names"]
    assert names["with"]["images"] == "ghcr.io/${{ github.repository }}"
    assert "`ghcr.io/OWNER/REPOSITORY`" in PAPER


# -- what else the paper says -----------------------------------------------------------------------------------------


def test_the_shortest_token_of_the_status_page_is_told() -> None:
    found = re.search(r"`TELEFONISTKA_STATUS_TOKEN` .*?: ([0-9]+) characters or more", PAPER)
    assert found is not None
    least = int(found[1])
    environ = {"GITHUB_OAUTH_TOKEN": "t", "TELEFONISTKA_STATUS_TOKEN": "x" * least}
    assert settings.read(environ, webhook=False).status_token
    with pytest.raises(OperatorMistake, match="TELEFONISTKA_STATUS_TOKEN"):
        settings.read(environ | {"TELEFONISTKA_STATUS_TOKEN": "x" * (least - 1)}, webhook=False)


RIGHTS = {
    ("applications", "get"),
    ("applicationsets", "get"),
    ("applicationsets", "create"),
    ("applications", "create"),
    ("applications", "delete"),
    ("applications", "update"),
}
"""What is done in Argo CD, in its own words (https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac/)."""


def test_the_policy_for_argo_cd_grants_what_is_used_and_nothing_else() -> None:
    rows = [line.split(", ") for line in fenced("csv", "role:telefonistka").splitlines() if not line.startswith("#")]
    [member] = [row for row in rows if row[0] == "g"]
    assert member == ["g", "telefonistka", "role:telefonistka"]
    rules = [row for row in rows if row[0] == "p"]
    assert {(row[2], row[3]) for row in rules} == RIGHTS
    assert len(rules) == len(RIGHTS)
    assert all(len(row) == 6 and row[1] == "role:telefonistka" and row[5] == "allow" for row in rules)
    objects = {(row[2], row[3]): row[4] for row in rules}
    for name in ("team/web", "team/apps/web"):  # with apps in any namespace, that is a part of the name
        project, _, app = name.rpartition("/")
        for right, pattern in objects.items():
            assert fnmatch(f"{project}/{temporary.name(app)}", pattern), right
        may_go = right_to(objects, "delete", name) or right_to(objects, "create", name)
        assert not may_go, "an application of somebody's own can be neither made nor deleted"
    account = yaml.safe_load(fenced("yaml", "accounts.telefonistka"))
    assert account["data"] == {"accounts.telefonistka": "apiKey"}


def right_to(objects: dict[tuple[str, str], str], action: str, name: str) -> bool:
    return fnmatch(name, objects["applications", action])


def test_a_new_inbox_looks_back_as_far_as_the_paper_says() -> None:
    assert missed.OVERLAP.total_seconds() == 15 * 60
    assert PAPER.count("quarter of an hour before") == 2
