"""Checks a pull request that changes a `telefonistka.yaml`, before it is merged (N31)."""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from telefonistka_py.config.read import ROOT
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check, check_doubts, check_words, plan
from telefonistka_py.promotion.check import Checked, Reading
from telefonistka_py.promotion.survey import Clock
from telefonistka_py.templates import Templates
from telefonistka_py.tree.model import Entry

MOST_FILES = 200
"""Component files of one pull request that are read; with more, the root's file is judged alone."""

MOST_STANDING = 2_000
"""Further component files, of components whose routes change, that are read; with more, routes are not compared."""


def concerns(paths: list[RepoPath]) -> bool:
    """Whether a pull request that changes `paths` is to be checked."""
    return any(path.rpartition("/")[2] == ROOT or check_doubts.is_misnamed(path) for path in paths)


async def on_changed(
    repo: Repository,
    pull: PullRequest,
    templates: Templates,
    page: str = "",
    clock: Clock = time.process_time,
) -> bool:
    """Sets the status `telefonistka/config` and says what is wrong, or what would change; whether it is fine.

    `page` is what the comment's topic ends in, where each head has comments of its own.

    Both sides are those of the pull request itself: its head, and where it left the default branch.
    """
    checked = await _checked(repo, pull, clock)
    await comments.keep(
        repo,
        pull.number,
        f"{check_words.TOPIC}{page}",
        check_words.comment(checked, templates),
        how_to_see_the_rest="telefonistka check --against REV",
    )
    await repo.create_status(
        pull.head_sha,
        state=checked.state,
        context=check_words.CONTEXT,
        description=check_words.description(checked),
        target_url=pull.html_url,
    )
    return checked.state == "success"


async def _checked(repo: Repository, pull: PullRequest, clock: Clock) -> Checked:
    fork = await repo.merge_base(pull.base_sha, pull.head_sha)
    before, after = await together((repo.files(fork), repo.files(pull.head_sha)))
    if before is None or after is None:
        return await _root_alone(repo, pull, clock)
    # What differs is all that is judged; nobody may have thousands of files read by putting them into a fork (N24).
    own = {
        path for path in {*before, *after} if path.rpartition("/")[2] == ROOT and before.get(path) != after.get(path)
    }
    if len(own) > MOST_FILES:
        return await _root_alone(repo, pull, clock)
    own.add(ROOT)
    old, new = await _reading(repo, before, own), await _reading(repo, after, own)
    return await _with_standing_files(repo, check.make(old, new, clock), (before, old), (after, new), clock)


_Side = tuple[Mapping[RepoPath, Entry], Reading]
"""All files of one state, and what was read of them."""


async def _with_standing_files(repo: Repository, checked: Checked, old: _Side, new: _Side, clock: Clock) -> Checked:
    """The same with the files that the pull request leaves as they are, of the components whose routes change, or to
    which a changed file will be promoted: what such a file blocks is no route (N3). No other could matter."""
    (_, was), (after, now) = old, new
    concerned = {*checked.heirs, *(change.component for change in checked.changes or ())}
    files = {plan.component_file(component) for component in concerned}
    standing = {path for path in files & after.keys() if path not in now.files}
    if not standing:
        return checked
    if len(standing) > MOST_STANDING:
        why = f"{len(standing):,} files of components, on which they depend, are more than are read here"
        return replace(checked, changes=None, uncompared=why)
    read = (await _reading(repo, after, standing)).files  # the same on both sides, or they would have been read before
    return check.make(replace(was, files={**was.files, **read}), replace(now, files={**now.files, **read}), clock)


async def _reading(repo: Repository, files: Mapping[RepoPath, Entry], own: Collection[RepoPath]) -> Reading:
    configurations = {path: entry for path, entry in files.items() if path in own}
    contents = await repo.blobs(entry.sha for entry in configurations.values() if entry.is_file)
    found = {path: contents[entry.sha] if entry.is_file else None for path, entry in configurations.items()}
    return Reading(found, tuple(files))


async def _root_alone(repo: Repository, pull: PullRequest, clock: Clock) -> Checked:
    """In a repository that GitHub does not list at once, the root's file is judged, and routes are not compared."""
    content = await repo.file_at(pull.head_sha, ROOT)
    reading = Reading({} if content is None else {ROOT: content}, ())
    checked = check.make(None, reading, clock)
    said = tuple(problem for problem in checked.problems if check.fails(problem))
    return replace(checked, problems=said, uncompared="the repository has more files than GitHub lists at once")
