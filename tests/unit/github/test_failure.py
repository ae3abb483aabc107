"""Which of the house's errors an answer is; limits are in `test_limits.py`."""

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


def test_maintenance_that_says_how_long_it_takes_is_waited_for() -> None:
    error = of(503, {"message": "Down for maintenance"}, retry_after="120")
    assert isinstance(error, WorldUnwell)
    assert error.retry_at == NOW + timedelta(minutes=2)


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
        ({"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}, Refused),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, OperatorMistake),
        ({"type": "UNPROCESSABLE", "message": "Pull request is in clean status"}, Refused),
        ({"message": "Something went wrong while executing your query."}, WorldUnwell),
        ("odd", WorldUnwell),
    ],
)
def test_graphql_errors_come_as_http_200_and_are_errors_all_the_same(error: Any, kind: type[Exception]) -> None:
    assert isinstance(failure.of_graphql("Look", [error]), kind)


def test_a_refused_proof_tells_how_far_githubs_clock_is_ahead() -> None:
    error = of(401, {"message": "'Expiration time' claim"}, date="Fri, 02 Jan 2026 03:34:05 GMT")
    assert isinstance(error, Unauthorized)
    assert error.ahead == timedelta(minutes=30)
