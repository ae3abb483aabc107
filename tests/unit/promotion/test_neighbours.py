"""Of several promotions of the same, the one of the latest merge counts."""

from dataclasses import replace

import pytest

from telefonistka_py.github.facts import FoundPull, OpenPull
from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.promotion import metadata, neighbours
from telefonistka_py.promotion.model import Metadata, Step
from telefonistka_py.promotion.neighbours import Neighbour

ALL = [RepoPath("dev/a"), RepoPath("lab/a")]


def open_one(number: int, trigger: int | None, *targets: str) -> Neighbour:
    branch = "by-hand" if trigger is None else f"promotions/{trigger}-feature-0123456789ab"
    pull = FoundPull(f"P{number}", number, "OPEN", "", "", Sha("0" * 40), frozenset(), frozenset(), ours=True)
    return Neighbour(OpenPull(pull, branch, "", touched=False), frozenset(map(RepoPath, targets or ALL)))


def settled(
    *others: Neighbour, later: frozenset[int] = frozenset(), before: int | None = None
) -> tuple[list[int], int]:
    """The numbers of those that a promotion of #10 overtakes, and of the one that overtakes it, or 0."""
    found = neighbours.rivals(others, ALL, "promotions/10-mine-0123456789ab", before)
    came = neighbours.settle(found, ALL, later)
    return [each.open.pull.number for each in came.older], came.newer.open.pull.number if came.newer else 0


def test_which_is_newer_is_told_by_the_merges_and_not_by_the_numbers() -> None:
    assert settled(open_one(20, 11)) == ([20], 0)
    assert settled(open_one(20, 11), later=frozenset({11})) == ([], 20)


@pytest.mark.parametrize(
    ("targets", "later", "expected"),
    [
        (("dev/a",), False, ([20], 0)),
        (("dev/a",), True, ([], 0)),
        (("dev/a", "lab/a", "prod/a"), False, ([], 0)),
        (("dev/a", "lab/a", "prod/a"), True, ([], 20)),
        (("dev/a", "prod/a"), False, ([], 0)),
        (("dev/a", "prod/a"), True, ([], 0)),
    ],
)
def test_one_takes_anothers_place_only_if_it_carries_all_of_it(
    targets: tuple[str, ...], later: bool, expected: tuple[list[int], int]
) -> None:
    assert settled(open_one(20, 11, *targets), later=frozenset({11} if later else ())) == expected


def test_one_is_overtaken_by_what_was_opened_after_it_for_another_merge() -> None:
    others = [open_one(19, 9), open_one(20, 10), open_one(21, 10), open_one(22, 12, "prod/a")]
    assert neighbours.overtaking(others, 20, ALL) is None
    found = neighbours.overtaking([*others, open_one(23, 13, "lab/a")], 20, ALL)
    assert found is not None
    assert found.open.pull.number == 23


def test_one_draws_on_the_sources_that_its_metadata_names_or_a_merge_knows_better() -> None:
    known = Metadata(
        Login("alice"), 10, (RepoPath("dev/a"), RepoPath("lab/a")), {10: Step("work/", ("dev", "lab/", "prod/"))}
    )
    stands = replace(open_one(20, 10).open, body=metadata.block(known))
    [near] = neighbours.read([stands])
    both = {"dev/a": "work/a", "lab/a": "work/a"}
    sync = {RepoPath("dev/a"): RepoPath("other/a"), RepoPath("dev/b"): RepoPath("work/b")}
    assert neighbours.drawing_on(near, {RepoPath("work"), RepoPath("work/a")}, {}) == both
    assert neighbours.drawing_on(near, {RepoPath("work"), RepoPath("dev/a")}, {}) == {}
    assert neighbours.drawing_on(near, {RepoPath("work/a")}, sync) == both | {"dev/a": "other/a"}


def test_those_of_the_same_merge_are_no_rivals() -> None:
    assert settled(open_one(20, 10)) == ([], 0)


def test_one_whose_merge_is_not_known_was_there_first() -> None:
    assert settled(open_one(20, None)) == ([20], 0)


def test_of_two_that_stand_the_one_opened_last_sees_to_both() -> None:
    assert settled(open_one(20, 11), open_one(22, 12), before=21) == ([20], 0)


def test_of_several_that_are_newer_the_last_opened_is_named() -> None:
    assert settled(open_one(22, 12), open_one(20, 11), later=frozenset({11, 12})) == ([], 22)
