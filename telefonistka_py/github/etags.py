"""Answers that GitHub is asked about again: while they hold, it says 304, which costs nothing of the limit.

Nothing is ever given out without asking
(https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests).
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

MOST_BYTES = 4 << 20
"""Of one identity's answers; the least recently used go first."""
LARGEST = 1 << 20
"""Bytes of an answer that is kept at all."""


@dataclass(frozen=True)
class Kept:
    """The body of an answer, and what GitHub calls this state of it."""

    etag: str
    content: bytes
    link: str
    """Its header that tells of further pages; a 304 need not repeat it."""


class Etags:
    """Of one identity: others may see other things at the same address."""

    def __init__(self, most_bytes: int = MOST_BYTES, largest: int = LARGEST) -> None:
        self._most_bytes = most_bytes
        self._largest = largest
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.bytes = 0

    def find(self, url: str) -> Kept | None:
        """The answer to ask about, if there is one."""
        if url in self._kept:
            self._kept.move_to_end(url)
        return self._kept.get(url)

    def answered(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        """Keeps a good answer in place of what was kept for `url`; without an ETag, or too large, it is not kept."""
        if (old := self._kept.pop(url, None)) is not None:
            self.bytes -= len(old.content)
        etag = headers.get("etag")
        if not etag or len(content) > self._largest:
            return
        self._kept[url] = Kept(etag, content, headers.get("link", ""))
        self.bytes += len(content)
        while self.bytes > self._most_bytes:
            self.bytes -= len(self._kept.popitem(last=False)[1].content)
