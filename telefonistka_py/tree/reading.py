"""Reading trees that are fetched a few at a time.

A decision walks trees through a `Reader`. Where a listing is not there yet, the reader notes which one is wanted and
goes on, so that one pass names everything that is missing at that depth; `attempt` answers only when nothing was. The
shell fetches what was wanted and attempts again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from telefonistka_py.errors import RepoMistake, WorldUnwell
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.model import Entry, Listing, Mode

Answer = TypeVar("Answer")


class Trees:
    """Listings by object id. What is added must prove itself, so a listing that was cut short can't get in (N2)."""

    def __init__(self) -> None:
        self._listings: dict[Sha, Listing] = {}

    def add(self, sha: Sha, listing: Listing) -> None:
        """Keeps `listing`; raises `WorldUnwell` when it is not the whole of the tree `sha`."""
        if sha in self._listings:
            return
        if not proof.holds(listing, sha):
            raise WorldUnwell(
                f"the listing of the directory with git tree {sha} is incomplete or wrong: "
                f"its {len(listing)} entries do not hash to that id"
            )
        self._listings[sha] = listing

    def get(self, sha: Sha) -> Listing | None:
        return self._listings.get(sha)


class Reader:
    """One pass over `trees`; `wanted` holds the trees it missed, in the order it met them."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self.wanted: dict[Sha, None] = {}

    def apart(self) -> "Reader":
        """Another pass over the same trees. What it misses is not fetched: for what is good to know and no more."""
        return Reader(self._trees)

    def listing(self, entry: Entry | None) -> Listing:
        """The listing of a directory; empty for anything else, and for one that had to be noted as wanted."""
        if entry is None or not entry.is_directory:
            return {}
        listing = self._trees.get(entry.sha)
        if listing is None:
            self.wanted[entry.sha] = None
            return {}
        return listing

    def find(self, root: Sha, path: RepoPath) -> Entry | None:
        """What stands at `path` below the tree `root`; None when nothing does."""
        here: Entry | None = Entry(Mode.DIRECTORY, root)
        for name in path.split("/") if path else ():
            here = self.listing(here).get(name)
        return here


@dataclass(frozen=True)
class Wanted:
    """The trees to fetch before the question can be answered."""

    shas: tuple[Sha, ...]


def attempt(trees: Trees, decide: Callable[[Reader], Answer]) -> Answer | Wanted:
    """`decide`'s answer if every listing it asked for was there; else which were not."""
    reader = Reader(trees)
    try:
        answer = decide(reader)
    except RepoMistake:
        if not reader.wanted:
            raise
        return Wanted(tuple(reader.wanted))  # judged on less than the whole: ask again
    return Wanted(tuple(reader.wanted)) if reader.wanted else answer
