"""What answers say of limits, and until when they hold (N20)."""

from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.github import limits
from telefonistka_py.github.limits import Limit, Paused, Spent, Standing

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESET = NOW + timedelta(minutes=20)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def named(**headers: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def refusal(status: int, said: str = "", **headers: str) -> Limit | None:
    return limits.in_refusal(status, named(**headers), said, "core", NOW)


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_is_kept_to_the_second(status: int) -> None:
    assert refusal(status, SECONDARY, retry_after="42") == Paused(NOW + timedelta(seconds=42))


def test_retry_after_may_be_a_date() -> None:
    assert refusal(403, SECONDARY, retry_after="Fri, 02 Jan 2026 03:05:05 GMT") == Paused(NOW + timedelta(minutes=1))


def test_the_primary_limit_holds_until_its_reset_for_the_resource_that_is_named() -> None:
    told = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": seconds(RESET), "x_ratelimit_resource": "search"}
    assert refusal(403, "API rate limit exceeded", **told) == Spent("search", RESET + timedelta(seconds=1))


def test_a_reset_that_has_passed_does_not_hammer() -> None:
    found = refusal(403, x_ratelimit_remaining="0", x_ratelimit_reset="1")
    assert found == Spent("core", NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("status", "said"),
    [(429, "Too many requests"), (403, SECONDARY), (403, "You have triggered an abuse detection mechanism")],
)
def test_a_secondary_limit_may_not_say_until_when(status: int, said: str) -> None:
    assert refusal(status, said) == Paused(None)


def test_a_missing_permission_is_no_limit() -> None:
    assert refusal(403, "Resource not accessible by integration", x_ratelimit_remaining="17") is None
    assert refusal(422, SECONDARY) is None


@pytest.mark.parametrize("value", ["", "soon", "-5", "²", "9" * 5000, "1e9"])
def test_a_number_that_is_none_is_not_believed(value: str) -> None:
    told = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_reset": value}
    assert limits.standing(named(**told), NOW) is None
    assert limits.retry_after({"retry-after": value}, NOW) is None


def test_no_wait_is_believed_to_be_longer_than_a_day() -> None:
    assert limits.retry_after({"retry-after": "999999999999"}, NOW) == NOW + limits.LONGEST
    told = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "999999999999"}
    standing = limits.standing(named(**told), NOW)
    assert standing is not None
    assert standing.reset == NOW + limits.LONGEST


@pytest.mark.parametrize("off", [timedelta(minutes=-50), timedelta(minutes=50)])
def test_with_a_clock_that_is_off_the_wait_is_as_long_as_github_means(off: timedelta) -> None:
    """N22. `off`: GitHub's clock less ours."""
    date = (NOW + off).strftime("%a, %d %b %Y %H:%M:%S GMT")
    told = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "7", "x_ratelimit_reset": seconds(RESET + off)}
    assert limits.standing(named(**told, date=date), NOW) == Standing("core", 5000, 7, RESET)


def test_an_enterprise_server_without_limits_tells_nothing() -> None:
    assert limits.standing({"date": "Fri, 02 Jan 2026 03:04:05 GMT"}, NOW) is None


def test_graphql_tells_its_limit_with_status_200() -> None:
    told = named(x_ratelimit_remaining="0", x_ratelimit_reset=seconds(RESET), x_ratelimit_resource="graphql")
    spent = Spent("graphql", RESET + timedelta(seconds=1))
    assert limits.in_errors([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], told, NOW) == spent
    left = told | {"x-ratelimit-remaining": "3"}  # less than the query would cost
    assert limits.in_errors([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], left, NOW) == spent
    assert limits.in_errors([{"message": SECONDARY}], told, NOW) == Paused(None)
    assert limits.in_errors([{"message": SECONDARY}], {"retry-after": "9"}, NOW) == Paused(NOW + timedelta(seconds=9))
    assert limits.in_errors([{"type": "NOT_FOUND", "message": "no such thing"}, "odd"], told, NOW) is None
