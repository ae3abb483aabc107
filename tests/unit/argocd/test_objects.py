"""Objects of every kind, as the API server keeps them, against what the manifests say."""

import copy

import pytest

from tests.unit.argocd import builders, objects_of
from tests.unit.argocd.objects_of import Case

CASES = list(objects_of.cases())
each_case = pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])


def found(case: Case, *, in_sync: bool) -> dict[str, list[object]]:
    result = builders.diff([builders.managed(case.live, case.last, in_sync=in_sync)], [case.new])
    return {path: sides for each in result.objects for path, sides in objects_of.as_table(each.changes).items()}


@each_case
def test_what_changes_is_named_and_nothing_else_is(case: Case) -> None:
    """Where Argo CD itself saw no difference before the pull request."""
    before = copy.deepcopy((case.live, case.last, case.new))
    assert found(case, in_sync=True) == case.changes
    assert before == (case.live, case.last, case.new), "the comparison changed what it was given"


@each_case
def test_it_is_so_where_argo_cd_did_not_say_that_all_is_in_step(case: Case) -> None:
    assert found(case, in_sync=False) == case.changes


def test_the_tables_are_of_many_kinds() -> None:
    live = [each["live"] for each in objects_of.objects()]
    assert len(live) >= 30
    assert len({each["kind"] for each in live}) >= 25
