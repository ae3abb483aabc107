"""A small cluster: live objects, and what applying, changing and deleting does to them."""

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

from telefonistka_py.sandbox.argocd import applying, controllers, defaults, objects, ownership, patches, tracking
from telefonistka_py.sandbox.argocd.model import Json, Key, Tracking

_OPTIONS = "argocd.argoproj.io/sync-options"


class Cluster:
    """Live objects by their key. What is handed out are the objects themselves; change them by the methods."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.objects: dict[Key, Json] = {}
        self._owned: dict[Tracking, dict[str, list[Key]]] = {}
        self._versions = itertools.count(1001)
        self._numbers = itertools.count(1)

    def find(self, kind: str, name: str, namespace: str | None = None) -> Json | None:
        """The first object of that kind and name, in any group; and in any namespace unless one is named."""
        key = self._key(kind, name, namespace)
        return None if key is None else self.objects[key]

    def apply(self, target: Json) -> Json:
        """What `kubectl apply`, and Argo CD with it, makes of `target`; answers the live object.

        With the sync option `ServerSideApply=true` no note of what was applied is left (docs: user-guide/sync-options).
        """
        before = self.objects.get(objects.key(target))
        live, said = applying.outcome(before, target, self.number), applying.stored_form(target)
        if "ServerSideApply=true" not in str(objects.annotations(target).get(_OPTIONS, "")):
            live, said = applying.with_note(live, target), applying.with_note(said, target)
        return self._stored(before, live, ownership.CONTROLLER, said)

    def change(
        self, kind: str, name: str, patch: Json, *, namespace: str | None = None, manager: str = "kubectl-edit"
    ) -> Json:
        """A merge patch by somebody else, a person or a controller. Raises `KeyError` for what is not there."""
        key = self._key(kind, name, namespace)
        if key is None:
            raise KeyError(f"the cluster has no {kind} {name}")
        before = self.objects[key]
        live = objects.copied(patches.merged(before, patch))
        defaults.fill(live, self.number)
        return self._stored(before, live, manager, patch)

    def add(self, obj: Json, manager: str = "kubectl-create") -> Json:
        """An object that no app made."""
        return self._stored(None, applying.outcome(None, obj, self.number), manager, obj)

    def delete(self, key: Key) -> None:
        self.objects.pop(key, None)
        self._owned.clear()

    def owned(self, app: str, how: Tracking) -> list[Key]:
        """What says that it is the app's; read once for all apps, until something changes."""
        if how not in self._owned:
            found: dict[str, list[Key]] = {}
            for key, live in self.objects.items():
                found.setdefault(tracking.owner(live, how) or "", []).append(key)
            self._owned[how] = found
        return self._owned[how].get(app, [])

    def number(self) -> int:
        """The next of what has to be unique: addresses, ports, volumes."""
        return next(self._numbers)

    def _key(self, kind: str, name: str, namespace: str | None) -> Key | None:
        found = (key for key in self.objects if (key.kind, key.name) == (kind, name))
        return next((key for key in found if namespace in (None, key.namespace)), None)

    def _stored(self, before: Json | None, live: Json, manager: str, said: Json) -> Json:
        """Counts generations for what has a specification, lets controllers work, and keeps it."""
        metadata, when = live["metadata"], self._now()
        if before is None:
            metadata |= {"uid": _uid(f"{objects.key(live)}:{self.number()}"), "creationTimestamp": when}
        ownership.record(live, manager, said, when)
        if "spec" in live:
            if objects.group(live):  # those of the core group have none
                generation = (before or {}).get("metadata", {}).get("generation") or 0
                same = before is not None and before.get("spec") == live["spec"]
                metadata["generation"] = generation if same else generation + 1
            controllers.tend(live, when)
            if "status" in live:
                ownership.record(live, controllers.MANAGER, {}, when, of_status=True)
        metadata["resourceVersion"] = str(next(self._versions))
        self.objects[objects.key(live)] = live
        self._owned.clear()
        return live

    def _now(self) -> str:
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uid(seed: str) -> str:
    digits = hashlib.sha256(seed.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:32]))
