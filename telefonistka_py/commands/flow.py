"""Obeys the commands in a comment, if whoever wrote it may (N24)."""

from dataclasses import dataclass

import structlog

from telefonistka_py.commands import find
from telefonistka_py.config import read
from telefonistka_py.config.problem import Invalid
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events.model import CommentEvent, PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.templates import Templates
from telefonistka_py.tree.reading import Trees

log = structlog.get_logger()

DESCRIPTION = "Set by {login} with a comment"


@dataclass(frozen=True)
class Obeyed:
    """What was done; `retrigger` is the pull request whose checks are to run again."""

    note: str
    retrigger: PullRequest | None = None


async def obey(repo: Repository, event: CommentEvent, templates: Templates) -> Obeyed:
    """Reads no more than it must: a comment without a slash costs nothing."""
    if "/" not in event.body:
        return Obeyed("the comment holds no command")
    if find.retriggers(event.body):
        if not await repo.may_write(event.sender):
            return _not_allowed(event)
        await _acknowledge(repo, event)
        return Obeyed("runs again", retrigger=await repo.pull(event.number))
    contexts = await _toggled(repo, event)
    if not contexts:
        return Obeyed("the comment holds no command")
    if not await repo.may_write(event.sender):
        return _not_allowed(event)
    pull = await repo.pull(event.number)
    notes = [await _flip(repo, event, pull, context, templates) for context in contexts]
    return Obeyed("; ".join(notes))


async def _acknowledge(repo: Repository, event: CommentEvent) -> None:
    """An eye on the comment: whoever wrote it sees that it was read. What was asked for does not depend on it."""
    try:
        await repo.react(event.comment_id, "eyes")
    except (Refused, OperatorMistake, WorldUnwell) as error:
        log.warning("command not acknowledged", comment=event.comment_id, reason=str(error))


async def _toggled(repo: Repository, event: CommentEvent) -> tuple[str, ...]:
    file = (await repo.start(Trees(), event.number)).config
    if file is None or file.content is None:
        return ()
    config = read.root(file.content)
    return () if isinstance(config, Invalid) else find.toggles(event.body, config.value.toggle_commit_status)


async def _flip(repo: Repository, event: CommentEvent, pull: PullRequest, context: str, templates: Templates) -> str:
    found = await repo.status_of(pull.head_sha, context)
    if found is None:
        text = templates.render("no-such-status-comment", login=event.sender, context=context)
        await comments.keep(repo, event.number, f"command-{event.comment_id}", text)
        return f"there is no commit status {context}"
    state, target_url = found
    if event.html_url and target_url == event.html_url:
        return f"{context} was flipped by an earlier attempt"  # flipping again would undo it (N12)
    wanted = find.flipped(state)
    await repo.create_status(
        pull.head_sha,
        state=wanted,
        context=context,
        description=DESCRIPTION.format(login=event.sender),
        target_url=event.html_url or pull.html_url,
    )
    return f"{context} is {wanted} now"


def _not_allowed(event: CommentEvent) -> Obeyed:
    # Nothing is said to them: an answer to everybody who can comment would be a way to make the bot write (N24).
    log.warning("command ignored", sender=event.sender, reason="no write access")
    return Obeyed(f"{event.sender} has no write access: the command is ignored")
