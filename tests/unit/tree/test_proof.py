"""Our own hashing of trees, against git's."""

import hashlib
from pathlib import Path

import pytest

from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.model import Entry, Mode
from tests import builders
from tests.builders import ENVIRON, Files

NAMES = [
    "plain",
    "with space",
    'a "quote"',
    "new\nline",
    "größe",
    "日本",
    "+[(",
    "-dash",
    "caf\udce9",
    "\udcff\udcfe",
    "tab\t",
    "'",
    "\\",
]

CASES: dict[str, Files] = {
    "names": {name: name.encode("utf-8", "surrogateescape") for name in NAMES} | {f"d/{name}/f": "x" for name in NAMES},
    "order": dict.fromkeys(["a/x", "a.b", "a-b", "a0", "ab", "A", "b/a/x", "b/a.x", "b/a0"], "1"),
    "modes": {"x": builders.executable("#!"), "l": builders.symlink("x"), "m": builders.submodule(), "empty": ""},
}


@pytest.mark.parametrize("case", CASES)
def test_a_tree_hashes_to_what_git_calls_it(case: str, tmp_path: Path) -> None:
    """N7: names and modes of every kind, and git's order, where a directory sorts as if its name ended with a slash."""
    repo = tmp_path / "repo"
    [commit] = builders.repository(repo, CASES[case])
    builders.git(repo, "read-tree", commit)
    written = builders.git(repo, "write-tree").decode().strip()

    with Clone(repo, ENVIRON) as clone:
        pending = [Sha(written)]
        while pending:
            sha = pending.pop()
            listing = clone.tree(sha)
            assert proof.sha_of(listing, like=sha) == sha
            assert proof.holds(listing, sha)
            pending += [entry.sha for entry in listing.values() if entry.is_directory]
    assert builders.trees(CASES[case])[1] == written


def test_the_empty_tree_has_gits_well_known_name() -> None:
    assert proof.sha_of({}, like=builders.SHA1) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_a_listing_with_an_entry_missing_added_or_changed_is_no_proof() -> None:
    """N2."""
    listing = {"a": builders.file("1").entry, "b": builders.file("2").entry}
    sha = proof.sha_of(listing, like=builders.SHA1)
    assert proof.holds(listing, sha)
    assert not proof.holds({"a": listing["a"]}, sha)
    assert not proof.holds({}, sha)
    assert not proof.holds({**listing, "c": listing["a"]}, sha)
    assert not proof.holds({**listing, "b": Entry(Mode.EXECUTABLE, listing["b"].sha)}, sha)


def test_trees_that_old_tools_wrote_with_padded_modes_are_proven_too() -> None:
    listing = {"d": Entry(Mode.DIRECTORY, Sha("1" * 40)), "f": Entry(0o100664, Sha("2" * 40))}
    body = b"040000 d\0" + bytes.fromhex("1" * 40) + b"100664 f\0" + bytes.fromhex("2" * 40)
    sha = Sha(hashlib.sha1(b"tree %d\0" % len(body) + body).hexdigest())
    assert proof.holds(listing, sha)


def test_sha256_repositories_are_told_by_the_length_of_their_ids(tmp_path: Path) -> None:
    builders.git(tmp_path, "init", "--quiet", "--object-format=sha256", "repo")
    repo = tmp_path / "repo"
    blob = Sha(builders.git(repo, "hash-object", "-w", "--stdin", given=b"hello").decode().strip())
    tree = Sha(builders.git(repo, "mktree", given=f"100644 blob {blob}\tf\n".encode()).decode().strip())
    assert proof.blob_sha(b"hello", like=tree) == blob
    assert proof.sha_of({"f": Entry(Mode.FILE, blob)}, like=tree) == tree
    with Clone(repo, ENVIRON) as clone:
        assert clone.tree(tree) == {"f": Entry(Mode.FILE, blob)}


def test_a_file_hashes_to_what_git_calls_it() -> None:
    assert proof.blob_sha(b"", like=builders.SHA1) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
