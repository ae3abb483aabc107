"""Who wrote each line of a file, as `git blame` tells it."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

_HEAD = re.compile(rb"([0-9a-f]{40}) [0-9]+ ([0-9]+)")


@dataclass(frozen=True)
class Line:
    """`sha` is the commit that the line comes from, `number` its place in the file, from 1."""

    sha: str
    author: str
    number: int
    text: str


async def lines(repo: "Repo", commit: str, path: str) -> list[Line]:
    """Of a file that is there. The format: <https://git-scm.com/docs/git-blame#_the_porcelain_format>"""
    out = await repo.git.run("blame", "--line-porcelain", commit, "--", path)
    found: list[Line] = []
    sha, author, number = "", "", 0
    for line in out.split(b"\n"):
        if line.startswith(b"\t"):
            found.append(Line(sha, author, number, _printable(line[1:])))
        elif head := _HEAD.match(line):
            sha, number = head[1].decode(), int(head[2])
        elif line.startswith(b"author "):
            author = _printable(line.removeprefix(b"author "))
    return found


def _printable(data: bytes) -> str:
    return data.decode("utf-8", "replace")
