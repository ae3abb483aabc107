"""Temporary apps: what they are made of, and which ApplicationSets are asked for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telefonistka_py.argocd import temporary, temporary_sets
from telefonistka_py.argocd.examine import Head
from telefonistka_py.argocd.temporary import Mark
from telefonistka_py.names import Branch, RepoName, RepoPath, Sha

REPO = "https://github.com/acme/gitops"
HEAD = Head(REPO, Sha("5" * 40), Branch("feature"), Branch("main"), Sha("b" * 40))
MARK = Mark(RepoName("acme/gitops"), 7)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def generated(source: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {
        "name": "nginx",
        "namespace": "argocd",
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        "labels": {"telefonistka.io/component-path-sha1": "x"},
        "annotations": {"notifications.argoproj.io/subscribe.slack": "all", "argocd.argoproj.io/refresh": "hard"},
    }
    made = {"source": {"repoURL": REPO, "path": "a", "targetRevision": "HEAD"} | (source or {}), "project": "p"}
    return {"metadata": metadata, "spec": made | spec, "operation": {"sync": {}}}


def test_a_temporary_app_does_nothing_by_itself() -> None:
    automated = {"automated": {"prune": True, "enabled": False}, "retry": {"limit": 3}}
    app = temporary.wanted(generated(syncPolicy=automated), MARK, HEAD)
    assert app == {
        "metadata": {
            "name": "temp-nginx",
            "namespace": "argocd",
            "labels": {"telefonistka.io/temporary": "true"},
            "annotations": {"telefonistka.io/pull-request": "acme/gitops#7"},
        },
        "spec": {
            "source": {"repoURL": REPO, "path": "a", "targetRevision": "5" * 40},
            "project": "p",
            "syncPolicy": {"retry": {"limit": 3}},
        },
    }
    assert temporary.is_ours(app)


def test_sources_elsewhere_stay_as_they_are_and_releases_keep_their_name() -> None:
    chart = {"repoURL": "https://charts.example.com", "chart": "c", "targetRevision": "1.2"}
    here = {"repoURL": "git@github.com:acme/gitops.git", "path": "a", "helm": {"valueFiles": ["x"]}}
    given = generated(sources=[chart, here])
    del given["spec"]["source"]
    first, second = temporary.wanted(given, MARK, HEAD)["spec"]["sources"]
    assert first == chart
    assert second["targetRevision"] == "5" * 40
    assert second["helm"] == {"valueFiles": ["x"], "releaseName": "nginx"}
    assert "targetRevision" not in here, "what was given is not changed"


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    names = {temporary.name(f"{'a' * 70}{end}") for end in ("b", "c")}
    assert len(names) == 2
    assert {len(each) for each in names} == {63}
    assert all(each.startswith("temp-aaa") for each in names)
    assert temporary.name("x" * 58) == f"temp-{'x' * 58}"


def standing(age: timedelta = timedelta(hours=1), mark: str = "acme/gitops#8", **changes: Any) -> dict[str, Any]:
    metadata = {
        "name": "temp-a",
        "labels": {"telefonistka.io/temporary": "true"},
        "annotations": {"telefonistka.io/pull-request": mark},
        "creationTimestamp": (NOW - age).isoformat().replace("+00:00", "Z"),
    }
    spec = changes.pop("spec", {})
    return {"metadata": metadata | changes, "spec": spec}


@pytest.mark.parametrize(
    ("app", "left"),
    [
        (standing(), True),
        (standing(timedelta(minutes=16)), True),
        (standing(timedelta(minutes=14)), False),
        (standing(timedelta(minutes=1), mark="acme/gitops#7"), True),
        (standing(timedelta(minutes=1), mark="acme/gitops#77"), False),
        (standing(name="a"), False),
        (standing(labels={}), False),
        (standing(labels={"telefonistka.io/temporary": "no"}), False),
        (standing(spec={"syncPolicy": {"automated": {}}}), False),
        (standing(spec={"syncPolicy": {}}), True),
        (standing(creationTimestamp=None), False),
        (standing(creationTimestamp="2020-01-01T00:00:00"), False),
        (standing(deletionTimestamp="2026-01-01T00:00:00Z"), False),
        ({}, False),
    ],
)
def test_only_what_is_surely_ours_and_of_no_use_any_more_is_swept(app: dict[str, Any], left: bool) -> None:
    assert temporary.is_left_behind(app, NOW, MARK) is left


def git(*paths: str, **changes: Any) -> dict[str, Any]:
    return {"git": {"repoURL": REPO, "revision": "HEAD", "directories": [{"path": each} for each in paths], **changes}}


def app_set(*generators: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "set", "namespace": "argocd", "uid": "1"}, "spec": {"generators": list(generators)}}


@pytest.mark.parametrize(
    ("generator", "may"),
    [
        (git("clusters/dev/*"), True),
        (git("clusters/*/nginx"), True),
        (git("clusters/*"), True),
        (git("clusters/dev/nginx/overlays/*"), True),
        (git("**"), True),
        (git("clusters/prod/*"), False),
        (git("x", "clusters/**"), True),
        (git(), False),
        (git("clusters/dev/*", revision="main"), True),
        (git("clusters/dev/*", revision="refs/heads/main"), True),
        (git("clusters/dev/*", revision=""), True),
        (git("clusters/dev/*", revision="release-1"), False),
        (git("clusters/dev/*", repoURL="git@GitHub.com:acme/gitops.git"), True),
        (git("clusters/dev/*", repoURL="https://github.com/acme/other"), False),
        (git("clusters/dev/*", repoURL="{{url}}"), False),
        (git(directories=[{"path": "clusters/dev/nginx", "exclude": True}]), False),
        (git("{{path}}/*"), True),
        (git(directories=None, files=[{"path": "config/*.json"}]), True),
        ({"matrix": {"generators": [{"clusters": {}}, git("clusters/dev/*")]}}, True),
        ({"merge": {"generators": [{"matrix": {"generators": [git("clusters/dev/*")]}}]}}, True),
        ({"matrix": {"generators": [{"clusters": {}}, {"list": {}}]}}, False),
        ({"list": {"elements": [{"path": "clusters/dev/nginx"}]}}, False),
        ({}, False),
    ],
)
def test_sets_that_can_not_make_the_components_app_are_not_asked(generator: dict[str, Any], may: bool) -> None:
    assert temporary_sets.may_make(app_set(generator), RepoPath("clusters/dev/nginx"), HEAD) is may


def test_a_set_is_tried_out_with_the_generators_of_this_repository_at_the_head() -> None:
    inner = {"matrix": {"generators": [{"clusters": {}}, git("a/*")]}}
    given = app_set(inner, {"list": {"elements": []}}, git("b/*", revision="release"), git("c/*"))
    given["spec"]["template"] = {"metadata": {"name": "x"}}
    made = temporary_sets.at_head(given, HEAD)
    sha = "5" * 40
    assert made == {
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": {
            "generators": [
                {"matrix": {"generators": [{"clusters": {}}, git("a/*", revision=sha)]}},
                git("c/*", revision=sha),
            ],
            "template": {"metadata": {"name": "x"}},
        },
    }
    assert given["spec"]["generators"][0] == {"matrix": {"generators": [{"clusters": {}}, git("a/*")]}}
