"""Makes directories exactly equal to others: the tree that results, and what to ask of GitHub to write it.

GitHub's `POST git/trees` with a `base_tree` merges a directory entry into a directory that is there already, so nothing
would ever be deleted. Hence only what differs is written: changed files by their blob, directories by their tree where
nothing in them goes (merging is then what is meant), and one `sha: null` for each file that goes. What the whole tree
must be afterwards is computed here by git's own hashing; the caller compares it with what GitHub answers, so that a
commit is made only of the tree that was meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py import markdown
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.difference import differences
from telefonistka_py.tree.model import Entry, Listing, Mode, ancestors, join
from telefonistka_py.tree.reading import Reader

WRITABLE = frozenset(Mode)


@dataclass(frozen=True)
class Write:
    """One entry of `POST git/trees`. `entry` None deletes the file at `path`, which had `mode` and `kind`."""

    path: RepoPath
    mode: int
    kind: str
    sha: Sha | None


@dataclass(frozen=True)
class Graft:
    """`root` is the tree afterwards. `steps` are written one upon the other; each is one `POST git/trees`.

    There is no step where nothing differs, else one; two where a path turns from a file into a directory or back,
    since GitHub does not say what it does when one request asks for both.
    """

    root: Sha
    steps: tuple[tuple[Write, ...], ...]


def make(reader: Reader, root: Sha, wanted: Mapping[RepoPath, Entry | None]) -> Graft:
    """Puts at each path of `wanted` exactly its entry, or nothing for None; all else below `root` stays as it is.

    No path of `wanted` may lie inside another. Raises `RepoMistake` for an entry that GitHub's API can't express.
    """
    deletions: list[Write] = []
    puts: list[Write] = []
    clash = False
    for path, entry in sorted(wanted.items()):
        for above in ancestors(path)[1:]:
            there = reader.find(root, above)
            if entry is not None and there is not None and not there.is_directory:
                deletions.append(_deletion(above, there))
                clash = True
        clash |= _replace(reader, path, reader.find(root, path), entry, deletions, puts)
    deletions = list(dict.fromkeys(deletions))
    for write in (*deletions, *puts):
        _check(write)
    after = _rewritten(reader, Entry(Mode.DIRECTORY, root), dict(wanted), root)
    steps = (deletions, puts) if clash else (deletions + puts,)
    return Graft(after or proof.sha_of({}, like=root), tuple(tuple(step) for step in steps if step))


def _replace(
    reader: Reader, path: RepoPath, before: Entry | None, after: Entry | None, deletions: list[Write], puts: list[Write]
) -> bool:
    """Adds what turns `before` into `after`; tells whether a file and a directory meet at one path."""
    if before == after:
        return False
    if after is None:
        deletions += [
            _deletion(gone.path, gone.before) for gone in differences(reader, before, None, path) if gone.before
        ]
        return False
    if before is None:
        puts.append(_put(path, after))
        return False
    if before.is_directory and after.is_directory:
        return _replace_directory(reader, path, before, after, deletions, puts)
    clash = before.is_directory or after.is_directory
    if clash:
        _replace(reader, path, before, None, deletions, puts)
    puts.append(_put(path, after))
    return clash


def _replace_directory(
    reader: Reader, path: RepoPath, before: Entry, after: Entry, deletions: list[Write], puts: list[Write]
) -> bool:
    """Where nothing goes, one entry for the directory is enough: merged into what is there, it is what was meant.

    GitHub is slow with many entries (some hundreds take it many seconds), so the fewer the better.
    """
    gone: list[Write] = []
    come: list[Write] = []
    old, new = reader.listing(before), reader.listing(after)
    clashes = [
        _replace(reader, join(path, name), old.get(name), new.get(name), gone, come)
        for name in sorted(old.keys() | new.keys())
    ]
    deletions += gone
    puts += [_put(path, after)] if len(come) > 1 and not gone else come
    return any(clashes)


def _rewritten(reader: Reader, here: Entry | None, wanted: dict[RepoPath, Entry | None], root: Sha) -> Sha | None:
    """The tree `here` with `wanted` (paths relative to it) in place; None when nothing is left in it."""
    listing: Listing = dict(reader.listing(here))
    deeper: dict[str, dict[RepoPath, Entry | None]] = {}
    for path, entry in wanted.items():
        name, _, rest = path.partition("/")
        if rest:
            deeper.setdefault(name, {})[RepoPath(rest)] = entry
        elif entry is None:
            listing.pop(name, None)
        else:
            listing[name] = entry
    for name, below in deeper.items():
        old = listing.get(name)
        if old is not None and not old.is_directory and not any(below.values()):
            continue  # nothing to put below a file, and nothing there to delete
        sha = _rewritten(reader, old, below, root)
        if sha is None:
            listing.pop(name, None)
        else:
            listing[name] = Entry(Mode.DIRECTORY, sha)
    return proof.sha_of(listing, like=root) if listing else None


def _put(path: RepoPath, entry: Entry) -> Write:
    return Write(path, entry.mode, entry.kind, entry.sha)


def _deletion(path: RepoPath, entry: Entry) -> Write:
    # A file with an odd old mode can still be deleted: GitHub goes by the path.
    return Write(path, entry.mode if entry.mode in WRITABLE else Mode.FILE, entry.kind, None)


def _check(write: Write) -> None:
    try:
        write.path.encode()
    except UnicodeEncodeError:
        raise RepoMistake(
            f"{markdown.printable(write.path)}: its name is not UTF-8, which GitHub's API can't write; rename it"
        ) from None
    if write.mode not in WRITABLE:
        raise RepoMistake(
            f"{write.path}: its git mode {write.mode:o} is one that GitHub's API can't write; commit the file anew "
            f"(git 1.5 and later write 100644 or 100755)"
        )
