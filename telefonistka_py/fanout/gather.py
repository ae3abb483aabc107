"""What deciding on a push needs: the configuration, and the files that it changed."""

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid
from telefonistka_py.errors import RepoMistake, WorldUnwell
from telefonistka_py.events.model import PushEvent
from telefonistka_py.fanout import files
from telefonistka_py.github.facts import File
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath
from telefonistka_py.tree import difference
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Trees


async def config(repo: Repository, event: PushEvent) -> Config:
    """The configuration at the default branch's tip. Raises `RepoMistake` when it can't be used."""
    tip = await repo.tip()
    changed = any(path == read.ROOT for commit in event.commits for path in commit.paths)
    if changed and tip.commit != event.after and not await repo.contains(tip.commit, event.after):
        raise WorldUnwell(f"GitHub shows {tip.branch} as it was before this push, which changes {read.ROOT}")
    return _config(tip.config)


def _config(file: File | None) -> Config:
    if file is None:
        return Config()
    if file.content is None or not file.entry.is_file:
        raise RepoMistake(f"nothing is forwarded: {read.ROOT} must be a plain file, not a {file.entry.kind}")
    found = read.root(file.content)
    if isinstance(found, Invalid):
        raise RepoMistake(f"nothing is forwarded: {read.ROOT} can't be used: {found.problems[0]}")
    return found.value


async def paths(repo: Repository, event: PushEvent) -> list[RepoPath]:
    """Every file that the push changed: never fewer than a full list would give."""
    named = files.listed(event)
    if files.is_whole(event):
        return named
    return list(dict.fromkeys([*named, *await _compared(repo, event)]))


async def _compared(repo: Repository, event: PushEvent) -> list[RepoPath]:
    """The files that differ between the two commits. The compare API lists 300 at most, so the trees are walked.

    Where there was nothing before, or it is no longer known, every file counts.
    """
    [after] = [Entry(Mode.DIRECTORY, tree) for tree in await repo.trees_of([event.after])]
    tree = None if files.created(event) else await repo.tree_if_known(event.before)
    before = Entry(Mode.DIRECTORY, tree) if tree else None
    found = await repo.walk(Trees(), lambda reader: list(difference.differences(reader, before, after, RepoPath(""))))
    return [each.path for each in found]
