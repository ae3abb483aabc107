"""What becomes of each target, and how much of it is known."""

import pytest

from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import effect
from telefonistka_py.promotion.model import Counts, Effect, Kind
from telefonistka_py.tree.reading import Reader, Trees
from tests import builders
from tests.builders import Files

SYNC = {RepoPath("a/nginx"): RepoPath("workspace/nginx")}


def found(files: Files) -> Effect:
    reader, root = builders.reader(files)
    [made] = effect.of(reader, root, builders.promotion(sync=SYNC))
    assert not reader.wanted
    return made


@pytest.mark.parametrize(
    ("files", "kind", "counts", "words"),
    [
        ({"workspace/nginx/f": "1", "a/nginx/f": "1"}, Kind.LEVEL, Counts(0, 0, 0), ""),
        ({"other": "1"}, Kind.LEVEL, Counts(0, 0, 0), ""),
        ({"workspace/nginx/f": "1", "a/nginx/f": "0"}, Kind.CHANGES, Counts(0, 1, 0), "1 file: +0 ~1 -0"),
        ({"workspace/nginx/f": "1", "a/nginx/g": "1"}, Kind.CHANGES, Counts(1, 0, 1), "2 files: +1 ~0 -1"),
        ({"workspace/nginx/d/f": "1", "a/other": "1"}, Kind.ADDS, Counts(1, 0, 0), "1 file"),
        ({"a/nginx/d/f": "1", "a/nginx/g": "1"}, Kind.REMOVES, Counts(0, 0, 2), "2 files"),
    ],
)
def test_what_becomes_of_a_target_is_told_by_both_sides(files: Files, kind: Kind, counts: Counts, words: str) -> None:
    made = found(files)
    assert made == Effect("nginx", RepoPath("workspace/nginx"), RepoPath("a/nginx"), kind, counts)
    assert made.counts == counts
    assert effect.in_words(made) == words


def test_what_was_not_read_is_not_asked_for_and_not_counted() -> None:
    loaded, root = builders.trees({"workspace/nginx/deep/f": "1", "a/other": "1"})
    partly = Trees()
    top = loaded.get(root)
    assert top is not None
    workspace = loaded.get(top["workspace"].sha)
    assert workspace is not None
    a = loaded.get(top["a"].sha)
    assert a is not None
    for sha, listing in ((root, top), (top["workspace"].sha, workspace), (top["a"].sha, a)):
        partly.add(sha, listing)
    reader = Reader(partly)
    [made] = effect.of(reader, root, builders.promotion(sync=SYNC))
    assert made.kind is Kind.ADDS
    assert made.counts is None
    assert effect.in_words(made) == ""
    assert not reader.wanted


def test_where_nobody_looked_every_component_arrives() -> None:
    promotion = builders.promotion()
    assert effect.arriving(promotion) == effect.named(promotion) == ("nginx",)
    assert effect.leaving(promotion) == ()
