"""What a file of a sandbox repository can be, as tests, demos and people write it down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file with a mode of its own: `File("#!/bin/sh\\n", mode="100755")`."""

    content: str | bytes
    mode: str = "100644"


@dataclass(frozen=True)
class Link:
    """A symbolic link; `target` is its text, whether or not it leads anywhere."""

    target: str


@dataclass(frozen=True)
class Submodule:
    """A commit of another repository. The sandbox, like GitHub, doesn't look whether it exists."""

    sha: str


Content = str | bytes | File | Link | Submodule


def as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def mode_and_bytes(content: Content) -> tuple[str, bytes | None]:
    """Git's six-digit mode and the blob's bytes; None for a submodule, which has none."""
    match content:
        case File(body, mode):
            return mode, as_bytes(body)
        case Link(target):
            return "120000", target.encode()
        case Submodule():
            return "160000", None
        case _:
            return "100644", as_bytes(content)
