"""A listing proves itself: its git hash is the directory's object id, or it is not the whole listing."""

import hashlib

from telefonistka_py.names import Sha
from telefonistka_py.tree.model import Listing, Mode


def sha_of(listing: Listing, *, like: Sha, padded: bool = False) -> Sha:
    """The object id of the git tree that holds exactly `listing`.

    `like` is any object id of the same repository: its length tells SHA-1 from SHA-256. `padded` writes the mode of
    directories as `040000`, as some tools once did; git itself writes `40000`.
    """
    body = b"".join(
        b"%s %s\0%s" % (_mode(entry.mode, padded), name, bytes.fromhex(entry.sha))
        for _, name, entry in sorted(
            (encoded + b"/" if entry.is_directory else encoded, encoded, entry)
            for encoded, entry in ((name.encode("utf-8", "surrogateescape"), entry) for name, entry in listing.items())
        )
    )
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return Sha(make(b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest())


def holds(listing: Listing, sha: Sha) -> bool:
    """Whether `listing` is the complete listing of the tree `sha`."""
    return sha_of(listing, like=sha) == sha or sha_of(listing, like=sha, padded=True) == sha


def blob_sha(content: bytes, *, like: Sha) -> Sha:
    """The object id of the file `content`."""
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return Sha(make(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def _mode(mode: int, padded: bool) -> bytes:
    return b"040000" if padded and mode == Mode.DIRECTORY else b"%o" % mode
