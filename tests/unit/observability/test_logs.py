"""Lines that machines and people can read, and that hold no secret (N30)."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from telefonistka_py.observability import logs

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0m59l2u9\niDnMbrXHfqkOPx==\n-----END RSA PRIVATE KEY-----\n"
CONFIGURED = ['my "odd" webhook\\secret', PEM]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    logs.setup("info", "auto", stream, CONFIGURED)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_away_from_a_terminal(out: io.StringIO) -> None:
    logs.get().info("opened", pull=7, title="🚀 Promotion")
    [line] = lines(out)
    assert (line["event"], line["level"], line["pull"], line["title"]) == ("opened", "info", 7, "🚀 Promotion")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(("form", "stream"), [("auto", Terminal()), ("text", io.StringIO())])
def test_a_line_is_readable_on_a_terminal_or_when_asked_for(form: logs.Format, stream: io.StringIO) -> None:
    logs.setup("info", form, stream)
    logs.get().info("opened", pull=7)
    assert "opened" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    assert ("\x1b[" in stream.getvalue()) == stream.isatty()


def test_json_can_be_asked_for_on_a_terminal() -> None:
    stream = Terminal()
    logs.setup("info", "json", stream)
    logs.get().info("opened")
    assert json.loads(stream.getvalue())["event"] == "opened"


def test_the_level_holds_for_ours_and_for_the_standard_librarys_lines(out: io.StringIO) -> None:
    logs.setup("warn", "json", out)
    logs.get().info("quiet")
    logging.getLogger("aiohttp.server").info("quiet")
    logs.get().warning("loud")
    logging.getLogger("aiohttp.server").warning("loud %s", "too")
    assert [line["event"] for line in lines(out)] == ["loud", "loud too"]


def test_what_is_bound_is_on_every_line_until_it_is_released(out: io.StringIO) -> None:
    with logs.bound(delivery="d1", repo="acme/infra", pr=7, branch=None):
        logs.get().info("inside")
        logging.getLogger("aiohttp").warning("inside")
    logs.get().info("outside")
    inside, library, outside = lines(out)
    for line in (inside, library):
        assert (line["delivery"], line["repo"], line["pr"]) == ("d1", "acme/infra", 7)
        assert "branch" not in line
    assert "delivery" not in outside


class Careless:
    def __repr__(self) -> str:
        return "Careless(token='ghs_16C7e42F292c6912E7710c838347Ae178B4a')"


SECRETS: list[tuple[Any, str]] = [
    ("ghs_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
    ("in https://x-access-token:ghp_abcdefghij0123456789@github.com/a/b", "abcdefghij"),
    ("https://user:hunter22@proxy.example.com", "hunter22"),
    ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv", "11ABCDEFG0"),
    ("gho_abcdefghij0123456789", "abcdefghij"),
    ("Authorization: Bearer abc.def.ghi-123", "abc.def"),
    ("authorization: token 0123456789abcdef", "0123456789abcdef"),
    ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
    ({"Authorization": "Bearer opaque"}, "opaque"),
    ({"headers": [{"authorization": b"opaque-bytes"}]}, "opaque-bytes"),
    ([("Authorization", "Bearer opaque-in-a-pair")], "opaque-in-a-pair"),
    ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MiJ9.c2lnbmF0dXJl", "eyJpc3Mi"),
    (PEM, "MIIEpAIB"),
    ("one line of it: iDnMbrXHfqkOPx==", "iDnMbrXHfqkOPx"),
    (repr(PEM), "MIIEpAIB"),
    ("another key -----BEGIN RSA PRIVATE KEY-----\nTheOtherKeysContent\n-----END RSA PRIVATE KEY-----", "TheOtherKeys"),
    ("a key cut short -----BEGIN PRIVATE KEY-----\nCutShort", "CutShort"),
    (CONFIGURED[0], "odd"),
    (b"ghs_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
    (Careless(), "16C7e42F"),
    (ValueError("ghs_16C7e42F292c6912E7710c838347Ae178B4a"), "16C7e42F"),
    ({1: ["deep", ("ghs_16C7e42F292c6912E7710c838347Ae178B4a",)]}, "16C7e42F"),
]


@pytest.mark.parametrize(("value", "leak"), SECRETS, ids=[str(number) for number in range(len(SECRETS))])
@pytest.mark.parametrize("form", ["json", "text"])
def test_a_secret_is_blanked_wherever_it_stands(value: Any, leak: str, form: logs.Format) -> None:
    out = io.StringIO()
    logs.setup("info", form, out, CONFIGURED)
    log = logs.get()
    log.info("as a field", value=value)
    log.info(f"in the text {value}")
    logging.getLogger("library").warning("in an argument %s", value)
    with logs.bound(bound=value):
        log.info("bound")
    try:
        raise RuntimeError(f"while speaking of {value}")
    except RuntimeError:
        log.exception("in a traceback")
        logging.getLogger("library").exception("in a library's traceback")
    said = out.getvalue()
    assert "RuntimeError" in said
    assert leak not in said
    if form == "json":
        assert len(lines(out)) == 6


def test_ordinary_words_are_left_alone(out: io.StringIO) -> None:
    text = "the token expired; Basic authentication is off; see https://github.com/acme/infra/pull/7#issue"
    logs.get().info(text, sha="a" * 40, path="clusters/dev/nginx", delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")
    [line] = lines(out)
    assert line["event"] == text
    assert (line["sha"], line["path"]) == ("a" * 40, "clusters/dev/nginx")
    assert line["delivery"] == "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to postgresql://tele:Sup3r/S3cret@db:5432/tele, no", "to postgresql://[secret]@db:5432/tele, no"),
        ("to 'postgres://tele:99/S3@cret@db/tele'", "to 'postgres://[secret]@db/tele'"),
        ("to postgresql://S3cret@db/tele", "to postgresql://[secret]@db/tele"),
        ("by http://proxy:S3/cret@proxy.example.com", "by http://[secret]@proxy.example.com"),
        ("host=db password=S3/cret dbname=tele", "host=db password=[secret] dbname=tele"),
        (r"host=db password = 'S3 cr\'et' dbname=tele", "host=db password = [secret] dbname=tele"),
        (
            "postgresql://db/tele?password=S3cret&sslmode=require",
            "postgresql://db/tele?password=[secret]&sslmode=require",
        ),
        ("http://localhost:9000/repos/acme/gitops/@alice", "http://localhost:9000/repos/acme/gitops/@alice"),
    ],
)
def test_a_password_is_blanked_in_whatever_form_an_address_has(out: io.StringIO, text: str, shown: str) -> None:
    logs.get().info(text)
    assert lines(out)[0]["event"] == shown
