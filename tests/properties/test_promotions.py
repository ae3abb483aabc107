"""For any repository, configuration and change: what a promotion leaves behind in GitHub."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings

from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, route
from telefonistka_py.promotion.decide import Decision
from telefonistka_py.promotion.model import Lot, Promotion
from telefonistka_py.tree import difference
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader, Trees, Wanted, attempt
from tests import builders
from tests.builders import ENVIRON, File
from tests.properties import hub, strategies
from tests.properties.strategies import Case

thorough = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
numbers = count()


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repositories")


def decided(case: Case, reader: Reader, root: Sha) -> Decision:
    routes = route.find(case.config, case.changed, frozenset())
    return decide.on(reader, root, routes, case.lists)


def opened(reader: Reader, sha: Sha) -> hub.Flat:
    found: hub.Flat = {}
    for name, entry in reader.listing(Entry(Mode.DIRECTORY, sha)).items():
        inside = opened(reader, entry.sha) if entry.is_directory else {"": entry}
        found |= {f"{name}/{path}" if path else name: leaf for path, leaf in inside.items()}
    return found


def contents(flat: hub.Flat, files: Iterable[File]) -> dict[str, File]:
    """The files behind a tree's entries."""
    known = {file.entry: file for file in files}
    return {path: known[entry] for path, entry in flat.items()}


def overlap(promotion: Promotion, lot: Lot) -> bool:
    """Whether a target lies in a component that changed, around it, or is one: it may be the next source then."""
    return any(
        f"{target}/".startswith(f"{source.path}/") or f"{source.path}/".startswith(f"{target}/")
        for target in promotion.sync
        for source in lot.components
    )


def nothing_else_changed(base: hub.Flat, after: hub.Flat, targets: Iterable[RepoPath]) -> None:
    names = list(targets)

    def belongs(path: str) -> bool:
        return any(f"{path}/".startswith(f"{target}/") for target in names)

    gave_way = {path for path in base if any(target.startswith(f"{path}/") for target in names) and path not in after}
    assert {path: entry for path, entry in after.items() if not belongs(path)} == {
        path: entry for path, entry in base.items() if not belongs(path) and path not in gave_way
    }
    for path in gave_way:
        assert any(other.startswith(f"{path}/") for other in after), f"{path} went for nothing"


DEEP = Case(
    {"w/a/p/q": File(b"1"), "dev/a/p": File(b"2"), "t": File(b"3"), "README": File(b"4")},
    builders.config(builders.flow("w/", ["dev/", "t/u"])),
    (RepoPath("w/a/p/q"), RepoPath("w/gone/f")),
    {},
)


@thorough
@given(case=strategies.cases())
@example(case=DEEP)
def test_each_target_becomes_its_source_and_nothing_else_changes(case: Case, somewhere: Path) -> None:
    trees, root = builders.trees(case.files)
    reader = Reader(trees)
    decision = decided(case, reader, root)
    base = hub.flat(case.files)
    written: list[dict[str, File]] = []
    for promotion, found in zip(decision.plan.promotions, decision.grafts, strict=True):
        graft = builders.made(found)
        after = hub.apply(base, graft.steps, lambda sha: opened(reader, sha))
        for target, source in promotion.sync.items():
            assert hub.below(after, target) == hub.below(base, source)
        nothing_else_changed(base, after, promotion.sync)
        assert bool(graft.steps) == (after != base)
        assert len(graft.steps) <= 2
        written.append(contents(after, case.files.values()))
    assert not reader.wanted
    where = somewhere / f"{next(numbers)}"
    commits = builders.repository(where, case.files, *written)
    with Clone(where, ENVIRON) as clone:
        assert [clone.commit(commit).tree for commit in commits] == [
            root,
            *(builders.made(graft).root for graft in decision.grafts),
        ]


@thorough
@given(case=strategies.cases())
@example(case=DEEP)
def test_once_promoted_there_is_nothing_left_to_do(case: Case) -> None:
    trees, root = builders.trees(case.files)
    reader = Reader(trees)
    decision = decided(case, reader, root)
    lots = route.find(case.config, case.changed, frozenset()).lots
    apart = [at for at, promotion in enumerate(decision.plan.promotions) if not overlap(promotion, lots[at])]
    assume(apart)
    for at in apart:
        promotion, graft = decision.plan.promotions[at], builders.made(decision.grafts[at])
        after = hub.apply(hub.flat(case.files), graft.steps, lambda sha: opened(reader, sha))
        trees_after, root_after = builders.trees(contents(after, case.files.values()))
        again = decided(case, Reader(trees_after), root_after)
        assert again.plan.promotions[at].sync == promotion.sync
        left = builders.made(again.grafts[at])
        assert left.steps == ()
        assert left.root == root_after == graft.root


@thorough
@given(case=strategies.cases())
@example(case=DEEP)
def test_trees_read_a_few_at_a_time_give_the_same_answer(case: Case, somewhere: Path) -> None:
    """N1, N2: the pieces come from a real repository, as they are asked for."""
    loaded, root = builders.trees(case.files)
    where = somewhere / f"lazy-{next(numbers)}"
    builders.repository(where, case.files)
    trees, rounds = Trees(), 0
    with Clone(where, ENVIRON) as clone:
        while isinstance(answer := attempt(trees, lambda reader: decided(case, reader, root)), Wanted):
            rounds += 1
            assert answer.shas
            for sha in answer.shas:
                assert trees.get(sha) is None, "nothing is asked for twice"
                trees.add(sha, clone.tree(sha))
    assert answer == decided(case, Reader(loaded), root)
    assert rounds <= 8, "one round for each depth, not for each directory"


@thorough
@given(before=strategies.trees, after=strategies.trees)
def test_differences_are_those_of_the_files(before: dict[str, File], after: dict[str, File]) -> None:
    (old, old_root), (new, new_root) = builders.trees(before), builders.trees(after)
    both = Trees()
    for sha, listing in (*builders.listings(old, old_root), *builders.listings(new, new_root)):
        both.add(sha, listing)
    found = list(
        difference.differences(
            Reader(both), Entry(Mode.DIRECTORY, old_root), Entry(Mode.DIRECTORY, new_root), RepoPath("")
        )
    )
    one, other = hub.flat(before), hub.flat(after)
    changed = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
    assert {d.path: (d.before, d.after) for d in found} == {path: (one.get(path), other.get(path)) for path in changed}
    assert len(found) == len(changed)
