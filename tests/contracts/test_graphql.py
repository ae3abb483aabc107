"""The check of GraphQL exchanges: queries and answers that GitHub would know pass, others are named."""

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts import github

SHA = "3f1c9a0b7d5e4c2f8a6b1d0e9c8f7a6b5d4c3e2f"

FACTS = """
query Facts($owner: String!, $name: String!, $oid: GitObjectID, $labels: Int = 100, $slow: Boolean = false) {
  repository(owner: $owner, name: $name) {
    id
    branch: defaultBranchRef { name target { __typename oid ... on Commit { tree { oid entries { name mode oid } } } } }
    object(oid: $oid) { ... on Blob { text isBinary } ...Listing }
    pullRequest(number: 4) {
      state isDraft url createdAt mergeable @include(if: $slow)
      labels(first: $labels) { totalCount nodes { name } }
    }
  }
}
fragment Listing on Tree { entries { name } }
"""
GIVEN = {"owner": "acme", "name": "gitops", "oid": SHA}
ANSWER: dict[str, Any] = {
    "data": {
        "repository": {
            "id": "R_1",
            "branch": {
                "name": "main",
                "target": {
                    "__typename": "Commit",
                    "oid": SHA,
                    "tree": {"oid": SHA, "entries": [{"name": "a", "mode": 33188, "oid": SHA}]},
                },
            },
            "object": {"text": None, "isBinary": False},
            "pullRequest": {
                "state": "OPEN",
                "isDraft": False,
                "url": "https://github.com/acme/gitops/pull/4",
                "createdAt": "2024-05-04T12:00:00Z",
                "labels": {"totalCount": 2, "nodes": [{"name": "promotion"}, None]},
            },
        }
    }
}
MINIMIZE = """
mutation($id: ID!, $why: ReportedContentClassifiers!) {
  minimizeComment(input: {subjectId: $id, classifier: $why}) { minimizedComment { isMinimized } }
}
"""
MINIMIZED = {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}}


def answer_with(path: str, value: Any) -> dict[str, Any]:
    """`ANSWER` with one place changed; `path` is keys and indices joined by dots."""
    changed = copy.deepcopy(ANSWER)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = changed["data"]["repository"]
    for step in steps:
        place = place[step]
    place[last] = value
    return changed


def answer_without(key: str) -> dict[str, Any]:
    changed = copy.deepcopy(ANSWER)
    del changed["data"]["repository"][key]
    return changed


def test_a_query_and_its_answer_as_github_has_them_pass() -> None:
    assert github.problems_of_graphql(FACTS, GIVEN, ANSWER) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("branch", None),
        ("object", None),
        ("object", {"entries": [{"name": "a"}]}),
        ("object", {}),  # a commit or a tag: no fragment chooses anything of it
        ("pullRequest.labels", None),
        ("branch.target", {"__typename": "Tag", "oid": SHA}),
    ],
)
def test_an_answer_may_be_any_of_what_the_types_allow(path: str, value: Any) -> None:
    assert github.problems_of_graphql(FACTS, GIVEN, answer_with(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("id", None, "answer.data.repository.id: null, but the type is ID!"),
        ("id", 1, "repository.id: 1 is no ID"),
        ("made_up", 1, "repository.made_up: the query did not ask Repository for this"),
        ("branch", [], "branch: not an object"),
        ("branch.name", 3, "branch.name: 3 is no String"),
        ("branch.target.oid", "main", "oid: 'main' is no GitObjectID"),
        ("branch.target.__typename", "Branch", "target.__typename: 'Branch' is not"),
        ("branch.target.tree.entries.0.mode", "100644", "entries[0].mode: '100644' is no Int"),
        ("branch.target.tree.entries.0.mode", True, "entries[0].mode: True is no Int"),
        ("branch.target.tree.entries", {}, "entries: not a list"),
        ("object", {"text": "a"}, "object.isBinary: missing"),
        ("pullRequest.state", "open", "state: 'open' is no PullRequestState"),
        ("pullRequest.state", {}, "state: {} is no PullRequestState"),
        ("pullRequest.isDraft", 0, "isDraft: 0 is no Boolean"),
        ("pullRequest.url", "/acme/gitops", "url: '/acme/gitops' is no URI"),
        ("pullRequest.createdAt", "yesterday", "createdAt: 'yesterday' is no DateTime"),
        ("pullRequest.mergeable", "UNKNOWN", "mergeable: the query did not ask"),
        ("pullRequest.labels.totalCount", None, "totalCount: null, but the type is Int!"),
        ("pullRequest.labels.nodes.0", {"name": None}, "nodes[0].name: null, but the type is String!"),
    ],
)
def test_an_answer_of_another_type_is_named_with_its_place(path: str, value: Any, says: str) -> None:
    problems = github.problems_of_graphql(FACTS, GIVEN, answer_with(path, value))
    assert any(says in problem for problem in problems), problems


def test_an_answer_that_leaves_a_chosen_field_out_is_named() -> None:
    problems = github.problems_of_graphql(FACTS, GIVEN, answer_without("branch"))
    assert problems == ["answer.data.repository.branch: missing"]


def test_a_field_that_a_variable_includes_is_expected() -> None:
    problems = github.problems_of_graphql(FACTS, {**GIVEN, "slow": True}, ANSWER)
    assert problems == ["answer.data.repository.pullRequest.mergeable: missing"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"data": None}, "no error says why"),
        ({"data": None, "errors": []}, "not a list of at least one error"),
        ({"data": None, "errors": [{"type": "NOT_FOUND"}]}, "an object with a `message`"),
        ({"message": "Bad credentials"}, "neither `data` nor `errors`"),
        ([], "neither `data` nor `errors`"),
    ],
)
def test_a_body_that_graphql_does_not_have_is_named(answer: Any, says: str) -> None:
    problems = github.problems_of_graphql(FACTS, GIVEN, answer)
    assert any(says in problem for problem in problems), problems


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
        {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "No such repository"}]},
    ],
)
def test_errors_of_graphql_come_as_answers_too(answer: Any) -> None:
    assert github.problems_of_graphql(FACTS, GIVEN, answer) == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"owner": "acme"}, "$name"),
        ({**GIVEN, "owner": 3}, "$owner"),
        ({**GIVEN, "oid": 3}, "$oid"),
        ({**GIVEN, "labels": "100"}, "$labels"),
        ({**GIVEN, "owner": None}, "$owner"),
        ({**GIVEN, "branch": "main"}, "the query does not declare $branch"),
        ({**GIVEN, "labels": 101}, "labels(first:) is not within 1 to 100"),
        ({**GIVEN, "labels": 0}, "labels(first:) is not within 1 to 100"),
    ],
)
def test_a_wrong_variable_is_named(variables: dict[str, Any], says: str) -> None:
    problems = github.problems_of_graphql(FACTS, variables, ANSWER)
    assert any(says in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("{ viewer { login shoeSize } }", "Cannot query field 'shoeSize' on type 'User'"),
        ("{ viewer { login }", "Syntax Error"),
        ("{ viewer }", "must have a selection of subfields"),
        ('{ repository(owner: 3, name: "a") { id } }', "String cannot represent"),
        ('{ repository(owner: "a") { id } }', "type 'String!' is required"),
        ("{ resource(url: 3) { url } }", "URI"),
        ('query($a: String) { repository(owner: $a, name: "b") { id } }', "'$a' of type 'String' used"),
        ("query($a: String!) { viewer { login } }", "'$a' is never used"),
        ("query A { viewer { login } } query B { viewer { login } }", "no single operation named None"),
        ("{ viewer { repositories { nodes { name } } } }", "repositories needs `first` or `last`"),
        ("{ viewer { repositories(first: 1000) { nodes { name } } } }", "repositories(first:) is not within"),
    ],
)
def test_a_query_that_github_refuses_is_named(query: str, says: str) -> None:
    problems = github.problems_of_graphql(query, {}, {"errors": [{"message": "x"}]})
    assert any(says in problem for problem in problems), problems


def test_a_connection_that_is_only_counted_needs_no_bounds() -> None:
    answer = {"data": {"viewer": {"repositories": {"totalCount": 3}}}}
    assert github.problems_of_graphql("{ viewer { repositories { totalCount } } }", {}, answer) == []


def test_enums_in_variables_are_checked() -> None:
    assert github.problems_of_graphql(MINIMIZE, {"id": "IC_5", "why": "OUTDATED"}, MINIMIZED) == []
    assert github.problems_of_graphql(MINIMIZE, {"id": "IC_5", "why": "outdated"}, MINIMIZED) != []


@dataclass(frozen=True)
class Posted:
    request_body: Any
    status: int | None = 200
    answer: Any = None
    method: str = "POST"
    path: str = "/graphql"


REQUEST = {"query": FACTS, "variables": GIVEN, "operationName": "Facts"}


@pytest.mark.parametrize(
    "exchange",
    [
        Posted(REQUEST, answer=ANSWER),
        Posted(REQUEST, answer=ANSWER, path="/api/graphql"),
        Posted({"query": "{ viewer { login } }"}, answer=b'{"data": {"viewer": {"login": "bot"}}}'),
        Posted(REQUEST, 403, {"message": "You have exceeded a secondary rate limit"}),
        Posted(REQUEST, 502, "<html>"),
        Posted(REQUEST, None),
    ],
)
def test_a_post_as_github_has_it_passes(exchange: Posted) -> None:
    assert github.problems_of(exchange) == []


@pytest.mark.parametrize(
    ("exchange", "says"),
    [
        (Posted({**REQUEST, "variable": {}}, answer=ANSWER), "request.variable: GitHub knows no such key"),
        (Posted({"variables": {}}), "an object with a `query`"),
        (Posted("{ viewer { login } }"), "an object with a `query`"),
        (Posted(REQUEST, answer=ANSWER, method="GET"), "GraphQL is spoken by POST"),
        (Posted(REQUEST, 201, ANSWER), "never answered 201"),
        (Posted(REQUEST, 501, {"message": "?"}), "never answered 501"),
        (Posted(REQUEST, 401, {}), "object with a `message`"),
        (Posted({"query": "{ viewer { shoeSize } }"}, 502), "shoeSize"),
        (Posted({**REQUEST, "operationName": "Other"}, answer=ANSWER), "no single operation named 'Other'"),
        (Posted(REQUEST, answer=answer_with("id", None)), "null, but the type is ID!"),
    ],
)
def test_a_post_that_github_would_not_have_is_named(exchange: Posted, says: str) -> None:
    problems = github.problems_of(exchange)
    assert any(says in problem for problem in problems), problems
