"""The log of a test, as a machine reads it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from telefonistka_py.observability import logs


class Log:
    """What was logged so far."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines that say `event`, the oldest first."""
        return [each for each in map(json.loads, self._stream.getvalue().splitlines()) if each["event"] == event]


@contextmanager
def kept() -> Iterator[Log]:
    """All that is logged while it is open; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.setup("info", "json", stream)
    try:
        yield Log(stream)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
