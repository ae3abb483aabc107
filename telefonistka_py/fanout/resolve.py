"""Host names become addresses, in threads of their own: one name that hangs ties up one thread, and nobody else."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from telefonistka_py.fanout.hosts import Address

_KEPT_SECONDS = 10.0
_THREADS = 32
_MOST_KEPT = 2_000

Lookup = Callable[[str], list[str]]


def system(host: str) -> list[str]:
    """What the system's resolver says; raises `OSError`."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Resolver:
    """Asks once at a time for each name, and keeps an answer for some seconds. `watch` counts seconds."""

    def __init__(self, watch: Callable[[], float], lookup: Lookup = system) -> None:
        self._watch = watch
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(_THREADS, "fanout-dns")
        self._known: dict[str, tuple[float, tuple[Address, ...]]] = {}
        self._asked: dict[str, asyncio.Task[tuple[Address, ...]]] = {}

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """Every address of `host`, each once; raises `OSError` when it has none."""
        try:
            return (ip_address(host),)
        except ValueError:
            pass
        kept = self._known.get(host)
        if kept and self._watch() < kept[0]:
            return kept[1]
        if host not in self._asked:
            self._asked[host] = asyncio.create_task(self._ask(host))
            self._asked[host].add_done_callback(lambda task: self._answered(host, task))
        return await asyncio.shield(self._asked[host])

    async def _ask(self, host: str) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._lookup, host)
        return tuple(dict.fromkeys(ip_address(each.partition("%")[0]) for each in found))

    def _answered(self, host: str, task: asyncio.Task[tuple[Address, ...]]) -> None:
        del self._asked[host]
        if not task.cancelled() and task.exception() is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[host] = (self._watch() + _KEPT_SECONDS, task.result())

    def close(self) -> None:
        """Forgets what is being asked."""
        for task in self._asked.values():
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
