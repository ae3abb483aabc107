"""What the Dockerfile promises, as far as it shows without a Docker: its words, and what Python can run of it."""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def instructions() -> list[tuple[str, str]]:
    """Each instruction with what follows it, on one line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word]


def last_stage() -> dict[str, str]:
    found = instructions()
    start = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    return dict(found[start:])


def test_it_runs_as_the_user_of_the_manifests_by_number() -> None:
    user, _, group = last_stage()["USER"].partition(":")
    assert user.isdigit()
    assert user == group != "0"
    manifest = (ROOT / "deploy" / "kubernetes" / "one-replica" / "telefonistka.yaml").read_text("utf-8")
    [pod] = [each["spec"]["template"]["spec"] for each in yaml.safe_load_all(manifest) if each["kind"] == "StatefulSet"]
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert pod["securityContext"]["runAsGroup"] == int(group)


def test_all_that_it_writes_lies_on_the_volume() -> None:
    stage = last_stage()
    said = dict(pair.split("=", 1) for pair in stage["ENV"].split())
    assert (
        Path(said["TELEFONISTKA_INBOX"]).parent == Path(stage["VOLUME"]) == Path(stage["WORKDIR"]) == Path(said["HOME"])
    )
    assert said["PYTHONDONTWRITEBYTECODE"] == "1"


def test_it_serves_both_stores_and_can_trace() -> None:
    [install] = [rest for word, rest in instructions() if word == "RUN" and "pip " in rest]
    found = re.search(r"'\.\[([^]]+)\]'", install)
    assert found is not None
    extras = set(found[1].split(","))
    assert extras >= {"postgres", "otel"}
    assert extras <= set(PROJECT["optional-dependencies"])


def test_its_python_is_one_that_is_tested() -> None:
    used = {re.sub(r"^python:([0-9.]+)-slim.*", r"\1", rest) for word, rest in instructions() if word == "FROM"}
    assert used <= {word.rpartition(" ")[2] for word in PROJECT["classifiers"]}
    assert len(used) == 1, "an environment works with the Python alone that it was made with"


def test_what_it_copies_is_there_and_is_not_ignored() -> None:
    patterns = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    kept = [line.removeprefix("!") for line in patterns if line.startswith("!")]
    copied = [
        name for word, rest in instructions() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]
    ]
    assert copied
    assert patterns[0] == "*"
    for name in copied:
        assert (ROOT / name).exists(), name
        assert any(fnmatch(name, pattern) for pattern in kept), f".dockerignore keeps {name} out"


class Answer(BaseHTTPRequestHandler):
    """Says that it lives, as long as its server does."""

    def do_GET(self) -> None:
        self.send_response(getattr(self.server, "status", 200) if self.path == "/live" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_its_health_is_what_live_says(status: int, healthy: bool, server: ThreadingHTTPServer) -> None:
    setattr(server, "status", status)  # noqa: B010 (read by the handler)
    _, _, command = last_stage()["HEALTHCHECK"].partition("CMD ")
    program, *arguments = json.loads(command)
    assert program == "python"
    listen = f":{server.server_address[1]}"
    done = subprocess.run([sys.executable, *arguments], env={"LISTEN_ADDR": listen}, capture_output=True, check=False)
    assert (done.returncode == 0) is healthy


def test_it_starts_the_server() -> None:
    stage = last_stage()
    assert json.loads(stage["ENTRYPOINT"]) == ["telefonistka"]
    assert json.loads(stage["CMD"]) == ["server"]
    assert "telefonistka" in PROJECT["scripts"]
