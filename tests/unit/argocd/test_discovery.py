"""Which apps a component belongs to (contract §11)."""

from typing import Any

import pytest

from telefonistka_py.argocd import applications, discovery
from telefonistka_py.argocd.applications import Application, Ref, Source
from telefonistka_py.names import RepoPath

REPO = "https://github.com/acme/gitops"
NGINX = RepoPath("clusters/dev/nginx")


def app(
    annotation: str | None = None,
    *,
    path: str = "clusters/dev/nginx",
    repo: str = REPO,
    labels: dict[str, str] | None = None,
) -> Application:
    annotations = {} if annotation is None else {discovery.ANNOTATION: annotation}
    return Application(Ref("app"), (Source(repo, path, "HEAD"),), annotations=annotations, labels=labels or {})


def found(made: Application, component: str = NGINX, *, by_label: bool = False) -> bool:
    return bool(discovery.apps_of(RepoPath(component), [made], REPO, by_label=by_label))


@pytest.mark.parametrize(
    ("annotation", "path"),
    [
        (".", "clusters/dev/nginx"),
        ("./", "clusters/dev/nginx"),
        (".;../shared", "clusters/dev/nginx"),
        ("..", "clusters/dev/redis"),
        ("../nginx", "clusters/dev/redis"),
        ("/clusters/dev/nginx", "elsewhere"),
        ("/clusters/dev/nginx/", "elsewhere"),
        ("/clusters/dev", "elsewhere"),
        ("/", "elsewhere"),
        ("/elsewhere ; /clusters/dev/nginx", "elsewhere"),
        ("nginx", "clusters/dev"),
        ("clusters/dev/nginx", "elsewhere"),
        ("clusters/dev", "clusters/dev/nginx"),
        ("/clusters/*/nginx", "elsewhere"),
        ("/clusters/d?v", "elsewhere"),
        (".", "./clusters/dev/nginx/"),
        (".", "clusters/dev"),
        (".", ""),
        (".", "."),
    ],
)
def test_the_annotation_covers_the_component(annotation: str, path: str) -> None:
    assert found(app(annotation, path=path))


@pytest.mark.parametrize(
    ("annotation", "path"),
    [
        ("/clusters/dev/nginx-2", "clusters/dev/nginx"),
        ("/clusters/dev/ngin", "clusters/dev/nginx"),
        ("/clusters/dev/nginx/templates", "clusters/dev/nginx"),
        ("../redis", "clusters/dev/nginx"),
        (".", "clusters/dev/redis"),
        ("/../clusters/dev/nginx", "clusters/dev/nginx"),
        ("../../../../etc", "clusters/dev/nginx"),
        ("redis", "clusters/dev"),
        ("/*/prod", "elsewhere"),
        ("/clusters/*/*/*", "elsewhere"),
    ],
)
def test_the_annotation_does_not_cover_the_component(annotation: str, path: str) -> None:
    assert not found(app(annotation, path=path))


@pytest.mark.parametrize("annotation", [None, "", " ; "])
def test_without_an_annotation_the_apps_source_must_be_the_component(annotation: str | None) -> None:
    """v1 takes such an app for every component's, and can merge on that."""
    assert found(app(annotation))
    assert found(app(annotation, path="/clusters/dev/nginx/"))
    for other in ("clusters/dev", "clusters/dev/nginx/sub", "clusters/dev/redis", ""):
        assert not found(app(annotation, path=other))


def test_by_label_the_label_alone_decides() -> None:
    label = {discovery.LABEL: "be5ad5f3f5e1cbeb7ed7cbb5f9ae0d9e3a8b62a1"}
    assert not found(app(labels=label), by_label=True)
    mine = {discovery.LABEL: discovery.label_value(NGINX)}
    assert found(app(labels=mine, path="elsewhere"), by_label=True)
    assert not found(app("/"), by_label=True)
    assert not found(app(labels=mine, repo="https://github.com/acme/other"), by_label=True)


def test_the_labels_value_is_the_sha1_of_the_path() -> None:
    # printf workspace/nginx | sha1sum
    assert discovery.label_value(RepoPath("workspace/nginx")) == "dbce8166c7afc439d0387ed0b3ddd9034492df86"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/gitops",
        "https://github.com/acme/gitops.git",
        "https://github.com/acme/gitops.git/",
        "http://GitHub.com/acme/gitops",
        "https://GITHUB.COM/Acme/GitOps.git",
        "https://bot:token@github.com/acme/gitops",
        "git@github.com:acme/gitops.git",
        "ssh://git@github.com/acme/gitops.git",
        "ssh://git@github.com:22/acme/gitops",
        "ssh://git@ssh.github.com:443/acme/gitops.git",
        "  https://github.com/acme/gitops ",
        "github.com/acme/gitops",
    ],
)
def test_addresses_of_one_repository(url: str) -> None:
    assert found(app(repo=url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://github.com/acme/gitops-2",
        "https://github.com/other/gitops",
        "https://gitlab.com/acme/gitops",
        "https://github.com.evil.com/acme/gitops",
        "https://evil.com/github.com/acme/gitops",
        "https://github.com@evil.com/acme/gitops",
        "https://charts.example.com",
        "oci://ghcr.io/acme/gitops",
    ],
)
def test_addresses_of_other_repositories(url: str) -> None:
    assert not found(app(repo=url))


def test_of_several_sources_those_of_the_repository_count() -> None:
    chart = Source("https://charts.example.com", "", "1.0")
    values = Source("git@github.com:acme/gitops.git", "clusters/dev/nginx", "main")
    made = Application(Ref("app"), (chart, values, values), several=True)
    assert found(made)
    assert discovery.positions(made, REPO) == (2, 3)
    elsewhere = Application(Ref("app"), (Source("https://charts.example.com", "clusters/dev/nginx", ""), chart))
    assert not found(elsewhere)


def test_all_matching_apps_are_found_in_their_order() -> None:
    one, two = app("/clusters"), app()
    assert discovery.apps_of(NGINX, [two, app("/prod"), one], REPO) == (two, one)


def test_an_item_of_the_list_as_argo_cd_writes_it() -> None:
    said = {
        "metadata": {"name": "a", "namespace": "argocd", "annotations": None, "labels": {"x": "y"}},
        "spec": {"project": "default", "sources": [{"repoURL": REPO, "path": "p"}, {"chart": "nginx"}]},
    }
    read = applications.read(said)
    assert read.ref == Ref("a", "argocd", "default")
    assert read.sources == (Source(REPO, "p", ""), Source("", "", ""))
    assert read.several
    wrong: tuple[Any, ...] = (None, {}, {"metadata": {"name": ""}}, {"metadata": []})
    for broken in wrong:
        with pytest.raises(applications.Unreadable):
            applications.read(broken)
