"""An issue of ours: one per topic and repository, found again by its marker, edited in place (N12)."""

from telefonistka_py.feedback import cut, size
from telefonistka_py.feedback.comments import TAG
from telefonistka_py.github.facts import OwnIssue
from telefonistka_py.github.repository import Repository

LABEL = "telefonistka"
"""What our issues carry, so that they are found again among thousands."""


async def keep(repo: Repository, topic: str, title: str, text: str) -> int:
    """Has our issue on `topic` open with this title and text, shortened if GitHub would not take it; its number."""
    body = cut.shortened(_marked(topic, text), size.LIMIT)
    ours = await _find(repo, topic)
    if ours is None:
        return await repo.create_issue(title=title, body=body, label=LABEL)
    changes = {"title": title, "body": body, "state": "open"}
    if (ours.title, ours.body.replace("\r\n", "\n"), ours.open) != (title, body, True):
        await repo.edit_issue(ours.number, **changes)
    return ours.number


async def close(repo: Repository, topic: str, text: str) -> int | None:
    """Has our issue on `topic` closed, saying `text`; its number, None when there is none."""
    ours = await _find(repo, topic)
    if ours is None:
        return None
    if ours.open:
        await repo.edit_issue(ours.number, body=cut.shortened(_marked(topic, text), size.LIMIT), state="closed")
    return ours.number


async def _find(repo: Repository, topic: str) -> OwnIssue | None:
    """Ours alone: anyone can write the marker (N25)."""
    start = _marked(topic, "").rstrip()
    found = (issue for issue in await repo.own_issues(LABEL) if issue.body.replace("\r\n", "\n").startswith(start))
    return next(found, None)


def _marked(topic: str, text: str) -> str:
    return f"{TAG}\n<!-- telefonistka:{topic} -->\n{text.strip()}"
