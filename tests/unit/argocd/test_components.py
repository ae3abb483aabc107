"""Which components of a pull request are compared with the clusters."""

from dataclasses import replace
from typing import Any

import pytest

from telefonistka_py.argocd import components
from telefonistka_py.events.model import PullRequest
from telefonistka_py.names import Branch, Login, RepoName, RepoPath, Sha
from telefonistka_py.promotion import metadata
from tests import builders

BROKEN = "<!--|Telefonistka data, do not delete|x|-->"
US = Login("telefonistka[bot]")
CONFIG = builders.config(
    builders.flow("workspace/", ["clusters/dev/", "clusters/lab/"], labels=["quick"]),
    builders.flow("workspace/", ["clusters/dev/"]),
    builders.flow("teams/", ["prod/"], depth=1),
)


def pull(**changes: Any) -> PullRequest:
    made = PullRequest(
        number=7,
        title="Change",
        body="",
        author=Login("alice"),
        labels=(),
        head_ref=Branch("feature"),
        head_sha=Sha("a" * 40),
        head_repo=RepoName("acme/gitops"),
        base_ref=Branch("main"),
        base_sha=Sha("b" * 40),
        merged=False,
        merge_commit=None,
        changed_files=1,
        html_url="https://github.com/acme/gitops/pull/7",
    )
    return replace(made, **changes)


def promotion(*paths: str, **changes: Any) -> PullRequest:
    known = replace(builders.metadata(), promoted_paths=tuple(RepoPath(path) for path in paths))
    return replace(pull(author=US, labels=("promotion",), body=f"text\n{metadata.block(known)}"), **changes)


def of(made: PullRequest, *paths: str) -> components.Concerned:
    return components.of(made, US, CONFIG, [RepoPath(path) for path in paths])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["workspace/nginx/values.yaml", "workspace/nginx/sub/a.yaml"], ["workspace/nginx"]),
        (["workspace/nginx/a", "workspace/redis/a"], ["workspace/nginx", "workspace/redis"]),
        (["teams/web/nginx/a"], ["teams/web/nginx"]),
        (["README.md", "workspace/README.md", "other/a/b"], []),
        (["clusters/dev/nginx/a", "clusters/lab/redis/a/b"], ["clusters/dev/nginx", "clusters/lab/redis"]),
        (["prod/web/nginx/a"], ["prod/web/nginx"]),
        (["prod/web/a"], []),
        (["clusters/dev/README.md"], []),
        (["clusters/devil/nginx/a"], []),
    ],
)
def test_the_components_that_the_changed_files_belong_to(paths: list[str], expected: list[str]) -> None:
    """Conditions of flows are for promoting; a target that people change by hand reaches a cluster as well."""
    assert list(of(pull(), *paths).components) == expected


def test_of_a_promotion_what_it_promotes() -> None:
    made = promotion("clusters/dev/nginx", "clusters/lab/nginx")
    found = of(made, "clusters/dev/nginx/a", "clusters/lab/nginx/a")
    assert found == components.Concerned((RepoPath("clusters/dev/nginx"), RepoPath("clusters/lab/nginx")))


@pytest.mark.parametrize("changes", [{"author": Login("mallory")}, {"body": ""}, {"body": BROKEN}])
def test_what_is_no_promotion_of_ours_is_read_by_its_files(changes: dict[str, Any]) -> None:
    """N25"""
    made = promotion("clusters/lab/nginx", **changes)
    assert components.promotion_of(made, US) is None
    assert of(made, "clusters/dev/nginx/a").components == (RepoPath("clusters/dev/nginx"),)


def test_a_promotion_that_does_not_carry_its_label_yet_is_one_all_the_same_but_for_merging() -> None:
    made = promotion("clusters/dev/nginx", "clusters/lab/nginx", labels=())
    assert components.promotion_of(made, US) is None
    assert len(of(made, "clusters/dev/nginx/a").components) == 2


@pytest.mark.parametrize("said", ["clusters/dev/redis", "clusters", "clusters/dev", "clusters/dev/nginx/sub", "../x"])
def test_files_that_a_promotion_does_not_account_for_are_named_and_compared(said: str) -> None:
    """N25: what it says it promotes can be edited."""
    found = of(promotion(said), "clusters/dev/nginx/a")
    assert found.outside == (RepoPath("clusters/dev/nginx/a"),)
    assert RepoPath("clusters/dev/nginx") in found.components


@pytest.mark.parametrize(
    "path", ["telefonistka.yaml", "README.md", "clusters/dev/README.md", ".github/workflows/a.yaml"]
)
def test_files_of_no_component_are_nothing_that_a_promotion_accounts_for(path: str) -> None:
    """Nothing but what was compared may merge itself, least of all a configuration."""
    found = of(promotion("clusters/dev/nginx"), "clusters/dev/nginx/a", path)
    assert found == components.Concerned((RepoPath("clusters/dev/nginx"),), outside=(RepoPath(path),))


def test_beyond_a_hundred_components_the_rest_is_counted() -> None:
    """N27"""
    found = of(pull(), *(f"workspace/c{number:04}/a" for number in range(130)))
    assert (len(found.components), found.beyond) == (100, 30)
