"""What GitHub is asked for, to the letter; and what is refused before anybody is sent there."""

import json

import pytest

from telefonistka_py.setup import manifest
from telefonistka_py.setup.manifest import Wish

WISH = Wish("telefonistka-acme", "acme", "https://bot.example.com/webhook")


def test_the_manifest_asks_for_exactly_what_the_bot_needs() -> None:
    asked = json.loads(manifest.write(WISH, "http://127.0.0.1:3000/registered"))
    assert asked["default_permissions"] == {
        "contents": "write",
        "pull_requests": "write",
        "issues": "write",
        "statuses": "write",
        "metadata": "read",
        "checks": "read",
    }
    assert sorted(asked["default_events"]) == [
        "check_run",
        "check_suite",
        "issue_comment",
        "pull_request",
        "pull_request_review",
        "push",
        "status",
    ]
    assert asked["hook_attributes"] == {"url": "https://bot.example.com/webhook", "active": True}
    assert asked["redirect_url"] == "http://127.0.0.1:3000/registered"
    assert asked["name"] == "telefonistka-acme"
    assert asked["public"] is False


@pytest.mark.parametrize(
    ("organization", "address"),
    [
        ("", "https://github.com/settings/apps/new?state=s%2Ft"),
        ("acme", "https://github.com/organizations/acme/settings/apps/new?state=s%2Ft"),
    ],
)
def test_it_goes_to_the_person_or_the_organisation(organization: str, address: str) -> None:
    assert manifest.address("https://github.com", organization, "s/t") == address


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://bot.example.com", "https://bot.example.com/webhook"),
        ("https://bot.example.com/", "https://bot.example.com/webhook"),
        ("https://bot.example.com/bot/webhook", "https://bot.example.com/bot/webhook"),
    ],
)
def test_a_bare_server_gets_its_path(given: str, url: str) -> None:
    assert manifest.webhook_url(given) == url


def test_a_good_wish_has_no_mistakes_and_no_doubts() -> None:
    assert manifest.mistakes(WISH) == {}
    assert manifest.doubts(WISH) == ()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish("x" * 35, "", "https://bot.example.com"), "name"),
        (Wish("bot", "../acme", "https://bot.example.com"), "organization"),
        (Wish("bot", "https://github.com/acme", "https://bot.example.com"), "organization"),
        (Wish("bot", "", ""), "webhook"),
        (Wish("bot", "", "bot.example.com"), "webhook"),
        (Wish("bot", "", "ftp://bot.example.com"), "webhook"),
        (Wish("bot", "", "https://user:word@bot.example.com"), "webhook"),
        (Wish("bot", "", "https://bot.example.com:99999"), "webhook"),
    ],
)
def test_each_mistake_is_told_at_its_field(wish: Wish, field: str) -> None:
    assert list(manifest.mistakes(wish)) == [field]


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        (Wish("My Bot", "acme", "https://bot.example.com"), "My Bot"),
        (Wish("", "acme", "https://bot.example.com"), "telefonistka-acme"),
        (Wish("", "", "https://bot.example.com/webhook"), "telefonistka-bot-example-com"),
        (Wish("", "", "https://telefonistka.example.com"), "telefonistka-example-com"),
        (Wish("", "", "http://[::1]:8080"), "telefonistka-1"),
        (Wish("", "a-very-long-name-of-a-company-ltd", ""), "telefonistka-a-very-long-name-of-a"),
        (Wish("", "", "http://[/webhook"), "telefonistka"),
    ],
)
def test_an_app_without_a_name_gets_one_that_is_likely_free(wish: Wish, name: str) -> None:
    assert manifest.named(wish).name == name
    assert len(name) <= manifest.LONGEST_NAME


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1/webhook", "http://bot.example.com"])
def test_an_address_that_github_cannot_use_well_is_doubted(url: str) -> None:
    assert len(manifest.doubts(Wish("bot", "", url))) == 1
