"""Commits: read into their parts, and written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from telefonistka_py.sandbox.git import Git
from telefonistka_py.sandbox.model import User


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    when: datetime


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def headline(self) -> str:
        return self.message.split("\n", 1)[0]


WEB_FLOW = ("GitHub", "noreply@github.com")
"""Who commits what is made on GitHub's own pages and buttons."""


def person(user: User, when: datetime) -> Person:
    return Person(user.login, user.email, when)


def web_flow(when: datetime) -> Person:
    return Person(*WEB_FLOW, when)


async def read(git: Git, name: str) -> Commit | None:
    """The commit that `name` means, peeled from a tag; None when there is none."""
    found = await git.object(name)
    if found is not None and found.kind == "tag":
        found = await git.object(f"{found.sha}^{{commit}}")
    return parse(found.sha, found.data) if found is not None and found.kind == "commit" else None


async def read_all(git: Git, shas: Sequence[str]) -> list[Commit]:
    found = await git.objects(shas)
    return [parse(each.sha, each.data) for each in found if each is not None and each.kind == "commit"]


def parse(sha: str, data: bytes) -> Commit:
    text = data.decode("utf-8", "replace")
    head, _, message = text.partition("\n\n")
    fields = [line.partition(" ")[::2] for line in head.split("\n") if not line.startswith(" ")]
    first = dict(reversed(fields))
    return Commit(
        sha=sha,
        tree=first["tree"],
        parents=tuple(value for key, value in fields if key == "parent"),
        author=_person(first["author"]),
        committer=_person(first["committer"]),
        message=message,
    )


def _person(line: str) -> Person:
    match = re.fullmatch(r"(.*?) ?<(.*)> (-?\d+) ([+-])(\d\d)(\d\d)", line)
    if match is None:
        return Person(line, "", datetime.fromtimestamp(0, UTC))
    name, email, seconds, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return Person(name, email, datetime.fromtimestamp(int(seconds), timezone(offset)))


def write(git: Git, *, tree: str, parents: Sequence[str], author: Person, committer: Person, message: str) -> str:
    """Stores a commit and answers its id."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {_line(author)}", f"committer {_line(committer)}", "", message]
    return git.write("commit", "\n".join(lines).encode("utf-8", "surrogateescape"))


def _line(who: Person) -> str:
    offset = who.when.strftime("%z")[:5] or "+0000"
    name, email = (re.sub(r"[<>\n\0]", "", part).strip() for part in (who.name, who.email))
    return f"{name} <{email}> {int(who.when.timestamp())} {offset}"
