"""What forwards pushes, from the settings."""

import random
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from telefonistka_py.fanout.book import Book
from telefonistka_py.fanout.flow import FanOut
from telefonistka_py.fanout.outbound import Outbound
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.settings import Settings


@asynccontextmanager
async def forwarding(
    settings: Settings, metrics: Metrics, clock: Callable[[], datetime], inbox: Inbox | None
) -> AsyncIterator[FanOut | None]:
    """Fan-out, its connections open as long as the context is; None without an inbox, which makes it durable."""
    if inbox is None:
        yield None
        return
    # The system's certificates, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
    outbound = Outbound(settings.fanout, ssl.create_default_context(), time.monotonic)
    try:
        book = Book(inbox, clock, time.monotonic, metrics)
        yield FanOut(inbox, outbound, book, settings.fanout, metrics, clock, time.process_time, random.random)
    finally:
        await outbound.close()
