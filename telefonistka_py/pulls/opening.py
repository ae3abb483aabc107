"""What is left to do for a pull request of ours, given what an earlier attempt may have done (N12, N13)."""

from dataclasses import dataclass

from telefonistka_py.github.facts import Existing, FoundPull, Pin
from telefonistka_py.names import Sha
from telefonistka_py.tree.graft import Graft


@dataclass(frozen=True)
class Level:
    """The default branch holds all of it already."""


@dataclass(frozen=True)
class Standing:
    """The pull request was opened before. `missing_labels`: it is open, and an attempt ended before it was marked."""

    pull: FoundPull
    missing_labels: bool


@dataclass(frozen=True)
class Make:
    """To be opened."""

    commit: Sha | None
    """A commit that an earlier attempt made of the very same; None: to be made."""
    branch_exists: bool


@dataclass(frozen=True)
class Refuse:
    """Something of somebody else's is in the way."""

    why: str
    pull: int | None = None
    """The pull request that `why` goes on from, where it is one: `#8, which …`."""


Decision = Level | Standing | Make | Refuse


def decide(existing: Existing, graft: Graft, pin: Pin, labels: tuple[str, ...], message: str) -> Decision:
    """`message` is that of the commit we would make; its first line tells a commit of ours. The rest may have been
    written by an earlier version, or before the default branch moved."""
    foreign = [pull for pull in existing.pulls if not pull.ours and pull.state == "OPEN"]
    if foreign:
        return Refuse("which I did not open, uses its branch; close it, and delete the branch", foreign[0].number)
    ours = [pull for pull in existing.pulls if pull.ours]
    if ours:
        newest = next((pull for pull in ours if pull.state == "OPEN"), ours[0])
        return Standing(newest, newest.state == "OPEN" and not newest.labels.issuperset(labels))
    if not graft.steps:
        return Level()
    branch = existing.branch
    if branch is None:
        return Make(None, branch_exists=False)
    if branch.message.partition("\n")[0] != message.partition("\n")[0] or len(branch.parents) != 1:
        return Refuse("its branch exists with commits that are not mine, and no pull request; delete or rename it")
    same = branch.tree == graft.root and branch.parents == (pin.commit,)
    return Make(branch.commit if same else None, branch_exists=True)
