"""How many bytes of bodies may be in memory at once, so that no number of senders can exhaust it."""

from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 256 * 1024 * 1024


class NoRoom(Exception):
    """Not now: others are being read."""


class Room:
    """Space for bodies, taken before they are read and given back when they are stored."""

    def __init__(self, size: int = MOST_BYTES) -> None:
        self._free = size

    @contextmanager
    def for_body(self, size: int) -> Iterator[None]:
        """Space for `size` bytes while the context is open. Raises `NoRoom` when there is none."""
        if size > self._free:
            raise NoRoom
        self._free -= size
        try:
            yield
        finally:
            self._free += size
