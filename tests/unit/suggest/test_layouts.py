"""What is proposed for repositories as people lay them out."""

import re
from collections.abc import Iterable, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import route
from telefonistka_py.suggest import draft, find, propose
from telefonistka_py.suggest.model import Choice, Layout, Nothing

APPS = ("nginx", "redis")


def files(*holders: str, apps: Sequence[str] = APPS, file: str = "values.yaml") -> list[RepoPath]:
    """A file in each of `apps` in each of `holders`."""
    return [RepoPath(f"{holder}/{app}/{file}") for holder, app in product(holders, apps)]


def layout(paths: Iterable[RepoPath]) -> Layout:
    found = find.layout(paths)
    assert isinstance(found, Layout), found
    return found


def proposed(paths: Iterable[RepoPath], choice: Choice | None = None) -> list[tuple[str, list[list[str]]]]:
    """Each flow's source, and the targets of each of its pull requests; checked as the server would."""
    found = layout(paths)
    flows = propose.flows(found, choice or propose.usual(found))
    config = draft.parsed(draft.write(found, flows))
    assert [flow.source_path for flow in config.promotion_paths] == [flow.source for flow in flows]
    return [(flow.source, [list(targets) for _, targets in flow.pulls]) for flow in flows]


def test_a_workspace_then_environments_then_clusters() -> None:
    places = ("workspace", "clusters/dev", "clusters/staging", "clusters/production/us-east4/c1")
    found = proposed(
        files(*places, "clusters/production/europe-west4/c1") + files("workspace", file="templates/x.yaml")
    )
    assert found == [
        ("workspace/", [["clusters/dev"]]),
        ("clusters/dev/", [["clusters/staging"]]),
        ("clusters/staging/", [["clusters/production/europe-west4/c1"], ["clusters/production/us-east4/c1"]]),
    ]


def test_environments_at_the_root_in_the_order_of_their_names() -> None:
    found = layout(files("production", "staging", "dev", "qa", "preprod", "lab"))
    assert [each.name for each in found.environments] == ["dev", "lab", "qa", "staging", "preprod", "production"]


def test_the_same_regions_in_both_stages_are_promoted_region_by_region() -> None:
    regions = ("us-east4/c1", "europe-west1/c2")
    found = proposed(files(*(f"clusters/{stage}/{region}" for stage in ("staging", "prod") for region in regions)))
    assert found == [
        ("clusters/staging/europe-west1/c2/", [["clusters/prod/europe-west1/c2"]]),
        ("clusters/staging/us-east4/c1/", [["clusters/prod/us-east4/c1"]]),
    ]


def test_regions_above_environments_stay_in_their_region() -> None:
    assert proposed(files("us/dev", "eu/dev", "us/prod")) == [("us/dev/", [["us/prod"]])]


def test_other_regions_in_the_next_stage_get_what_any_of_the_stage_has() -> None:
    staging = ("clusters/staging/us-east1/c1", "clusters/staging/us-west1/c1")
    found = proposed(files(*staging, "clusters/prod/europe-west1/c1"))
    assert found == [("clusters/staging/[^/]+/c1/", [["clusters/prod/europe-west1/c1"]])]


def test_a_pattern_never_means_more_than_was_found() -> None:
    staging = ("clusters/staging/us-east1/c1", "clusters/staging/us-west1/c1")
    stray = [RepoPath("clusters/staging/attic/c1/other/x.yaml")]
    [(source, _)] = proposed(files(*staging, "clusters/prod/europe-west1/c1") + stray)
    assert source == "(clusters/staging/us-east1/c1|clusters/staging/us-west1/c1)/"


def test_clusters_with_names_that_say_nothing_are_found_by_what_they_hold() -> None:
    found = proposed(files("workspace", "clusters/prod/alpha", "clusters/prod/beta"))
    assert found == [("workspace/", [["clusters/prod/alpha"], ["clusters/prod/beta"]])]


def test_components_that_lie_deeper_get_an_extra_depth() -> None:
    apps = ("payments/api", "payments/web", "search/indexer")
    found = layout(files("workspace", "clusters/staging", "clusters/prod", apps=apps))
    assert found.depth == 1
    assert propose.example(found, propose.flows(found, propose.usual(found)))[0] == "workspace/payments/api"
    text = draft.write(found, propose.flows(found, propose.usual(found)))
    assert text.count("componentPathExtraDepth: 1") == 2


def test_teams_that_each_environment_has_alike_are_a_part_of_the_names_so_that_a_new_team_is_promoted() -> None:
    stages = ("dev", "stage", "prod")
    paths = files(*(f"envs/{stage}/{team}" for stage in stages for team in ("core", "payments")), apps=("api", "web"))
    found = layout(paths)
    text = draft.write(found, propose.flows(found, propose.usual(found)))
    assert proposed(paths) == [("envs/dev/", [["envs/stage"]]), ("envs/stage/", [["envs/prod"]])]
    assert text.count("componentPathExtraDepth: 1") == 2
    assert 'targetDescription: "stage"' in text
    assert 'targetDescription: "prod"' in text


def test_a_team_that_a_later_stage_lacks_is_promoted_there_too() -> None:
    places = [f"envs/{stage}/{team}" for stage in ("dev", "prod") for team in ("core", "payments", "search")]
    places.remove("envs/prod/search")
    assert proposed(files(*places, apps=("api", "web"))) == [("envs/dev/", [["envs/prod"]])]


def test_pull_requests_to_parts_of_an_environment_are_described_alike_in_every_stage() -> None:
    stages = ("dev", "staging", "prod")
    found = layout(files(*(f"envs/{stage}/{place}" for stage in stages for place in ("eu-west1", "us-east4"))))
    described = [said for flow in propose.flows(found, propose.usual(found)) for said, _ in flow.pulls]
    assert described == [f"envs/{stage}/{place}" for stage in stages[1:] for place in ("eu-west1", "us-east4")]


def test_kinds_side_by_side_stay_apart_and_a_kustomize_base_is_left_out() -> None:
    stages = ("base", "staging", "production")
    paths = files(*(f"apps/{stage}" for stage in stages), apps=("podinfo",), file="kustomization.yaml")
    paths += files(*(f"infrastructure/{stage}" for stage in stages), apps=("nginx",), file="kustomization.yaml")
    paths += [RepoPath(f"clusters/{stage}/apps.yaml") for stage in stages]
    assert proposed(paths) == [
        ("apps/staging/", [["apps/production"]]),
        ("infrastructure/staging/", [["infrastructure/production"]]),
    ]
    assert "apps/base looks like a Kustomize base" in "\n".join(layout(paths).left_out)


def test_several_of_a_stage_are_promoted_to_together_and_production_one_by_one() -> None:
    found = proposed(files(*(f"env/{name}" for name in ("dev", "qa1", "qa2", "pre-prod", "prod-eu", "prod-us"))))
    assert found == [
        ("env/dev/", [["env/qa1", "env/qa2"]]),
        ("env/qa2/", [["env/pre-prod"]]),
        ("env/pre-prod/", [["env/prod-eu"], ["env/prod-us"]]),
    ]


def test_names_that_say_nothing_are_proposed_with_a_warning_about_the_order() -> None:
    found = layout(files("envs/alpha", "envs/beta"))
    text = draft.write(found, propose.flows(found, propose.usual(found)))
    assert 'sourcePath: "envs/alpha/"' in text
    assert "do not tell the order" in text


def test_what_people_choose_is_what_is_proposed() -> None:
    paths = files("workspace", "dev", "lab", "prod/us", "prod/eu")
    choice = Choice((("workspace",), ("lab", "dev"), ("prod",)), frozenset({"lab", "dev"}))
    assert proposed(paths, choice) == [
        ("workspace/", [["lab"], ["dev"]]),
        ("dev/", [["prod/eu", "prod/us"]]),
    ]


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        ([], "no folders"),
        (["README.md", ".github/workflows/ci.yaml"], "no folders"),
        (["src/app/main.py", "docs/guide/a.md"], "components of the same names"),
        (["dev/nginx/a.yaml", "prod/redis/a.yaml"], "look like environments"),
        (
            [f"apps/{app}/overlays/{stage}/kustomization.yaml" for app in APPS for stage in ("dev", "prod")],
            "(apps/nginx/overlays/dev, apps/nginx/overlays/prod, apps/redis/overlays/dev), as Kustomize overlays do. "
            "That is not supported yet: a flow promotes an application from the folder of one environment to the same "
            "name in the folder of the next. What it needs is a folder for each environment",
        ),
        ([f"apps/{app}/{part}/x.yaml" for app in APPS for part in ("templates", "charts")], "same names"),
        ([f"{app}/dev/templates/x.yaml" for app in APPS] + [f"{app}/prod/templates/x.yaml" for app in APPS], ""),
    ],
)
def test_where_nothing_makes_sense_nothing_is_proposed_and_it_says_why(paths: list[str], why: str) -> None:
    found = find.layout([RepoPath(path) for path in paths])
    assert isinstance(found, Nothing), found
    assert why in found.why


SPOKEN = ("dev", "prod", "staging", "prod-eu", "us-east4", "eu", "c1", "alpha", "nginx", "redis", "base", "templates")
ODD = (
    "workspace",
    "a.b",
    "a+b",
    "x(y)",
    'na"me',
    "back\\slash",
    "ünï",
    "a b",
    "#c",
    "{}",
    "zero\u200bwidth",
    "tab\tname",
)
NAMES = st.sampled_from((*SPOKEN, *ODD)) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=4
).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=5), min_size=1, max_size=6)


@given(st.lists(NAMES, min_size=1, max_size=3, unique=True), PATHS)
def test_whatever_is_proposed_is_a_configuration_whose_targets_lie_in_no_source(
    apps: list[str], holders: list[list[str]]
) -> None:
    """Without errors and warnings, as `draft.write` sees to; and what it calls an example is promoted (N10)."""
    found = find.layout(files(*("/".join(parts) for parts in holders), apps=apps))
    if isinstance(found, Nothing):
        return
    flows = propose.flows(found, propose.usual(found))
    config = draft.parsed(draft.write(found, flows))
    for flow in config.promotion_paths:
        for pull in flow.promotion_prs:
            for target in pull.target_paths:
                assert not re.match(flow.source_path, target), (flow.source_path, target)
    example, used = propose.example(found, flows)
    [lot] = route.find(config, [RepoPath(f"{example}/values.yaml")], frozenset()).lots[:1]
    assert [component.path for component in lot.components] == [example]
    assert lot.targets == tuple(f"{target}/" for target in used.pulls[0][1])
