"""The environment is read in one place; every mistake is told at once, and no secret is shown (N30)."""

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from telefonistka_py import settings
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.sandbox import auth
from telefonistka_py.settings import AppIdentity, GitHubAddress, Listen, TokenIdentity

PEM, PUBLIC = auth.key_pair(0)
DATABASE = "postgresql://bot:a%2Fb@db/inbox?password=third"
LEAST = {"GITHUB_WEBHOOK_SECRET": "the hook's own secret", "GITHUB_OAUTH_TOKEN": "ghp_oauth-token"}


def mistakes(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(OperatorMistake) as caught:
        settings.read(environ)
    return str(caught.value).splitlines()


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key.pem"
    path.write_text(PEM)
    return str(path)


def test_the_least_that_is_needed_gives_v1s_defaults() -> None:
    read = settings.read(LEAST)
    assert read.webhook_secrets == ("the hook's own secret",)
    assert read.identity == TokenIdentity("ghp_oauth-token")
    assert read.approver is None
    assert read.github == GitHubAddress(
        "https://api.github.com", "https://api.github.com/graphql", "https://github.com"
    )
    assert read.argocd.address == "localhost:8080"
    assert (read.argocd.plaintext, read.argocd.insecure, read.handle_self_comment) == (False, False, False)
    assert (read.log_level, read.log_format) == ("info", "auto")
    assert read.listen == Listen(None, 8080)
    assert (read.inbox, read.database_url, read.stale_seconds) == (Path("telefonistka.sqlite3"), None, 45)
    assert read.notices == ()


def test_everything_can_be_set(tmp_path: Path, key: str) -> None:
    template = tmp_path / "url.txt"
    template.write_text("https://logs.example.com")
    read = settings.read(
        {
            "GITHUB_WEBHOOK_SECRET": "now",
            "GITHUB_WEBHOOK_SECRET_PREVIOUS": "before",
            "GITHUB_APP_ID": "42",
            "GITHUB_APP_PRIVATE_KEY_PATH": key,
            "APPROVER_GITHUB_OAUTH_TOKEN": "ghp_approver",
            "GITHUB_HOST": "github.example.com",
            "TEMPLATES_PATH": str(tmp_path),
            "CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH": str(template),
            "ARGOCD_SERVER_ADDR": "argocd.example.com:443",
            "ARGOCD_TOKEN": "argo-token",
            "ARGOCD_PLAINTEXT": "true",
            "ARGOCD_INSECURE": "1",
            "HANDLE_SELF_COMMENT": "True",
            "LOG_LEVEL": "WARN",
            "LOG_FORMAT": "json",
            "LISTEN_ADDR": "[::1]:9000",
            "TELEFONISTKA_INBOX": "/data/inbox.sqlite3",
            "TELEFONISTKA_DATABASE_URL": "postgresql://bot@db1:5432,db2:5432/inbox?target_session_attrs=read-write",
            "TELEFONISTKA_STALE_SECONDS": "20",
            "TELEFONISTKA_WORKER_SLOTS": "3",
            "TELEFONISTKA_HANDLER_SECONDS": "30.5",
            "TELEFONISTKA_GIVE_UP_HOURS": "2",
            "TELEFONISTKA_DRAIN_SECONDS": "0",
        }
    )
    assert read.webhook_secrets == ("now", "before")
    assert read.identity == AppIdentity(42, PEM)
    assert read.approver == TokenIdentity("ghp_approver")
    assert (read.templates, read.status_url_template) == (tmp_path, template)
    assert read.argocd == settings.ArgoCd("argocd.example.com:443", "argo-token", plaintext=True, insecure=True)
    assert read.handle_self_comment
    assert (read.log_level, read.log_format) == ("warn", "json")
    assert read.listen == Listen("::1", 9000)
    assert read.inbox == Path("/data/inbox.sqlite3")
    assert read.database_url == "postgresql://bot@db1:5432,db2:5432/inbox?target_session_attrs=read-write"
    assert read.stale_seconds == 20
    assert (read.worker_slots, read.handler_seconds, read.give_up_hours, read.drain_seconds) == (3, 30.5, 2, 0)


def test_no_secret_is_in_the_repr_and_all_are_listed_for_the_scrubber(key: str) -> None:
    read = settings.read(
        {
            "GITHUB_WEBHOOK_SECRET": "hook-now",
            "GITHUB_WEBHOOK_SECRET_PREVIOUS": "hook-before",
            "GITHUB_APP_ID": "42",
            "GITHUB_APP_PRIVATE_KEY_PATH": key,
            "APPROVER_GITHUB_OAUTH_TOKEN": "ghp_approver",
            "ARGOCD_TOKEN": "argo-token",
            "TELEFONISTKA_DATABASE_URL": DATABASE,
        }
    )
    secrets = {"hook-now", "hook-before", PEM, "ghp_approver", "argo-token", DATABASE, "a%2Fb", "a/b", "third"}
    assert set(read.secrets()) == secrets
    for secret in secrets:
        assert secret.splitlines()[0] not in repr(read)


def test_with_app_and_token_both_the_app_is_used_and_a_notice_says_so(key: str) -> None:
    read = settings.read({**LEAST, "GITHUB_APP_ID": "42", "GITHUB_APP_PRIVATE_KEY_PATH": key})
    assert isinstance(read.identity, AppIdentity)
    assert read.notices == ("Both GITHUB_APP_ID and GITHUB_OAUTH_TOKEN are set: the App is used, the token is not.",)


@pytest.mark.parametrize(
    ("host", "rest", "graphql", "html"),
    [
        ("github.com", "https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        ("GHE.corp:8443", "https://GHE.corp:8443/api/v3", "https://GHE.corp:8443/api/graphql", "https://GHE.corp:8443"),
        (
            "http://127.0.0.1:9000/",
            "http://127.0.0.1:9000/api/v3",
            "http://127.0.0.1:9000/api/graphql",
            "http://127.0.0.1:9000",
        ),
        ("https://ghe.corp/api/v3", "https://ghe.corp/api/v3", "https://ghe.corp/api/graphql", "https://ghe.corp"),
    ],
)
def test_a_host_or_a_base_url_gives_three_addresses(host: str, rest: str, graphql: str, html: str) -> None:
    assert settings.read({**LEAST, "GITHUB_HOST": host}).github == GitHubAddress(rest, graphql, html)


@pytest.mark.parametrize(
    "value", ["a b", "host/path", "ftp://host", "https://user:pw@host", "https://host?x=1", "http://"]
)
def test_a_host_that_is_none_is_refused(value: str) -> None:
    [sentence] = mistakes({**LEAST, "GITHUB_HOST": value})
    assert sentence.startswith("GITHUB_HOST is ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN_ADDR", "8080"),
        ("LISTEN_ADDR", ":http"),
        ("LISTEN_ADDR", ":70000"),
        ("LISTEN_ADDR", "::1:8080"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("HANDLE_SELF_COMMENT", "maybe"),
        ("ARGOCD_PLAINTEXT", "2"),
        ("TELEFONISTKA_WORKER_SLOTS", "0"),
        ("TELEFONISTKA_WORKER_SLOTS", "2.5"),
        ("TELEFONISTKA_DRAIN_SECONDS", "nan"),
        ("TELEFONISTKA_DRAIN_SECONDS", "-1"),
        ("TEMPLATES_PATH", "/nonexistent/templates"),
        ("CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH", "/nonexistent/url.txt"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable_and_the_value(name: str, value: str) -> None:
    [sentence] = mistakes({**LEAST, name: value})
    assert sentence.startswith(name)
    assert value in sentence


@pytest.mark.parametrize(
    "url",
    [
        "mysql://bot:sesame@db/inbox",
        "postgresql://bot:ses/ame@db/inbox",
        "postgresql://bot:sesame@db",
        "postgresql://bot:ses#ame@db/inbox",
        "sesame",
    ],
)
def test_an_address_that_is_no_database_is_refused_without_being_shown(url: str) -> None:
    [sentence] = mistakes({**LEAST, "TELEFONISTKA_DATABASE_URL": url})
    assert sentence.startswith("TELEFONISTKA_DATABASE_URL is no address of a PostgreSQL database")
    assert "ses" not in sentence.removeprefix("TELEFONISTKA_DATABASE_URL is no address")
    with pytest.raises(OperatorMistake, match="TELEFONISTKA_DATABASE_URL"):
        settings.read_database_url({"TELEFONISTKA_DATABASE_URL": url})


def test_the_database_is_read_alone_where_nothing_else_is_needed() -> None:
    assert settings.read_database_url({}) is None
    assert settings.read_database_url({"TELEFONISTKA_DATABASE_URL": DATABASE}) == DATABASE


def test_an_empty_environment_names_all_that_is_missing() -> None:
    credentials, secret = mistakes({})
    assert "GITHUB_APP_ID" in credentials
    assert "GITHUB_OAUTH_TOKEN" in credentials
    assert secret.startswith("GITHUB_WEBHOOK_SECRET is missing")


def test_a_command_without_a_webhook_needs_no_secret_for_one() -> None:
    assert settings.read({"GITHUB_OAUTH_TOKEN": "t"}, webhook=False).webhook_secrets == ()


def test_all_mistakes_are_told_at_once() -> None:
    told = mistakes({"GITHUB_APP_ID": "42", "LOG_LEVEL": "loud", "LISTEN_ADDR": "x", "APPROVER_GITHUB_APP_ID": "1"})
    for name in (
        "GITHUB_APP_PRIVATE_KEY_PATH",
        "LOG_LEVEL",
        "LISTEN_ADDR",
        "GITHUB_WEBHOOK_SECRET",
        "APPROVER_GITHUB_APP_PRIVATE_KEY_PATH",
    ):
        assert any(name in sentence for sentence in told), name


@pytest.mark.parametrize("prefix", ["", "APPROVER_"])
def test_an_app_without_its_key_a_key_without_its_app_and_a_bad_key_are_told(
    prefix: str, key: str, tmp_path: Path
) -> None:
    app, path = f"{prefix}GITHUB_APP_ID", f"{prefix}GITHUB_APP_PRIVATE_KEY_PATH"
    assert mistakes({**LEAST, app: "42"}) == [f"{app} is set but {path} is not: set both, or neither."]
    assert mistakes({**LEAST, path: key}) == [f"{path} is set but {app} is not: set both, or neither."]
    [missing] = mistakes({**LEAST, app: "42", path: str(tmp_path / "nowhere.pem")})
    assert missing.startswith(f"{path} names {tmp_path / 'nowhere.pem'}, which can't be read: No such file")
    (tmp_path / "public.pem").write_bytes(b"ssh-rsa \xff")
    [public] = mistakes({**LEAST, app: "42", path: str(tmp_path / "public.pem")})
    assert "holds no private key" in public
    [number] = mistakes({**LEAST, app: "my-app", path: key})
    assert number.startswith(f"{app} is 'my-app': set it to a whole number")


def pem(key: RSAPrivateKey | EllipticCurvePrivateKey, password: str = "") -> str:
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pem(ec.generate_private_key(ec.SECP256R1())), "a private key of another kind than RSA"),
        (PUBLIC, "a public key"),
        (pem(rsa.generate_private_key(65537, 2048), "open sesame"), "a private key that is protected by a password"),
        (PEM[:300] + PEM[400:], "a private key that can't be read"),
        ("", "no private key in PEM form"),
    ],
    ids=["EC", "public", "password", "damaged", "empty"],
)
def test_a_key_that_no_app_can_sign_with_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    file.write_text(text)
    [mistake] = mistakes({**LEAST, "GITHUB_APP_ID": "42", "GITHUB_APP_PRIVATE_KEY_PATH": str(file)})
    assert mistake == (
        f"GITHUB_APP_PRIVATE_KEY_PATH names {file}, which holds {said}: GitHub issues RSA private keys in PEM form; "
        "download one from the App's page."
    )


def test_an_rsa_key_in_either_pem_form_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    for text in (PEM, pem(rsa.generate_private_key(65537, 2048)), PEM.replace("\n", "\r\n")):
        file.write_text(text, newline="")
        settings.read({**LEAST, "GITHUB_APP_ID": "42", "GITHUB_APP_PRIVATE_KEY_PATH": str(file)})


def test_where_webhooks_may_come_from() -> None:
    read = settings.read({**LEAST, "TELEFONISTKA_ONLY_FROM_GITHUB": "true",
                          "TELEFONISTKA_TRUSTED_PROXIES": "10.0.0.0/8, fd00::1"})  # fmt: skip
    assert read.only_from_github
    assert [str(network) for network in read.trusted_proxies] == ["10.0.0.0/8", "fd00::1/128"]
    with pytest.raises(OperatorMistake, match=r"TELEFONISTKA_TRUSTED_PROXIES holds '10\.0\.0\.0/33'"):
        settings.read({**LEAST, "TELEFONISTKA_TRUSTED_PROXIES": "10.0.0.0/33"})


def test_deliveries_are_kept_a_week_unless_said_otherwise() -> None:
    assert settings.read(LEAST).keep_days == 7
    assert settings.read({**LEAST, "TELEFONISTKA_KEEP_DAYS": "3"}).notices == ()
    assert settings.read({**LEAST, "TELEFONISTKA_KEEP_DAYS": "3"}).keep_days == 3


@pytest.mark.parametrize(("given", "level"), [("fatal", "error"), ("PANIC", "error"), ("warning", "warn")])
def test_the_go_servers_other_log_levels_are_the_nearest_of_ours(given: str, level: str) -> None:
    assert settings.read({**LEAST, "LOG_LEVEL": given}).log_level == level


@pytest.mark.parametrize("path", ["templates/", "templates", "/telefonistka/templates/"])
def test_the_go_servers_own_template_paths_are_as_if_unset_where_there_is_no_such_directory(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read = settings.read({**LEAST, "TEMPLATES_PATH": path})
    assert read.templates is None
    [notice] = [each for each in read.notices if "TEMPLATES_PATH" in each]
    assert f"TEMPLATES_PATH is {path}" in notice


def test_a_directory_of_that_name_is_used_and_a_file_of_that_name_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    read = settings.read({**LEAST, "TEMPLATES_PATH": "templates/"})
    assert (read.templates, [each for each in read.notices if "TEMPLATES_PATH" in each]) == (Path("templates"), [])
    (tmp_path / "templates").rmdir()
    (tmp_path / "templates").write_text("x")
    [sentence] = mistakes({**LEAST, "TEMPLATES_PATH": "templates/"})
    assert sentence.startswith("TEMPLATES_PATH names templates, which is no directory")


# Variables that nothing reads


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TELEFONISTKA_WORKERS_SLOTS", "TELEFONISTKA_WORKER_SLOTS"),
        ("TELEFONISTKA_ONLY_FROM_GITHUBS", "TELEFONISTKA_ONLY_FROM_GITHUB"),
        ("APPROVER_GITHUB_TOKEN", "APPROVER_GITHUB_OAUTH_TOKEN"),
        ("GITHUB_WEBHOOK_SECRET_PREVIUOS", "GITHUB_WEBHOOK_SECRET_PREVIOUS"),
        ("GITHUB_APP_IDS", "GITHUB_APP_ID"),
        ("ARGOCD_SERVER_ADDRESS", "ARGOCD_SERVER_ADDR"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_was_meant(name: str, nearest: str) -> None:
    [notice] = settings.read({**LEAST, name: "3"}).notices
    assert notice.startswith(f"{name} is set, and Telefonistka has no variable of that name: did you mean {nearest}?")


def test_a_name_of_ours_that_is_near_no_other_is_told_too() -> None:
    [notice] = settings.read({**LEAST, "TELEFONISTKA_XYZZY_QQ": "3"}).notices
    assert "TELEFONISTKA_XYZZY_QQ is set" in notice


@pytest.mark.parametrize("name", ["FANOUT_ALLOWED_HOST", "FANOUT_ALOWED_HOSTS", "TELEFONISTKA_FANOUT_ALLOWED_HOSTS"])
def test_a_misspelt_limit_of_where_pushes_may_go_stops_the_start(name: str) -> None:
    [sentence] = mistakes({**LEAST, name: "*.example.com"})
    assert sentence.startswith(
        f"{name} is set, and Telefonistka has no variable of that name: did you mean FANOUT_ALLO"
    )
    assert "any host" in sentence


def test_names_of_github_argo_cd_kubernetes_and_the_shell_are_no_mistakes() -> None:
    theirs = (
        "GITHUB_ACTIONS GITHUB_ACTOR GITHUB_API_URL GITHUB_BASE_REF GITHUB_ENV GITHUB_EVENT_NAME GITHUB_EVENT_PATH "
        "GITHUB_GRAPHQL_URL GITHUB_HEAD_REF GITHUB_JOB GITHUB_OUTPUT GITHUB_PATH GITHUB_REF GITHUB_REPOSITORY "
        "GITHUB_RUN_ID GITHUB_SERVER_URL GITHUB_SHA GITHUB_STEP_SUMMARY GITHUB_TOKEN GITHUB_TRIGGERING_ACTOR "
        "GITHUB_WORKFLOW GITHUB_WORKFLOW_REF GITHUB_WORKSPACE GITHUB_APP_PRIVATE_KEY "
        "ARGOCD_AUTH_TOKEN ARGOCD_OPTS ARGOCD_SERVER ARGOCD_SERVER_NAME ARGOCD_SERVER_PORT ARGOCD_SERVER_SERVICE_HOST "
        "ARGOCD_SERVER_SERVICE_PORT_HTTPS ARGOCD_APP_NAME ARGOCD_APP_REVISION ARGOCD_ENV_FOO ARGOCD_BINARY_NAME "
        "TELEFONISTKA_SERVICE_HOST TELEFONISTKA_SERVICE_PORT TELEFONISTKA_SERVICE_PORT_HTTP TELEFONISTKA_PORT "
        "TELEFONISTKA_PORT_8080_TCP TELEFONISTKA_PORT_8080_TCP_ADDR TELEFONISTKA_PORT_8080_TCP_PROTO "
        "FANOUT_SERVICE_HOST FANOUT_PORT_80_TCP_PORT _TELEFONISTKA_COMPLETE"
    )
    assert settings.read({**LEAST, **dict.fromkeys(theirs.split(), "x"), "TELEFONISTKA_EMPTY": " "}).notices == ()


def test_a_token_that_the_file_of_instances_names_is_known(tmp_path: Path) -> None:
    file = tmp_path / "argocds.yaml"
    file.write_text("instances: [{name: a, address: argocd.example.com, tokenVariable: TELEFONISTKA_ARGOCD_TOKEN_A}]\n")
    environ = {**LEAST, "TELEFONISTKA_ARGOCD_INSTANCES": str(file), "TELEFONISTKA_ARGOCD_TOKEN_A": "t"}
    assert settings.read(environ).notices == ()


# What can be used, but hardly as it is meant, and what is said only once


def test_a_webhook_secret_that_can_be_guessed_is_told_without_being_shown() -> None:
    read = settings.read({**LEAST, "GITHUB_WEBHOOK_SECRET": "short", "GITHUB_WEBHOOK_SECRET_PREVIOUS": "shorter"})
    assert [notice.partition(":")[0] for notice in read.notices] == [
        "GITHUB_WEBHOOK_SECRET has 5 characters",
        "GITHUB_WEBHOOK_SECRET_PREVIOUS has 7 characters",
    ]
    assert "short" not in "".join(read.notices)


def test_a_previous_secret_that_is_the_current_one_is_told_and_counts_once() -> None:
    read = settings.read({**LEAST, "GITHUB_WEBHOOK_SECRET_PREVIOUS": LEAST["GITHUB_WEBHOOK_SECRET"]})
    assert read.webhook_secrets == (LEAST["GITHUB_WEBHOOK_SECRET"],)
    assert "GITHUB_WEBHOOK_SECRET_PREVIOUS is the same as GITHUB_WEBHOOK_SECRET" in read.notices[0]


def test_a_time_that_others_take_for_death_and_one_that_forgets_too_soon_are_told() -> None:
    read = settings.read({**LEAST, "TELEFONISTKA_STALE_SECONDS": "5", "TELEFONISTKA_KEEP_DAYS": "1"})
    assert (read.stale_seconds, read.keep_days) == (5, 1)
    stale, keep = read.notices
    assert stale.startswith("TELEFONISTKA_STALE_SECONDS is 5: a server that pauses for so long is taken for dead")
    assert keep.startswith("TELEFONISTKA_KEEP_DAYS is 1: GitHub hands a delivery over again for 3 days")
    for name, value in (("TELEFONISTKA_STALE_SECONDS", "1"), ("TELEFONISTKA_KEEP_DAYS", "0")):
        assert mistakes({**LEAST, name: value})[0].startswith(f"{name} is '{value}'")


def test_large_numbers_are_written_out() -> None:
    [sentence] = mistakes({**LEAST, "GITHUB_APP_ID": "9999999999999", "GITHUB_APP_PRIVATE_KEY_PATH": __file__})[:1]
    assert "from 1 to 1000000000000." in sentence


def test_a_wrong_host_is_shown_as_it_was_given() -> None:
    assert mistakes({**LEAST, "GITHUB_HOST": "http://"})[0].startswith("GITHUB_HOST is 'http://':")


@pytest.mark.parametrize(
    "name", ["TELEFONISTKA_ARGOCD_INSTANCES", "TEMPLATES_PATH", "CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH"]
)
def test_a_file_that_is_not_there_is_told_once(name: str, tmp_path: Path) -> None:
    assert len(mistakes({**LEAST, name: str(tmp_path / "nothing")})) == 1


def test_an_inbox_that_cant_be_made_is_told_with_the_other_mistakes(tmp_path: Path) -> None:
    nowhere, folder = tmp_path / "nowhere" / "inbox.sqlite3", tmp_path / "inbox"
    folder.mkdir()
    level, made = mistakes({**LEAST, "LOG_LEVEL": "loud", "TELEFONISTKA_INBOX": str(nowhere)})
    assert level.startswith("LOG_LEVEL")
    assert made.startswith(
        f"TELEFONISTKA_INBOX names {nowhere}, which can't be made: there is no folder {nowhere.parent}."
    )
    assert "which is a folder" in mistakes({**LEAST, "TELEFONISTKA_INBOX": str(folder)})[0]
    settings.read({**LEAST, "TELEFONISTKA_INBOX": str(nowhere), "TELEFONISTKA_DATABASE_URL": DATABASE})
    settings.read({**LEAST, "TELEFONISTKA_INBOX": str(nowhere)}, webhook=False)


def test_a_server_outside_of_a_cluster_is_called_after_its_machine() -> None:
    assert settings.read(LEAST).replica == socket.gethostname()
    assert settings.read({**LEAST, "HOSTNAME": "pod-7"}).replica == "pod-7"
