"""What is said of who we are at GitHub."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py import needs
from telefonistka_py.doctor import judge_github
from telefonistka_py.doctor.facts import AppFacts, Installed, Left, Person, Reached
from telefonistka_py.doctor.model import Finding, Health
from telefonistka_py.names import Login

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHOLE = {each.name: each.level for each in needs.PERMISSIONS}
APP = AppFacts(
    7,
    "bot",
    "acme",
    "https://github.com/apps/bot",
    "https://github.com/organizations/acme/settings/apps/bot",
    WHOLE,
    frozenset(each.name for each in needs.EVENTS),
)
INSTALLED = Installed(1, Login("acme"), False, WHOLE, "https://github.com/organizations/acme/settings/installations/1")


def unwell(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.health is not Health.FINE]


def test_an_app_with_all_it_needs_is_fine() -> None:
    assert unwell(judge_github.app(APP)) == []


@pytest.mark.parametrize("permission", needs.PERMISSIONS, ids=lambda each: each.name)
def test_each_permission_is_missed(permission: needs.Permission) -> None:
    have = {name: level for name, level in WHOLE.items() if name != permission.name}
    [found] = unwell(judge_github.app(replace(APP, permissions=have)))
    assert found.said == f"The App lacks the permission {permission.name}: {permission.level}. {permission.without}"
    assert found.health is (Health.WRONG if permission.vital else Health.DOUBTFUL)
    assert found.advice.startswith("Add it at https://github.com/organizations/acme/settings/apps/bot/permissions")


@pytest.mark.parametrize("event", needs.EVENTS, ids=lambda each: each.name)
def test_each_event_is_missed(event: needs.Event) -> None:
    [found] = unwell(judge_github.app(replace(APP, events=APP.events - {event.name})))
    assert found.said == f"The App is not subscribed to {event.name}. {event.without}"
    assert found.health is (Health.WRONG if event.vital else Health.DOUBTFUL)


def test_more_than_is_needed_is_fine() -> None:
    more = {**WHOLE, "contents": "admin", "administration": "write", "checks": "write"}
    assert unwell(judge_github.app(replace(APP, permissions=more, events=APP.events | {"label"}))) == []


def test_a_permission_that_an_account_did_not_accept_is_named() -> None:
    [found] = unwell(judge_github.installations(APP, [replace(INSTALLED, permissions={**WHOLE, "statuses": "read"})]))
    assert found.health is Health.WRONG
    assert "acme has not accepted these permissions of the App yet: statuses: write" in found.said


def test_what_the_app_itself_lacks_is_not_blamed_on_the_account() -> None:
    less = {name: level for name, level in WHOLE.items() if name != "checks"}
    assert (
        unwell(judge_github.installations(replace(APP, permissions=less), [replace(INSTALLED, permissions=less)])) == []
    )


@pytest.mark.parametrize(
    ("ahead", "health"),
    [
        (timedelta(0), None),
        (timedelta(seconds=20), None),
        (timedelta(minutes=5), Health.DOUBTFUL),
        (timedelta(minutes=-5), Health.DOUBTFUL),
        (timedelta(days=2), Health.WRONG),
        (timedelta(days=-400), Health.WRONG),
    ],
)
def test_a_clock_is_judged_by_how_far_it_is_off(ahead: timedelta, health: Health | None) -> None:
    found = unwell(judge_github.reached(Reached(0.01, ahead), "https://api.github.com"))
    assert [each.health for each in found] == ([health] if health else [])
    if found:
        assert ("behind GitHub's" in found[0].said) == (ahead > timedelta(0))


@pytest.mark.parametrize(
    ("remaining", "health"), [(5000, Health.FINE), (1000, Health.FINE), (999, Health.DOUBTFUL), (0, Health.WRONG)]
)
def test_a_limit_is_judged_by_what_is_left(remaining: int, health: Health) -> None:
    left = Left("core", 5000, remaining, NOW + timedelta(minutes=30))
    [found] = judge_github.limits({"acme": [left]}, NOW)
    assert found.health is health
    if health is not Health.FINE:
        assert "renewed in 30 min" in found.advice


def test_many_accounts_that_are_fine_take_one_line() -> None:
    left = Left("core", 5000, 4000, NOW + timedelta(minutes=30))
    whose = {f"org{number}": [left] for number in range(100)} | {"busy": [replace(left, remaining=1)]}
    found = list(judge_github.limits(whose, NOW))
    assert [each.health for each in found] == [Health.DOUBTFUL, Health.FINE]
    assert found[0].said.startswith("busy: 1 of 5,000")
    assert found[1].said == "100 other limits have more than 20% left."
    many = [replace(INSTALLED, account=Login(f"org{number}")) for number in range(100)]
    [installed] = judge_github.installations(APP, many)
    assert installed.said == "It is installed on org0, org1, org2, org3, org4 and 95 more."


@pytest.mark.parametrize(
    ("scopes", "wrong"),
    [(None, False), (frozenset({"repo", "read:org"}), False), (frozenset({"public_repo"}), True), (frozenset(), True)],
)
def test_a_classic_token_needs_the_scope_repo(scopes: frozenset[str] | None, wrong: bool) -> None:
    found = [each for each in judge_github.person(Person(Login("alice"), scopes)) if each.health is Health.WRONG]
    assert bool(found) is wrong
