"""What is told of each component, when the box is offered, and what follows for label and merge."""

from dataclasses import replace
from typing import Any

import pytest

from telefonistka_py.argocd import examine, noop, results
from telefonistka_py.argocd.applications import Application, Ref, Source
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.components import Concerned
from telefonistka_py.argocd.examine import Examined, Head
from telefonistka_py.argocd.instances import Instance
from telefonistka_py.argocd.lookup import Found, Known, Place, Unknown
from telefonistka_py.argocd.model import (
    App,
    AppDiff,
    Compared,
    ComponentResult,
    Failed,
    Fate,
    LeftOut,
    ObjectDiff,
    ObjectId,
    Outcome,
    Skipped,
)
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.names import Branch, RepoPath, Sha
from tests import builders
from tests.unit.argocd.test_components import US, promotion, pull

REPO = "https://github.com/acme/gitops"
NGINX, REDIS = RepoPath("clusters/dev/nginx"), RepoPath("clusters/dev/redis")
OBJECT = ObjectId("apps", "Deployment", "web", "nginx")
NONE = AppDiff((), compared=1)
SOME = AppDiff((ObjectDiff(OBJECT, Fate.DELETED),), compared=1)


@pytest.fixture
async def client() -> Client:
    return Client(Instance("blue", "https://argo.example.com", "token"))


def place(client: Client, name: str = "nginx", **changes: Any) -> Place:
    app = Application(Ref(name, "argocd"), (Source(REPO, "clusters/dev/nginx", "HEAD"),))
    return Place(Known(client, (), {"url": "https://see.example.com/"}), replace(app, **changes))


def examined(at: Place, outcome: Outcome | None = None, **changes: Any) -> dict[results.Key, Examined]:
    return {at.key: Examined(at, outcome or Compared(App(at.app.name, ""), SOME), **changes)}


def test_an_app_of_two_components_is_shown_with_the_first_and_named_with_the_second(client: Client) -> None:
    one = place(client)
    found = (Found(NGINX, (one,)), Found(REDIS, (one,)))
    first, second = results.of(found, examined(one), frozenset(), several=False)
    assert isinstance(first.outcomes[0], Compared)
    assert second.outcomes == (Skipped(App("nginx", ""), "its diff is shown with clusters/dev/nginx"),)
    same = results.of(found, examined(one, Compared(App("nginx", ""), NONE)), frozenset(), several=False)
    assert [type(each.outcomes[0]) for each in same] == [Compared, Compared]


def test_contents_of_an_app_that_a_silent_component_shares_are_shown_nowhere(client: Client) -> None:
    one = place(client)
    found = (Found(NGINX, (one,)), Found(REDIS, (one,)), Found(RepoPath("x"), (place(client, "x"),)))
    every = examined(one) | examined(place(client, "x"))
    told = results.of(found, every, frozenset({REDIS}), several=False)
    assert [each.list_only for each in told] == [True, True, False]


def test_an_argo_cd_that_was_not_asked_is_a_failure_of_the_component(client: Client) -> None:
    error = WorldUnwell("blue can't be reached.")
    found = (Found(NGINX, (), (Unknown(client, error),)),)
    [alone] = results.of(found, {}, frozenset(), several=False)
    assert (alone.failed, results.without_app(alone)) == ("blue can't be reached", False)
    [beside] = results.of(found, {}, frozenset(), several=True)
    assert (beside.outcomes, results.without_app(beside)) == ((Failed("blue", "blue can't be reached"),), False)


def test_what_time_may_heal_is_worth_another_try_and_nothing_else(client: Client) -> None:
    unwell, operator = WorldUnwell("down"), OperatorMistake("token")
    found = (Found(NGINX, (place(client),), (Unknown(client, operator),)),)
    errors = results.errors(found, examined(place(client), error=unwell))
    assert errors == (operator, unwell)
    assert results.worth_another_try(errors) is unwell
    assert results.worth_another_try((operator,)) is None


@pytest.mark.parametrize(
    ("pattern", "on_branch", "expected"),
    [("^clusters/dev/", False, True), ("nginx", False, True), ("^dev/", False, False), ("nginx", True, False)],
)
def test_when_the_box_is_offered(client: Client, pattern: str, on_branch: bool, expected: bool) -> None:
    config = builders.config(argocd={"allowSyncfromBranchPathRegex": pattern})
    found = (Found(NGINX, (place(client),)),)
    every = examined(place(client), on_branch=on_branch)
    assert results.checkbox_allowed(found, every, config) is expected
    assert not results.checkbox_allowed(found, every, builders.config())
    assert not results.checkbox_allowed((Found(NGINX),), {}, config), "there is nothing to set"


# ---- one app ----

HEAD = Head(REPO, Sha("a" * 40), Branch("feature"), Branch("main"), Sha("b" * 40))


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("feature", True), ("refs/heads/feature", True), ("a" * 40, True), ("", False), ("HEAD", False), ("main", False)],
)
def test_an_app_that_follows_the_branch_is_on_it(client: Client, revision: str, expected: bool) -> None:
    app = place(client, sources=(Source("git@github.com:acme/gitops.git", "x", revision),)).app
    assert examine.is_on(app, HEAD) is expected
    elsewhere = place(client, sources=(Source("https://github.com/acme/other", "x", revision),)).app
    assert not examine.is_on(elsewhere, HEAD)


def test_the_page_of_an_app_is_where_the_settings_say(client: Client) -> None:
    known = place(client).known
    app = place(client).app
    assert examine.page_of(known, app) == "https://see.example.com/applications/argocd/nginx"
    assert examine.page_of(replace(known, settings={}), app) == "https://argo.example.com/applications/argocd/nginx"


def test_what_cant_be_compared_as_it_is_is_never_no_diff() -> None:
    app = App("nginx", "")
    assert examine.judged(app, NONE, "") == Compared(app, NONE)
    assert isinstance(examine.judged(app, NONE, "broken"), Failed)
    assert examine.judged(app, SOME, "broken") == Compared(app, SOME)


# ---- what follows ----

AUTO = builders.config(argocd={"autoMergeNoDiffPRs": True})
QUIET = ComponentResult(NGINX, (Compared(App("nginx", ""), NONE),))
CONCERNED = Concerned((NGINX,))
OURS = promotion("clusters/dev/nginx")


def decide(*told: ComponentResult, **changes: Any) -> noop.Verdict:
    known: dict[str, Any] = {
        "concerned": CONCERNED,
        "compared": OURS.head_sha,
        "now": OURS,
        "us": US,
        "config": AUTO,
    } | changes
    return noop.decide(told, **known)


def test_a_promotion_of_ours_that_changes_nothing_is_merged_at_that_head() -> None:
    verdict = decide(QUIET)
    assert verdict.label
    assert verdict.merge == noop.Merge(7, OURS.head_sha, (NGINX,))


@pytest.mark.parametrize(
    "told",
    [
        (),
        (replace(QUIET, outcomes=()),),
        (replace(QUIET, failed="why"),),
        (QUIET, ComponentResult(REDIS)),
        (replace(QUIET, outcomes=(Compared(App("a", ""), SOME),)),),
        (replace(QUIET, outcomes=(Compared(App("a", ""), NONE), Failed("b", "why"))),),
        (replace(QUIET, outcomes=(Skipped(App("a", ""), "why"),)),),
        (replace(QUIET, outcomes=(Compared(App("a", ""), replace(NONE, unseen=(OBJECT,))),)),),
        (replace(QUIET, outcomes=(Compared(App("a", ""), replace(NONE, left_out=(LeftOut(OBJECT, "", True),))),)),),
    ],
)
def test_anything_less_gets_neither_label_nor_merge(told: tuple[ComponentResult, ...]) -> None:
    assert decide(*told) == noop.Verdict(label=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"now": pull(labels=("promotion",), body=OURS.body)},
        {"now": replace(OURS, labels=())},
        {"now": replace(OURS, body="")},
        {"config": builders.config()},
        {"concerned": Concerned((NGINX,), outside=(RepoPath("clusters/dev/redis/a"),))},
        {"concerned": Concerned((NGINX, REDIS))},
    ],
)
def test_what_is_marked_and_not_merged(changes: dict[str, Any]) -> None:
    """N25"""
    verdict = decide(QUIET, **changes)
    assert (verdict.label, verdict.merge) == (True, None)


@pytest.mark.parametrize(
    "changes", [{"now": replace(OURS, head_sha=Sha("c" * 40))}, {"concerned": Concerned((NGINX,), beyond=1)}]
)
def test_another_head_and_components_that_nobody_compared_get_nothing(changes: dict[str, Any]) -> None:
    """N5"""
    assert decide(QUIET, **changes) == noop.Verdict(label=False)
