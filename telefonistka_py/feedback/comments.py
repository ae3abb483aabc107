"""Comments of ours: found again by their marker, so that a retry edits instead of repeating (N12)."""

from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.repository import Repository

TAG = "<!-- telefonistka_tag -->"
"""The first line of every comment of ours (contract §5)."""


def tagged(topic: str, text: str) -> str:
    """`text` as a comment of ours on `topic`; a pull request has at most one comment per topic."""
    return f"{TAG}\n{_marker(topic)}\n{text}"


async def keep(
    repo: Repository, number: int, topic: str, text: str, known: tuple[OwnComment, ...] | None = None
) -> None:
    """Makes our one comment on `topic` say `text`: written, edited, or left alone when it says so already.

    Only comments that we wrote are looked at: anyone can write our marker (N25). `known` are ours on `number`, where
    they have been read already.
    """
    body = tagged(topic, text)
    start = f"{TAG}\n{_marker(topic)}\n"
    if known is None:
        known = await repo.own_comments(number)
    ours = [comment for comment in known if comment.body.replace("\r\n", "\n").startswith(start)]
    if not ours:
        await repo.create_comment(number, body)
    elif ours[-1].body.replace("\r\n", "\n") != body:
        await repo.edit_comment(ours[-1].id, body)


def _marker(topic: str) -> str:
    return f"<!-- telefonistka:{topic} -->"
