"""What a promotion does to each target: removes it, adds it, changes it, or nothing; and in how many files."""

from collections.abc import Iterable

from telefonistka_py import counted
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion.model import Counts, Effect, Kind, Promotion
from telefonistka_py.tree import difference
from telefonistka_py.tree.model import Entry
from telefonistka_py.tree.reading import Reader


def of(reader: Reader, root: Sha, promotion: Promotion) -> tuple[Effect, ...]:
    """The effects of `promotion` on the tree `root`, as far as they are known from what was read already.

    Nothing is asked for: a listing that is not there leaves the counts out. What goes is always counted once the
    tree that results is known, since each file that goes is named to GitHub.
    """
    names = {f"{target.rstrip('/')}/{name}": name for name in promotion.components for target in promotion.targets}
    found = []
    for target, source in promotion.sync.items():
        before, after = reader.find(root, target), reader.find(root, source)
        counts = _counts(reader, before, after)
        found.append(Effect(names.get(target, target), source, target, _kind(before, after), counts))
    return tuple(found)


def arriving(promotion: Promotion) -> tuple[str, ...]:
    """The components that bring something; all of the promotion where nobody looked."""
    return _with(promotion, Kind.ADDS, Kind.CHANGES) if promotion.effects else promotion.components


def leaving(promotion: Promotion) -> tuple[str, ...]:
    """The components that are removed."""
    return _with(promotion, Kind.REMOVES)


def named(promotion: Promotion) -> tuple[str, ...]:
    """The components that something becomes of, for titles; all where that is none."""
    return _with(promotion, Kind.ADDS, Kind.CHANGES, Kind.REMOVES) or promotion.components


def removals_first(effects: Iterable[Effect]) -> list[Effect]:
    """In the same order otherwise."""
    return sorted(effects, key=lambda effect: effect.kind is not Kind.REMOVES)


def in_words(effect: Effect) -> str:
    """How many files; empty where that is not known, or none: `3 files`, `2 files: +1 ~0 -1`."""
    counts = effect.counts
    if counts is None or not counts.files:
        return ""
    files = counted.of(counts.files, "file")
    if effect.kind is Kind.CHANGES:
        return f"{files}: +{counts.added:,} ~{counts.modified:,} -{counts.deleted:,}"
    return files


def _with(promotion: Promotion, *kinds: Kind) -> tuple[str, ...]:
    having = {effect.component for effect in promotion.effects if effect.kind in kinds}
    return tuple(name for name in promotion.components if name in having)


def _kind(before: Entry | None, after: Entry | None) -> Kind:
    if before == after:
        return Kind.LEVEL
    if after is None:
        return Kind.REMOVES
    return Kind.ADDS if before is None else Kind.CHANGES


def _counts(reader: Reader, before: Entry | None, after: Entry | None) -> Counts | None:
    looking = reader.apart()
    found = difference.changes(list(difference.differences(looking, before, after, RepoPath(""))))
    if looking.wanted:
        return None
    return Counts(len(found.added), len(found.modified), len(found.deleted))
