"""The environment is read in one place; every mistake is told at once, and no secret is shown (N30)."""

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
LEAST = {"GITHUB_WEBHOOK_SECRET": "hook-secret", "GITHUB_OAUTH_TOKEN": "ghp_oauth-token"}


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
    assert read.webhook_secrets == ("hook-secret",)
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
    "url", ["mysql://bot:sesame@db/inbox", "postgresql://bot:sesame@db", "postgresql://bot:ses#ame@db/inbox", "sesame"]
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
    assert settings.read({**LEAST, "TELEFONISTKA_KEEP_DAYS": "0.5"}).keep_days == 0.5
