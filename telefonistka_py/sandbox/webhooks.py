"""Deliveries: signed, sent one after another to each App, logged, and never retried by themselves.

GitHub gives a receiver 10 seconds, makes no second attempt, and keeps the GUID when somebody asks for a redelivery
(docs: Handling failed webhook deliveries). It promises no order; the sandbox keeps it unless told to break it.
"""

import asyncio
import hashlib
import hmac
import io
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from telefonistka_py.sandbox import profiles
from telefonistka_py.sandbox.model import App, Delivery, Installation
from telefonistka_py.sandbox.refusal import Json, SandboxError

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo

ALWAYS = {"ping", "installation", "installation_repositories"}
"""Events that an App gets without subscribing."""


@dataclass
class Trouble:
    """What will go wrong with the next deliveries. Counts are used up."""

    drop: int = 0
    twice: int = 0
    reorder: int = 0
    """How many deliveries are held until there are that many, then sent in reverse."""
    delay: float = 0.0
    """Seconds before each delivery, until set otherwise."""


class Webhooks:
    """The sender and the delivery log of one hub."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.log: list[Delivery] = []
        self.trouble = Trouble()
        self.timeout = 10.0
        """Seconds a receiver has to answer."""
        self.watcher: Callable[[Delivery], None] | None = None
        """Told of every delivery once it was answered or given up."""
        self._queues: dict[int, deque[tuple[App, Delivery]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._held: list[tuple[App, Delivery]] = []
        self._session: aiohttp.ClientSession | None = None

    def is_heard(self, event: str, repo: "Repo | None") -> bool:
        """Whether any App with a webhook listens, so that payloads nobody reads cost nothing."""
        return any(self._listens(each, event, repo) for each in self.hub.installations.values())

    def _listens(self, installation: Installation, event: str, repo: "Repo | None") -> bool:
        app = installation.app
        wanted = event in ALWAYS or event in app.events
        if installation.suspended_at is not None:
            return False
        return app.webhook_url is not None and wanted and (repo is None or installation.covers(repo.name))

    def tell(self, event: str, payload: Json, repo: "Repo | None") -> None:
        """Queues one delivery for every App that listens to `event` of `repo`."""
        for installation in self.hub.installations.values():
            if self._listens(installation, event, repo):
                mark = {"id": installation.id, "node_id": f"MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{installation.id}"}
                self.send(installation.app, event, payload | {"installation": mark}, installation.id, repo)

    def send(
        self, app: App, event: str, payload: Json, installation_id: int | None = None, repo: "Repo | None" = None
    ) -> str:
        """Queues one delivery to `app`; answers its GUID."""
        guid = str(uuid.UUID(bytes=self.hub.random_bytes(16), version=4))
        body, kind = json.dumps(payload).encode(), "application/json"
        if app.content_type == "form":
            body, kind = urlencode({"payload": body.decode()}).encode(), "application/x-www-form-urlencoded"
        headers = {
            "Accept": "*/*",
            "Content-Type": kind,
            "User-Agent": "GitHub-Hookshot/5a4e1d0",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if app.secret:
            key = app.secret.encode()
            headers["X-Hub-Signature"] = "sha1=" + hmac.new(key, body, "sha1").hexdigest()
            headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        delivery = Delivery(
            id=self.hub.next_id(),
            guid=guid,
            hook_id=app.hook_id,
            event=event,
            action=payload.get("action"),
            installation_id=installation_id,
            repository_id=repo.id if repo else None,
            request_headers=headers,
            body=body,
            payload=payload,
            url=app.webhook_url or "",
            redelivery=False,
            delivered_at=self.hub.clock(),
        )
        self._disturb(app, delivery)
        return guid

    def _disturb(self, app: App, delivery: Delivery) -> None:
        if self.trouble.drop > 0:
            self.trouble.drop -= 1
            delivery.status, delivery.status_code = "failed to connect to host", 502
            self.log.append(delivery)
            return
        if self.trouble.reorder > 1:
            self._held.append((app, delivery))
            if len(self._held) >= self.trouble.reorder:
                self.release()
            return
        self._enqueue(app, delivery)
        if self.trouble.twice > 0:
            self.trouble.twice -= 1
            self._enqueue(app, replace(delivery, id=self.hub.next_id(), response_headers={}))

    def release(self) -> None:
        """Sends what was held for reordering, the newest first."""
        held, self._held, self.trouble.reorder = self._held, [], 0
        for app, delivery in reversed(held):
            self._enqueue(app, delivery)

    def redeliver(self, guid: str) -> Delivery:
        """Sends a delivery again: same GUID, same body, another entry in the log."""
        found = next((each for each in reversed(self.log) if each.guid == guid), None)
        app = next((each for each in self.hub.apps.values() if found and each.hook_id == found.hook_id), None)
        if found is None or app is None:
            raise SandboxError(f"There is no delivery {guid}.")
        again = replace(
            found,
            id=self.hub.next_id(),
            redelivery=True,
            url=app.webhook_url or "",
            delivered_at=self.hub.clock(),
            status="pending",
            status_code=0,
            response_headers={},
            response_body="",
        )
        self._enqueue(app, again)
        return again

    def _enqueue(self, app: App, delivery: Delivery) -> None:
        self.log.append(delivery)
        self._queues.setdefault(app.id, deque()).append((app, delivery))
        if app.id not in self._tasks:
            self._tasks[app.id] = asyncio.create_task(self._drain(app.id))

    async def _drain(self, app_id: int) -> None:
        queue = self._queues[app_id]
        while queue:
            app, delivery = queue.popleft()
            if self.trouble.delay:
                await asyncio.sleep(self.trouble.delay)
            await self._deliver(app, delivery)
        del self._tasks[app_id]

    async def _deliver(self, app: App, delivery: Delivery) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        started = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with self._session.post(
                delivery.url,
                data=io.BytesIO(delivery.body),
                headers=delivery.request_headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                delivery.response_body = (await response.text(errors="replace"))[:25_000]
                delivery.response_headers = dict(response.headers)
                delivery.status_code = response.status
                good = 200 <= response.status < 300
                delivery.status = "OK" if good else f"Invalid HTTP Response: {response.status}"
        except TimeoutError:
            delivery.status, delivery.status_code = "timed out", 504
        except (aiohttp.ClientError, OSError, ValueError):
            delivery.status, delivery.status_code = "failed to connect to host", 502
        delivery.duration = round(time.monotonic() - started, 3)
        if self.watcher is not None:
            self.watcher(delivery)

    async def idle(self) -> None:
        """Returns when nothing is queued or underway. What a reordering holds back goes out first."""
        if self._held:
            self.release()
        while self._tasks:
            await asyncio.gather(*list(self._tasks.values()))

    def ping(self, app: App) -> None:
        config = {
            "content_type": app.content_type,
            "url": app.webhook_url,
            "insecure_ssl": app.insecure_ssl,
            "secret": "********",
        }
        hook = {
            "type": "App",
            "id": app.hook_id,
            "name": "web",
            "active": True,
            "events": list(app.events),
            "config": config,
            "updated_at": profiles.stamp(app.created_at),
            "created_at": profiles.stamp(app.created_at),
            "app_id": app.id,
            "deliveries_url": f"{profiles.api(self.hub)}/app/hook/deliveries",
        }
        self.send(app, "ping", {"zen": "Anything added dilutes everything else.", "hook_id": app.hook_id, "hook": hook})

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
