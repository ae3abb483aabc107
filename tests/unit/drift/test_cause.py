import pytest

from telefonistka_py.drift import cause
from telefonistka_py.drift.model import Carried, Cause, Direct, Gap, Heading, LastCommit, SourceMoved
from telefonistka_py.github.facts import FoundPull, OpenPull
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion.neighbours import Neighbour
from tests.unit.drift.builders import PAIR, commit, gap

GAP = gap({"f": "1"}, {"f": "2"})
assert GAP.source is not None
SOURCE = GAP.source.sha
EARLY, LATE, PROMOTED = commit(day=1), commit(day=9, sha="cd"), commit(day=9, sha="ef", promoted=True)


def promotion(number: int, *targets: str) -> Neighbour:
    head = Sha(f"{number:040x}")
    pull = FoundPull("id", number, "OPEN", "", "", head, frozenset(), frozenset())
    return Neighbour(OpenPull(pull, f"promotions/{number}", "", False), frozenset(map(RepoPath, targets)))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (EARLY, LATE, Direct(LATE)),
        (LATE, EARLY, SourceMoved(LATE)),
        (EARLY, PROMOTED, SourceMoved(EARLY)),
        (LATE, None, SourceMoved(LATE)),
        (None, EARLY, Direct(EARLY)),
        (None, None, SourceMoved(None)),
        (EARLY, EARLY, SourceMoved(EARLY)),
    ],
)
def test_without_an_open_promotion_whoever_came_last_is_named(
    source: LastCommit | None, target: LastCommit | None, expected: Cause
) -> None:
    assert cause.of(GAP, (), {}, {PAIR.source: source, PAIR.target: target}) == expected


def test_an_open_promotion_carries_the_change_only_if_its_head_holds_it() -> None:
    """N25"""
    wrong, right, elsewhere = promotion(9, PAIR.target), promotion(7, PAIR.target), promotion(8, "clusters/lab/nginx")
    standing = {(Sha(f"{9:040x}"), PAIR.target): Sha("1" * 40), (Sha(f"{7:040x}"), PAIR.target): SOURCE}
    assert cause.of(GAP, (wrong, elsewhere, right), standing, {}) == Carried(7)
    assert cause.of(GAP, (wrong, elsewhere), standing, {}) == Heading(9)


def test_a_promotion_of_a_deletion_carries_it_when_its_head_has_nothing_there() -> None:
    gone = Gap(PAIR, GAP.differences, source=None)
    assert cause.of(gone, (promotion(7, PAIR.target),), {(Sha(f"{7:040x}"), PAIR.target): None}, {}) == Carried(7)
