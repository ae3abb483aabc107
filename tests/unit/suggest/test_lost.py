"""What a first promotion would remove is told before anything is merged."""

import pytest

from telefonistka_py.names import RepoPath
from telefonistka_py.suggest import find, lost, propose
from telefonistka_py.suggest.model import Layout

STAGES = ("dev", "staging", "prod")


def removed(*more: str) -> tuple[str, ...]:
    everywhere = [f"envs/{stage}/{app}/values.yaml" for stage in STAGES for app in ("nginx", "redis", "api")]
    paths = [RepoPath(path) for path in (*everywhere, *more)]
    layout = find.layout(paths)
    assert isinstance(layout, Layout)
    return lost.files(paths, layout, propose.flows(layout, propose.usual(layout)))


def test_nothing_is_removed_where_every_environment_has_the_same_files() -> None:
    assert removed() == ()
    assert lost.told(()) == ""


def test_a_file_of_one_environment_is_removed_from_where_its_source_has_none() -> None:
    found = removed(*(f"envs/{stage}/nginx/values-{stage}.yaml" for stage in STAGES))
    assert found == ("envs/prod/nginx/values-prod.yaml", "envs/staging/nginx/values-staging.yaml")


def test_a_component_that_a_target_alone_has_is_no_loss() -> None:
    assert removed("envs/prod/own/values.yaml", "README.md", "envs/prod/README.md", "other/x.yaml") == ()


def test_files_below_a_component_are_found() -> None:
    assert removed("envs/prod/api/templates/a/b.yaml") == ("envs/prod/api/templates/a/b.yaml",)


def test_components_below_their_team_are_found() -> None:
    teams = [f"envs/{stage}/{team}/{app}/f.yaml" for stage in STAGES for team in ("pay", "shop") for app in ("a", "b")]
    # pay/c is a component that prod alone has.
    paths = [RepoPath(path) for path in (*teams, "envs/prod/pay/a/own.yaml", "envs/prod/pay/c/f.yaml")]
    layout = find.layout(paths)
    assert isinstance(layout, Layout)
    found = lost.files(paths, layout, propose.flows(layout, propose.usual(layout)))
    assert found == ("envs/prod/pay/a/own.yaml",)


@pytest.mark.parametrize(("count", "last"), [(8, "  p/7"), (9, "  and 1 more"), (2008, "  and 2,000 more")])
def test_few_are_named_and_the_others_counted(count: int, last: str) -> None:
    lines = lost.told([RepoPath(f"p/{number}") for number in range(count)]).splitlines()
    assert lines[-2] == last
    assert len(lines) <= lost.MOST_NAMED + 3
