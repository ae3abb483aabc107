"""A server in a process of its own: what it logs, when it is idle, and its sudden end."""

import asyncio
import json
import os
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from telefonistka_py import settings
from telefonistka_py.app import store
from telefonistka_py.events import own
from telefonistka_py.inbox.model import Entry, Inbox, State
from tests.matrix.zygote import Zygote

_KEPT_LINES = 200
_SOON = timedelta(minutes=1)
"""A retry comes within this; what waits longer waits for something to happen."""
_NEWEST = 1_000
"""Deliveries among which those that are not done yet are looked for."""


class Died(Exception):
    """The process ended while something was asked of it."""


class Process:
    """One `telefonistka server`, forked by the zygote."""

    def __init__(self, pid: int, environment: Mapping[str, str], stirred: asyncio.Event) -> None:
        self.pid = pid
        self.url = ""
        self.lines: deque[dict[str, Any]] = deque(maxlen=_KEPT_LINES)
        """The end of its log."""
        self._settings = settings.read(environment)
        self._ended = asyncio.Event()
        self._stirred = stirred
        self._listening = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._at_end)
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, zygote: Zygote, environment: Mapping[str, str], stirred: asyncio.Event | None = None
    ) -> "Process":
        """A server that listens. Raises `Died`, with what it said, when it ends before that.

        `stirred` is set by every line of its log; replicas share one, as what one of them ends another may wait for.
        """
        reading, writing = os.pipe()
        try:
            process = cls(zygote.fork(environment, writing), environment, stirred or asyncio.Event())
        finally:
            os.close(writing)
        process._reading = asyncio.create_task(process._read(reading))
        await process._either(process._listening)
        return process

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    async def kill(self) -> None:
        """SIGKILL; returns when it has ended, and with it all that it held open."""
        if self.alive:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            await self._ended.wait()

    async def close(self) -> None:
        """Kills it if need be, and lets go of what belongs to it here."""
        await self.kill()
        if self._reading is not None:
            await self._reading
        os.close(self._descriptor)

    async def idle(self) -> None:
        """Returns when nothing is underway, and nothing waits but for checks, people or another day. Raises `Died`.

        The inbox is looked at again whenever the log has something new: every delivery that is settled is a line there.
        """
        async with self._beside() as inbox:
            while True:
                self._stirred.clear()
                soon = datetime.now(UTC) + _SOON
                # One look at everything: what changes its state between two looks would be seen by neither.
                if all(_rests(each, soon) for each in await inbox.entries(most=_NEWEST)):
                    return
                await self._either(self._stirred)

    async def dead(self) -> list[str]:
        """What was given up, and why."""
        async with self._beside() as inbox:
            return [f"{each.kind} {each.lane}: {each.note}" for each in await inbox.entries(state=State.DEAD)]

    def _beside(self) -> AbstractAsyncContextManager[Inbox]:
        """Its inbox, looked at from outside."""
        return store.opened(self._settings, lambda: datetime.now(UTC), beside=True)

    async def _either(self, event: asyncio.Event) -> None:
        """Waits for `event`; raises `Died` if the process ends instead."""
        waits = [asyncio.create_task(each.wait()) for each in (event, self._ended)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        if not event.is_set():
            raise self._died()

    def _died(self) -> Died:
        return Died(f"the server ended; its last words: {list(self.lines)[-3:]}")

    def _at_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        self._ended.set()

    async def _read(self, descriptor: int) -> None:
        reader = asyncio.StreamReader(limit=1 << 22)
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(descriptor, "rb")
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while line := await reader.readline():
                self._hear(line)
        finally:
            transport.close()

    def _hear(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = {"event": line.decode(errors="replace").rstrip()}
        self.lines.append(said)
        if said.get("event") == "the server listens":
            self.url = str(said["url"])
            self._listening.set()
        self._stirred.set()


def _rests(entry: Entry, soon: datetime) -> bool:
    if entry.state is State.WAITING:
        # A chore has its next time, and may have it within the minute as long as there is more to look through.
        due = soon - _SOON if entry.kind == own.CHORE else soon
        return entry.due_at is not None and entry.due_at > due
    return entry.state is not State.UNDERWAY
