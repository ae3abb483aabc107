"""What GitHub knows that the comparison needs, in one query."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telefonistka_py.argocd import render
from telefonistka_py.config.problem import Invalid
from telefonistka_py.events.model import PullRequest
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, draft, plan
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.tree.model import Entry, Mode

_TICKED = re.compile(rf"^\s*- \[[xX]\] {re.escape(render.SYNC_MARKER)}", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """One look at the pull request."""

    open: bool
    comments: tuple[OwnComment, ...]
    """Ours."""
    silent: frozenset[RepoPath]
    """Components whose contents are not to be shown: their file at the head says so, or can't be read."""


async def look(repo: Repository, ground: Ground, pull: PullRequest, components: Sequence[RepoPath]) -> Seen:
    """The components' own files at the head, our comments, and whether the pull request is still open."""
    seen = await repo.look(
        ground.pin,
        ground.trees,
        flat=(),
        deep=(),
        files=sorted(plan.component_file(each) for each in components),
        branches=(),
        comments_of=pull.number,
        label=draft.LABEL,
        files_at=pull.head_sha,
    )
    silent = set()
    for component in components:
        if node := seen.texts.get(plan.component_file(component)):
            # A symlink's text is no mapping; what is no file at all has no size.
            entry = Entry(Mode.FILE if "byteSize" in node else Mode.DIRECTORY, Sha(node["oid"]))
            file = decide.read_component(component, entry, await repo.content(node, entry))
            if isinstance(file, Invalid) or file.value.disable_argocd_diff:
                silent.add(component)
    return Seen(seen.state == "OPEN", seen.comments, frozenset(silent))


def ticked(comments: Iterable[OwnComment]) -> bool:
    """Whether people have asked, in a comment of ours that stands, for the apps to follow the branch."""
    return any(_TICKED.search(each.body) for each in comments if not each.minimized)
