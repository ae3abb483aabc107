"""A file's name may fill labels of a host, and decide nothing else of where a push goes (N29)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.config import address, patterns, replacement


def made(expression: str, path: str, template: str) -> str:
    return address.made(list(replacement.pieces(patterns.compiled(expression), path, template)))


def refused(expression: str, path: str, template: str) -> str:
    with pytest.raises(address.Refused) as caught:
        made(expression, path, template)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "path", "template", "url"),
    [
        (".*", "a", "https://one.example.com/api/webhook", "https://one.example.com/api/webhook"),
        (".*", "a", "HTTP://One.Example.com:8080", "http://one.example.com:8080/"),
        (".*", "a", "http://[::1]:8080/x", "http://[::1]:8080/x"),
        (".*", "a", "http://10.1.2.3/", "http://10.1.2.3/"),
        (".*", "a", "https://e.com/h?token=a%20b#part", "https://e.com/h?token=a%20b"),
        ("^c/([^/]*)/.*", "c/us-east4/x", "https://argocd.${1}.example.com/", "https://argocd.us-east4.example.com/"),
        ("^c/([^/]*)/.*", "c/us/x", "https://argocd-$1.example.com:8443/", "https://argocd-us.example.com:8443/"),
        ("^c/([^/]*)/([^/]*)/.*", "c/a/b/x", "https://${1}-${2}.e.com/", "https://a-b.e.com/"),
        ("^c/([^/]*)/.*", "c/us/x", "http://argocd.$1/", "http://argocd.us/"),
        ("^c/(.*)", "c/a b/ü?#%2e", "https://e.com/in/$1", "https://e.com/in/a%20b/%C3%BC%3F%23%252e"),
        ("^c/", "c/a/b", "https://e.com/in/", "https://e.com/in/a/b"),
        (".*", "a", "https://e.com/$$x", "https://e.com/$x"),
    ],
)
def test_urls_are_made_as_go_expands_them(expression: str, path: str, template: str, url: str) -> None:
    assert made(expression, path, template) == url


@pytest.mark.parametrize(
    ("captured", "template"),
    [
        ("evil.com", "https://$1.example.com/"),
        ("evil.com/", "https://argocd-$1.example.com/"),
        ("evil/", "https://argocd-$1.example.com/"),
        ("evil?", "https://argocd-$1.example.com/"),
        ("evil#", "https://argocd-$1.example.com/"),
        ("evil.com:80", "https://argocd.$1"),
        ("evil.com?", "https://argocd.$1.example.com/"),
        ("evil.com#", "https://argocd.$1.example.com/"),
        ("evil.com\\", "https://argocd.$1.example.com/"),
        ("user@evil", "https://$1.example.com/"),
        ("user:pass@evil", "https://argocd.$1.example.com/"),
        ("80", "https://argocd.example.com:$1/"),
        ("0", "https://argocd.example.com:808$1/"),
        ("UP", "https://argocd.$1.example.com/"),
        ("a_b", "https://argocd.$1.example.com/"),
        ("ü", "https://argocd.$1.example.com/"),
        ("a\nb", "https://argocd.$1.example.com/"),
        ("%2f", "https://argocd.$1.example.com/"),
        ("", "https://argocd$1.example.com/"),
        ("", "https://argocd.$1.example.com/"),
        ("-a", "https://$1.example.com/"),
        ("a" * 64, "https://$1.example.com/"),
        ("evil", "https://$1/"),
        ("2130706433", "https://$1/"),
        ("1", "http://10.0.0.$1/"),
        ("0x7f000001", "http://127.$1/"),
        ("evil", "$1://example.com/"),
        ("s", "http$1://example.com/"),
        ("//evil.com", "https:$1.example.com/"),
        ("../admin", "https://example.com/api/$1"),
        ("..", "https://example.com/api/$1/x"),
    ],
)
def test_what_a_file_name_may_not_decide_is_refused(captured: str, template: str) -> None:
    refused("(?s)^c/(.*)$", f"c/{captured}", template)


@pytest.mark.parametrize(
    ("expression", "path", "template"),
    [
        ("^c/", "c/.evil.com/x", "https://example.com"),  # what is left behind the match lands in the host
        ("^c", "c/x", "https://example.com"),
        ("c/.*", "evil/c/x", "https://example.com/"),  # and what is left before it
        ("b", "abc", "https://e.com/"),
        ("^", "x", "https://example.com"),
    ],
)
def test_text_left_around_the_match_is_a_file_name_too(expression: str, path: str, template: str) -> None:
    refused(expression, path, template)


@pytest.mark.parametrize(
    "template",
    [
        "ftp://e.com/",
        "e.com/",
        "//e.com/",
        "https:///x",
        "https://",
        "https://u@e.com/",
        "https://u:p@e.com/",
        "https://e.com:0/",
        "https://e.com:70000/",
        "https://e.com:/",
        "https://a b/",
        "https://a/b c",
        "https://a\\b/",
        "https://a..b/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://e.com/" + "a" * 2_000,
    ],
)
def test_a_replacement_that_is_no_url_is_refused(template: str) -> None:
    refused(".*", "a", template)


def test_a_refusal_says_what_was_wrong() -> None:
    assert refused("^c/(.*)$", "c/evil.com", "https://$1.e.com/") == (
        "'evil.com' from the file's name is no part of a host: only a-z, 0-9 and - are"
    )


def test_a_user_before_the_host_is_named_as_such() -> None:
    assert refused(".*", "a", "https://u:p@e.com/") == "it names a user before the host"


NAMES = st.text(st.sampled_from("az09-.:/@?#\\%[]_ AÜ\n") | st.characters(codec="utf-8"), max_size=12)


@given(NAMES, st.sampled_from(["https://argocd-$1.e.com:8443/x", "https://$1.e.com", "https://a.$1.e.com/$1?q=$1"]))
def test_no_name_chooses_a_host_that_the_configuration_does_not(name: str, template: str) -> None:
    """Whatever is captured: the host keeps the configuration's domain, number of labels, port and scheme."""
    try:
        url = made("(?s)^(.*)$", name, template)
    except address.Refused:
        return
    wanted = template.removeprefix("https://").partition("/")[0]
    authority = url.removeprefix("https://").partition("/")[0]
    assert url.startswith("https://")
    assert authority.count(".") == wanted.count(".")
    assert authority.endswith(wanted.partition("$1")[2])
    label = authority.removeprefix(wanted.partition("$1")[0]).removesuffix(wanted.partition("$1")[2])
    assert label
    assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert "#" not in url
    assert url.count("?") == template.count("?")
    assert url.isascii()
