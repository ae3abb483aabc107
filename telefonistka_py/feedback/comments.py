"""Comments of ours: found again by their marker, so that a retry edits instead of repeating (N12)."""

from collections.abc import Iterable

import structlog

from telefonistka_py.feedback import compose
from telefonistka_py.feedback.model import Message
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.failure import Forbidden, Refused
from telefonistka_py.github.repository import Repository

log = structlog.get_logger()

TAG = "<!-- telefonistka_tag -->"
"""The first line of every comment of ours (contract §5)."""


def tagged(topic: str, text: str, part: int = 1) -> str:
    """`text` as a comment of ours on `topic`; a pull request has at most one comment per topic and part."""
    return f"{_start(topic, part)}{text.strip()}"


async def keep(
    repo: Repository,
    number: int,
    topic: str,
    said: str | Message,
    known: tuple[OwnComment, ...] | None = None,
    *,
    how_to_see_the_rest: str = "",
) -> None:
    """Makes our comment on `topic` say `said`: written, edited, or left alone when it says so already.

    What is too long for one comment becomes several, each linked to the others; those of an earlier, longer message are
    folded away as outdated. Only comments that we wrote are looked at: anyone can write our marker (N25). `known` are
    ours on `number`, where they have been read already.
    """
    if known is None:
        known = await repo.own_comments(number)
    message = said if isinstance(said, Message) else Message(said.strip())
    parts = compose.compose(message, how_to_see_the_rest=how_to_see_the_rest)
    there = [
        about(topic, known, part) or await repo.create_comment(number, tagged(topic, text, part))
        for part, text in enumerate(parts, 1)
    ]
    linked = compose.linked(parts, [comment.url for comment in there])
    for part, (comment, text) in enumerate(zip(there, linked, strict=True), 1):
        if _plain(comment.body) != (body := tagged(topic, text, part)):
            await repo.edit_comment(comment.id, body)
    await _fold(repo, topic, known, len(parts))


async def try_to_keep(
    repo: Repository, number: int, topic: str, said: str | Message, known: tuple[OwnComment, ...] | None = None
) -> bool:
    """`keep`, where what follows must not depend on it: a locked conversation takes nothing. Whether it was said."""
    try:
        await keep(repo, number, topic, said, known)
    except (Refused, Forbidden) as error:
        log.warning("comment not written", pr=number, topic=topic, reason=str(error))
        return False
    return True


async def retract(repo: Repository, topic: str, known: Iterable[OwnComment]) -> None:
    """Folds away what we said on `topic`: it no longer holds."""
    await _fold(repo, topic, known, 0)


def page(head: str) -> str:
    """What topics end in where each head of a pull request gets comments of its own (`comments: minimize`)."""
    return f"@{head[:12]}"


async def fold_former(repo: Repository, known: Iterable[OwnComment]) -> None:
    """Folds away what the Go server said as us on an open pull request: it has our tag and no topic, so that nothing
    would ever bring it up to date."""
    for comment in known:
        if not comment.minimized and _is_former(_plain(comment.body)):
            await repo.minimize(comment)


async def turn(repo: Repository, number: int, page: str) -> None:
    """Folds away all that we said about other heads than that of `page`; a retry leaves what it wrote itself."""
    for comment in await repo.own_comments(number):
        topic = "".join(_plain(comment.body).split("\n")[1:2])
        if not comment.minimized and f"{page} -->" not in topic:
            await repo.minimize(comment)


def about(topic: str, known: Iterable[OwnComment], part: int = 1) -> OwnComment | None:
    """Our newest comment on `topic` among `known` that still holds."""
    start = _start(topic, part)
    ours = [comment for comment in known if not comment.minimized and _plain(comment.body).startswith(start)]
    return ours[-1] if ours else None


async def _fold(repo: Repository, topic: str, known: Iterable[OwnComment], kept: int) -> None:
    starts = tuple(_start(topic, part) for part in range(kept + 1, compose.MOST_PARTS + 1))
    for comment in known:
        if not comment.minimized and starts and _plain(comment.body).startswith(starts):
            await repo.minimize(comment)


def _is_former(body: str) -> bool:
    return body.startswith(TAG) and not body.startswith(f"{TAG}\n<!-- telefonistka:")


def _start(topic: str, part: int) -> str:
    return f"{TAG}\n<!-- telefonistka:{topic}{'' if part == 1 else f':{part}'} -->\n"


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n")
