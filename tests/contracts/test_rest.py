"""The check of REST exchanges: what GitHub would do passes, each single deviation from it is named."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contracts import examples, extracts, github, refresh

REPO = "/repos/acme/gitops"
TREES = f"{REPO}/git/trees"
DELETION = {"path": "a", "mode": "100644", "type": "blob", "sha": None}
INVALID = examples.error("Validation Failed", errors=[{"code": "custom", "resource": "PullRequest", "value": None}])


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    request_body: Any = None
    status: int | None = 200
    answer: Any = None
    request_headers: dict[str, str] = field(default_factory=dict)


RIGHT = [
    Sent("GET", f"{REPO}/pulls/4", answer=examples.pull()),
    Sent("GET", f"/api/v3{REPO}/pulls/4", answer=examples.pull()),
    Sent("POST", f"{REPO}/pulls", {"title": "t", "head": "x", "base": "main", "body": ""}, 201, examples.pull()),
    Sent("POST", f"{REPO}/pulls", {"title": "t", "head": "x", "base": "main"}, 422, INVALID),
    Sent("GET", f"{REPO}/pulls/4/files?per_page=100&page=2", answer=[examples.changed_file(previous_filename="b")]),
    Sent("GET", "/repositories/1/pulls/4/files?page=2", answer=[]),
    Sent("GET", f"https://api.github.com{REPO}/pulls/4/files?page=2", answer=[]),
    Sent("POST", TREES, {"base_tree": examples.SHA, "tree": [DELETION]}, 201, examples.tree()),
    Sent("GET", f"{TREES}/{examples.SHA}?recursive=1", answer=examples.tree()),
    Sent(
        "POST",
        f"{REPO}/git/commits",
        {"message": "m", "tree": examples.SHA, "parents": [examples.SHA]},
        201,
        examples.git_commit(),
    ),
    Sent("POST", f"{REPO}/git/refs", {"ref": "refs/heads/x", "sha": examples.SHA}, 201, examples.git_ref()),
    Sent("GET", f"{REPO}/git/ref/heads/promotions/4-feature-x-abc", answer=examples.git_ref()),
    Sent("DELETE", f"{REPO}/git/refs/heads/a/b", status=204),
    Sent("POST", f"{REPO}/issues/4/comments", {"body": "Hello"}, 201, examples.comment()),
    Sent("POST", f"{REPO}/issues/4/comments", b'{"body": "Hello"}', 201, examples.comment()),
    Sent("DELETE", f"{REPO}/issues/4/labels/a%2Fb", answer=[]),
    Sent("PUT", f"{REPO}/pulls/4/merge", {"sha": examples.SHA}, 405, examples.error("Not mergeable")),
    Sent("PUT", f"{REPO}/pulls/4/merge", None, 200, {"sha": examples.SHA, "merged": True, "message": "ok"}),
    Sent("GET", f"{REPO}/contents", answer=[examples.file_in_directory()]),
    Sent("GET", f"{REPO}/contents/telefonistka.yaml?ref=main", status=404, answer=examples.error()),
    Sent("GET", f"{REPO}/commits/heads/a/b/status", status=502, answer="<html>Unicorn!</html>"),
    Sent("GET", f"{REPO}/commits/heads/a/b/status", status=304),
    Sent("GET", REPO, status=429, answer=examples.error("You have exceeded a secondary rate limit")),
    Sent("GET", REPO, status=401, answer=examples.error("Bad credentials")),
    Sent("POST", "/app/hook/deliveries/7/attempts", status=202, answer={}),
    Sent(
        "POST",
        "/app/installations/3/access_tokens",
        {"permissions": {"contents": "write"}},
        201,
        {"token": "ghs_x", "expires_at": examples.WHEN},
    ),
]

PULL = {"title": "t", "head": "x", "base": "main"}
WRONG = [
    ("unknown path", Sent("GET", "/zen"), "no such path"),
    ("unknown path under the prefix", Sent("GET", "/api/v4/user"), "no such path"),
    ("unknown method", Sent("PUT", f"{REPO}/issues/4"), "only GET, PATCH"),
    ("slash in a label", Sent("DELETE", f"{REPO}/issues/4/labels/a/b", answer=[]), "no such path"),
    ("unknown key", Sent("POST", f"{REPO}/pulls", {**PULL, "labels": []}, None), "request.labels: GitHub knows no"),
    ("unknown deep key", Sent("POST", TREES, {"tree": [{"mod": "100644"}]}, None), "request.tree[0].mod: GitHub"),
    (
        "unknown key in one of several shapes",
        Sent("PATCH", f"{REPO}/issues/4", {"labels": ["a", {"nme": "b"}]}, None),
        "request.labels[1].nme: GitHub",
    ),
    (
        "unknown permission",
        Sent("POST", "/app/installations/3/access_tokens", {"permissions": {"x": "y"}}, None),
        ".x:",
    ),
    ("wrong type", Sent("POST", TREES, {"tree": [{**DELETION, "sha": 3}]}, None), "request.tree[0].sha: 3 is not"),
    ("unknown mode", Sent("POST", TREES, {"tree": [{**DELETION, "mode": "644"}]}, None), "request.tree[0].mode"),
    ("null where none may be", Sent("POST", f"{REPO}/pulls", {**PULL, "body": None}, None), "request.body: null"),
    ("missing key", Sent("POST", f"{REPO}/pulls", {"title": "t", "head": "x"}, None), '"base" is a required'),
    ("missing body", Sent("POST", f"{REPO}/pulls", None, None), "needs a body"),
    ("surplus body", Sent("GET", f"{REPO}/pulls/4", {"a": 1}, None), "takes no body"),
    ("number in the path", Sent("GET", f"{REPO}/pulls/four", None, None), "'four' is no whole number"),
    ("unknown parameter", Sent("GET", f"{REPO}/pulls?author=x", None, None), "'author' is not known"),
    ("wrong parameter", Sent("GET", f"{REPO}/pulls?state=opened", None, None), "'opened' is none of"),
    ("parameter that is no number", Sent("GET", f"{REPO}/pulls?page=", None, None), "'' is no whole number"),
    ("too large a page", Sent("GET", f"{REPO}/pulls?per_page=500", None, None), "outside 1 to 100"),
    ("undescribed status", Sent("POST", f"{REPO}/pulls", PULL, 200, examples.pull()), "status: GitHub does not"),
    ("undescribed error", Sent("GET", f"{REPO}/pulls/4", None, 409, examples.error()), "status: GitHub does not"),
    ("unknown to a stand-in", Sent("GET", f"{REPO}/pulls/4", None, 501, examples.error()), "status: GitHub does not"),
    ("error without a message", Sent("GET", f"{REPO}/pulls/4", None, 404, {"error": "x"}), "object with a `message`"),
    ("limit without a message", Sent("GET", REPO, None, 429, {}), "object with a `message`"),
    ("error that is a page", Sent("GET", REPO, None, 403, "<html>"), "object with a `message`"),
    (
        "malformed validation error",
        Sent("POST", f"{REPO}/pulls", PULL, 422, examples.error(errors=[{}])),
        'answer.errors[0]: "code"',
    ),
    ("answer where none is", Sent("DELETE", f"{REPO}/git/refs/heads/x", None, 204, {}), "this one has no body"),
    ("body of a 304", Sent("GET", REPO, None, 304, {}), "this one has no body"),
    ("no answer where one is", Sent("GET", f"{REPO}/pulls/4", None, 200, None), "answer: null is not of type"),
    ("page for JSON", Sent("GET", f"{REPO}/pulls/4", None, 200, "<html>"), "answer:"),
    ("object for a list", Sent("GET", f"{REPO}/pulls/4/files", None, 200, examples.changed_file()), "answer:"),
    (
        "answer lacks a key",
        Sent("GET", f"{REPO}/pulls/4/files", None, 200, [{"filename": "a"}]),
        'answer[0]: "status" is a required property',
    ),
    (
        "answer's wrong type",
        Sent("GET", f"{TREES}/x", None, 200, {**examples.tree(), "truncated": None}),
        "answer.truncated: null is not",
    ),
    (
        "answer's unknown word",
        Sent("GET", f"{REPO}/pulls/4/files", None, 200, [examples.changed_file(status="touched")]),
        "answer[0].status",
    ),
    (
        "answer's null",
        Sent("GET", f"{REPO}/pulls/4", None, 200, {**examples.pull(), "user": None}),
        "answer.user: null",
    ),
    (
        "answer's date",
        Sent("POST", f"{REPO}/issues/4/comments", {"body": ""}, 201, {**examples.comment(), "created_at": "now"}),
        "answer.created_at",
    ),
    (
        "address with a space in it",
        Sent("GET", f"{REPO}/pulls/4/files", None, 200, [examples.changed_file(contents_url="https://a/b c")]),
        "answer[0].contents_url",
    ),
]


@pytest.mark.parametrize("exchange", RIGHT, ids=lambda it: f"{it.method} {it.path} {it.status}")
def test_an_exchange_as_github_has_it_passes(exchange: Sent) -> None:
    assert github.problems_of(exchange) == []


@pytest.mark.parametrize(("exchange", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_deviation_is_named_with_its_place(exchange: Sent, says: str) -> None:
    problems = github.problems_of(exchange)
    assert any(says in problem for problem in problems), problems


def test_an_answer_that_never_came_leaves_the_request_to_be_checked() -> None:
    assert github.problems_of(Sent("POST", f"{REPO}/pulls", PULL, status=None)) == []


@pytest.mark.parametrize(("method", "template"), refresh.wanted_operations())
def test_every_described_body_of_an_operation_can_be_checked(method: str, template: str) -> None:
    operation = extracts.rest()["paths"][template][method]
    for status in operation["responses"]:
        problems = github.problems_of_rest(method.upper(), re.sub(r"{\w+}", "1", template), 7, int(status), 7)
        assert any("request: " in problem for problem in problems), problems
        assert any("answer: " in problem for problem in problems) is (int(status) < 500), problems


def test_a_problem_says_which_operation_and_status_it_is_of() -> None:
    (problem,) = github.problems_of_rest("GET", f"{TREES}/x", None, 200, {"sha": "x", "tree": []})
    assert problem == 'GET /repos/{owner}/{repo}/git/trees/{tree_sha} → 200: answer: "truncated" is a required property'


def test_a_problem_in_a_large_answer_stays_readable() -> None:
    problems = github.problems_of_rest("GET", f"{REPO}/pulls/4", None, 200, [examples.pull()] * 50)
    assert all(len(problem) < 500 for problem in problems)
    assert problems


@pytest.mark.parametrize(
    ("asked", "answer", "fits"),
    [
        ("application/vnd.github+json", [examples.file_in_directory()], True),
        ("application/vnd.github+json", examples.directory(), False),
        ("application/vnd.github.object+json", examples.directory(), True),
        ("application/vnd.github.object+json", [examples.file_in_directory()], False),
        ("application/vnd.github.raw+json", "replicas: 1\n", True),
        ("application/vnd.github.raw", b"7", True),
        ("application/vnd.github.raw", [examples.file_in_directory()], False),
    ],
)
def test_the_answer_has_the_shape_that_was_asked_for(asked: str, answer: Any, fits: bool) -> None:
    exchange = Sent("GET", f"{REPO}/contents/workspace", answer=answer, request_headers={"Accept": asked})
    assert (github.problems_of(exchange) == []) is fits


def test_what_a_stand_in_makes_up_is_listed_apart() -> None:
    answer = {**examples.pull(), "merged_sha": examples.SHA, "user": {**examples.user(), "mood": "fine"}}
    exchange = Sent("GET", f"{REPO}/pulls/4", answer=answer)
    assert github.problems_of(exchange) == []
    assert [it.rpartition("answer.")[2] for it in github.invented_by(exchange)] == ["user.mood", "merged_sha"]
    assert github.invented_by(Sent("GET", f"{REPO}/pulls/4", answer=examples.pull())) == []
