"""Logging, set up once: JSON for machines, lines for people, and never a secret.

Modules ask `logs.get()` and write `log.info("what happened", key=value)`. Lines of the standard library's
`logging` (aiohttp's, asyncio's) come out the same way.
"""

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from telefonistka_py.observability.scrub import Scrubber

Format = Literal["auto", "json", "text"]
Level = Literal["debug", "info", "warn", "error"]

_LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


def setup(level: Level, form: Format, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """Sends all log lines to `stream`. `auto` means text on a terminal and JSON elsewhere."""
    as_text = form == "text" or (form == "auto" and stream.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if as_text else "iso", utc=not as_text),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrubbing(Scrubber(secrets)),
                _renderer(as_text, colours=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    # A line for each request says nothing that the metrics don't.
    logging.getLogger("httpx").setLevel(max(_LEVELS[level], logging.WARNING))


def get() -> FilteringBoundLogger:
    """A logger; cheap, and right even when asked for before `setup`."""
    return cast(FilteringBoundLogger, structlog.get_logger("telefonistka"))


def bound(**fields: object) -> AbstractContextManager[Any]:
    """While it is open, every line of this task and of those it starts carries `fields`; None ones are left out."""
    return structlog.contextvars.bound_contextvars(
        **{name: value for name, value in fields.items() if value is not None}
    )


def _renderer(as_text: bool, *, colours: bool) -> Processor:
    if not as_text:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=44
    )


def _scrubbing(scrubber: Scrubber) -> Processor:
    def blank(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: scrubber.field(name, value) for name, value in event.items()}

    return blank
