"""Which of the house's errors an answer is, and when to come back (N20)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.github import failure
from telefonistka_py.github.failure import Refused, Unauthorized

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def of(status: int, data: Any = None, **headers: str) -> TelefonistkaError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure.of_answer("POST", "/repos/a/b/pulls", status, named, data, NOW)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_may_heal_by_itself(status: int) -> None:
    error = of(status, {"message": "Server Error"})
    assert isinstance(error, WorldUnwell)
    assert error.retry_at is None


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_is_kept_to_the_second(status: int) -> None:
    error = of(status, {"message": "You have exceeded a secondary rate limit"}, retry_after="42")
    assert isinstance(error, WorldUnwell)
    assert error.retry_at == NOW + timedelta(seconds=42)


def test_the_primary_limit_is_waited_for_until_it_is_reset() -> None:
    reset = int((NOW + timedelta(minutes=20)).timestamp())
    error = of(403, {"message": "API rate limit exceeded"}, x_ratelimit_remaining="0", x_ratelimit_reset=str(reset))
    assert isinstance(error, WorldUnwell)
    assert error.retry_at == NOW + timedelta(minutes=20, seconds=1)


def test_a_reset_in_the_past_does_not_hammer() -> None:
    error = of(403, None, x_ratelimit_remaining="0", x_ratelimit_reset="1")
    assert isinstance(error, WorldUnwell)
    assert error.retry_at is not None
    assert error.retry_at > NOW


@pytest.mark.parametrize(
    ("status", "said"), [(429, "Too many requests"), (403, "You have triggered an abuse detection mechanism")]
)
def test_a_secondary_limit_that_says_nothing_is_given_a_minute(status: int, said: str) -> None:
    error = of(status, {"message": said})
    assert isinstance(error, WorldUnwell)
    assert error.retry_at == NOW + failure.SECONDARY_PAUSE


def test_a_permission_that_is_missing_is_named_to_the_operator() -> None:
    error = of(
        403, {"message": "Resource not accessible by integration"}, x_accepted_github_permissions="contents=write"
    )
    assert isinstance(error, OperatorMistake)
    assert "contents=write" in str(error)


def test_bad_credentials_and_redirects_are_the_operators() -> None:
    assert isinstance(of(401, {"message": "Bad credentials"}), Unauthorized)
    assert isinstance(of(301, {"message": "Moved Permanently"}), OperatorMistake)


def test_a_refusal_carries_githubs_own_reason() -> None:
    errors = [{"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for a:b."}]
    error = of(422, {"message": "Validation Failed", "errors": errors})
    assert isinstance(error, Refused)
    assert error.status == 422
    assert error.reason == "Validation Failed; PullRequest custom A pull request already exists for a:b."


def test_an_answer_without_details_is_told_in_its_own_words_alone() -> None:
    assert str(of(401, {"message": "Bad credentials"})).startswith(
        "GitHub answered 401 to POST /repos/a/b/pulls: Bad credentials. "
    )


def test_a_page_instead_of_json_is_shown_short() -> None:
    assert len(str(of(502, "<html>" + "x" * 10_000))) < 400


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, WorldUnwell),
        ({"message": "You have exceeded a secondary rate limit."}, WorldUnwell),
        ({"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}, Refused),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, OperatorMistake),
        ({"type": "UNPROCESSABLE", "message": "Pull request is in clean status"}, Refused),
        ({"message": "Something went wrong while executing your query."}, WorldUnwell),
        ("odd", WorldUnwell),
    ],
)
def test_graphql_errors_come_as_http_200_and_are_errors_all_the_same(error: Any, kind: type[Exception]) -> None:
    assert isinstance(failure.of_graphql("Look", [error], None, NOW), kind)


def test_a_graphql_limit_is_waited_for_until_its_reset() -> None:
    reset = NOW + timedelta(minutes=5)
    error = failure.of_graphql("Look", [{"type": "RATE_LIMITED", "message": "x"}], reset, NOW)
    assert isinstance(error, WorldUnwell)
    assert error.retry_at == reset
