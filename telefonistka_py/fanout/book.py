"""The endpoints' health, kept in the inbox's notes, where the command line and other replicas see it."""

from collections.abc import Callable
from datetime import datetime

from telefonistka_py.fanout import health
from telefonistka_py.fanout.health import Health
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.observability.metrics import Metrics

_FRESH_SECONDS = 1.0


class Book:
    """Reads all of it at most once a second, unless asked for the newest. `watch` counts seconds, from anywhere."""

    def __init__(
        self, inbox: Inbox, clock: Callable[[], datetime], watch: Callable[[], float], metrics: Metrics
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        self._watch = watch
        self._metrics = metrics
        self._known: dict[str, Health] = {}
        self._held: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def of(self, key: str) -> Health | None:
        return self._known.get(key)

    def is_held(self, key: str) -> bool:
        """Whether it is paused by hand."""
        return key in self._held

    async def open(self) -> None:
        """Reads what is kept, if that was a second ago. Forgets endpoints that nothing was heard of for long."""
        if self._read_at is not None and self._watch() - self._read_at < _FRESH_SECONDS:
            return
        self._read_at = self._watch()
        await self.reopen()

    async def reopen(self) -> None:
        """Reads what is kept now."""
        kept = await self._inbox.notes(health.NOTES)
        held = await self._inbox.notes(health.HELD)
        self._known = {note.removeprefix(health.NOTES): health.read(text) for note, text in kept.items()}
        self._held = frozenset(note.removeprefix(health.HELD) for note in held)
        for key in [key for key, each in self._known.items() if health.is_forgotten(each, self._clock())]:
            await self._inbox.note(health.NOTES + key, None)
            self._known.pop(key, None)
        self._count()

    async def write(self, key: str, after: Health) -> None:
        """Keeps `after`, if it is news."""
        if self._known.get(key) != after:
            self._known[key] = after
            await self._inbox.note(health.NOTES + key, health.write(after))
            self._count()

    def _count(self) -> None:
        paused = self._held | {key for key, each in self._known.items() if each.paused}
        self._metrics.proxy_paused.set(len(paused))
