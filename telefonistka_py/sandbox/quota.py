"""Rate limits: what is counted, what the headers say, and the refusals.

Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and its GraphQL counterpart.
Secondary limits come only on request (`hub.limit_secondary`), since GitHub doesn't say when they strike.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.refusal import Json, Refusal

if TYPE_CHECKING:
    from telefonistka_py.sandbox.auth import Actor
    from telefonistka_py.sandbox.hub import Hub

WINDOW = timedelta(hours=1)
ANONYMOUS = 60
"""Requests per hour without credentials."""


@dataclass
class Bucket:
    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def reset_seconds(self) -> int:
        return math.ceil(self.reset.timestamp())


class Quota:
    """Everybody's buckets: one per identity and resource (`core`, `graphql`)."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.primary: dict[str, int] = {"core": 5000, "graphql": 5000, "search": 30}
        self._start_used: dict[str, int] = {}
        self.refuses_with = 403
        """The status of a refusal over REST: GitHub uses 403 and 429."""
        self.told = True
        """Whether anything is counted and told; an Enterprise Server may have its limits switched off."""
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def bucket(self, actor: "Actor", resource: str) -> Bucket:
        key, now = (actor.purse, resource), self.hub.clock()
        found = self._buckets.get(key)
        if found is None or found.reset <= now:
            limit = self.primary[resource] if actor.login else ANONYMOUS
            used = self._start_used.get(resource, 0) if found is None else 0
            found = self._buckets[key] = Bucket(limit, used, now + WINDOW)
        return found

    def spend(self, actor: "Actor", resource: str) -> Bucket:
        """Counts one request. Raises 403 when none is left."""
        bucket = self.bucket(actor, resource)
        if not self.told:
            return bucket
        if bucket.remaining == 0:
            message = f"API rate limit exceeded for {actor.purse}."
            raise Refusal(self.refuses_with, message, headers=self.headers(bucket, resource))
        bucket.used += 1
        return bucket

    def refund(self, actor: "Actor", resource: str) -> Bucket:
        """Takes a request back that turned out to be free of charge."""
        bucket = self.bucket(actor, resource)
        bucket.used = max(0, bucket.used - 1)
        return bucket

    def headers(self, bucket: Bucket, resource: str) -> dict[str, str]:
        if not self.told:
            return {}
        return {f"x-ratelimit-{key}": str(value) for key, value in _shape(bucket, resource).items()}

    def set(self, resource: str, primary: int | None, remaining: int | None) -> None:
        """Changes the limit, what is left of it, or both, for everybody."""
        if primary is not None:
            self.primary[resource] = primary
        if remaining is not None:
            self._start_used[resource] = self.primary[resource] - remaining
        for (_, kind), bucket in self._buckets.items():
            if kind == resource:
                bucket.limit = self.primary[resource] if primary is not None else bucket.limit
                if remaining is not None:
                    bucket.used = bucket.limit - remaining

    def set_for(self, account: str, resource: str, remaining: int) -> None:
        """Changes what is left to the installations on one account, and to nobody else."""
        for each in self.hub.installations.values():
            if each.account.login.lower() == account.lower():
                limit = self.primary[resource]
                self._buckets[f"installation ID {each.id}", resource] = Bucket(
                    limit, limit - remaining, self.hub.clock() + WINDOW
                )

    def overview(self, actor: "Actor") -> Json:
        """`GET /rate_limit`, which costs nothing."""
        resources = {name: _shape(self.bucket(actor, name), name) for name in self.primary}
        return {"resources": resources, "rate": resources["core"]}


def _shape(bucket: Bucket, resource: str) -> Json:
    return {
        "limit": bucket.limit,
        "used": bucket.used,
        "remaining": bucket.remaining,
        "reset": bucket.reset_seconds,
        "resource": resource,
    }


SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "For more on scraping GitHub and how it may affect your rights, please review our Terms of Service."
)
