"""A replacement of which no endpoint ever comes is told by the check, in the words of the forwarding itself."""

import pytest

from telefonistka_py.config import endpoints
from tests import builders


def said(template: str, expression: str = r"^clusters/([^/]*)/(?P<app>.*)$") -> str:
    rules = [{"expression": expression, "replacements": ["https://fine.example/", template]}]
    found = list(endpoints.unusable(builders.config(webhookEndpointRegexs=rules)))
    assert all(loc == ("webhookEndpointRegexs", 0, "replacements", 1) for loc, _ in found)
    return "".join(why for _, why in found)


@pytest.mark.parametrize(
    "template",
    [
        "https://argocd.example.com/api/webhook",
        "http://localhost:8080/",
        "https://$1.example.com/${2}?app=${app}",
        "https://a-${1}b.example.com/$2",
        "https://example.com/$0",
        "https://example.com/$$1",
    ],
)
def test_what_may_work_is_let_pass(template: str) -> None:
    assert said(template) == ""


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("ftp://example.com/", "'ftp://example.com/' is refused: the replacement does not begin with http:// or https"),
        ("example.com/", "the replacement does not begin with http:// or https://"),
        ("$1://example.com/", "the replacement does not begin with http:// or https://"),
        ("https://$3.example.com/", "uses $3, and the expression has no such group"),
        ("https://${name}.example.com/", "uses ${name}, and the expression has no such group"),
        ("https://example.com/$1app", "uses $1app, and the expression has no such group; to put 'app' behind a group, "
         "write ${1}app"),
        ("https://{2}.example.com/", "'{2}.example.com' is no host name"),
        ("https://$1/", "the whole host would come from the file's name"),
        ("https://$1:8080/", "the whole host would come from the file's name"),
        ("https://example.com:$1/", "the port comes from the file's name"),
        ("https://user@example.com/", "it names a user before the host"),
    ],
)  # fmt: skip
def test_what_never_works_is_told(template: str, why: str) -> None:
    assert why in said(template)
