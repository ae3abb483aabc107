"""What a hub is told to do wrong: answers, limits, deliveries."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from telefonistka_py.sandbox import quota, webhooks
from telefonistka_py.sandbox.faults import Fault, Faults
from telefonistka_py.sandbox.model import Installation


class Disorder:
    """The part of a `Hub` that orders faults."""

    clock: Callable[[], datetime]
    installations: dict[int, Installation]
    faults: Faults
    quota: "quota.Quota"
    webhooks: "webhooks.Webhooks"

    def will_answer(
        self,
        status: int | None,
        *,
        method: str | None = None,
        path: str | None = None,
        operation: str | None = None,
        times: int = 1,
        skip: int = 0,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        errors: list[dict[str, Any]] | None = None,
        after_effect: bool = False,
        retry_after: int | None = None,
    ) -> Fault:
        """The next `times` matching requests (after `skip` of them) get this answer; see `Fault` for the words."""
        extra = {} if retry_after is None else {"retry-after": str(retry_after)}
        fault = Fault(
            status,
            method=method,
            path=path,
            operation=operation,
            times=times,
            skip=skip,
            headers={**extra, **(headers or {})},
            body=body,
            errors=errors,
            after_effect=after_effect or errors is not None,
        )
        self.faults.waiting.append(fault)
        return fault

    def limit(
        self,
        *,
        primary: int | None = None,
        remaining: int | None = None,
        resource: str = "core",
        status: int | None = None,
        account: str | None = None,
    ) -> None:
        """Changes everybody's rate limit, what is left of it, or both. `resource`: `core`, `graphql`, `search`.

        `status`: how REST refuses from now on, 403 or 429; GitHub uses both. With `account` only the installations
        there have `remaining` left, and the limit stays.
        """
        if account is not None and remaining is not None:
            self.quota.set_for(account, resource, remaining)
        else:
            self.quota.set(resource, primary, remaining)
        self.quota.refuses_with = status or self.quota.refuses_with

    def without_limits(self) -> None:
        """Nothing is counted, and no answer tells of limits: an Enterprise Server's default."""
        self.quota.told = False

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Suspends the installations on `account`, or takes that back: their tokens are refused, and nothing is told
        to the App."""
        for each in self.installations.values():
            if each.account.login.lower() == account.lower():
                each.suspended_at = self.clock() if suspended else None

    def limit_secondary(
        self,
        *,
        times: int = 1,
        retry_after: int | None = 60,
        method: str | None = None,
        path: str | None = None,
        status: int = 403,
    ) -> Fault:
        """The next matching requests meet GitHub's secondary limit, with `retry-after` unless None.

        `status`: 403 or 429; for GraphQL also 200, the refusal being an error of the query then.
        """
        body: Any = {"message": quota.SECONDARY, "documentation_url": "https://docs.github.com/rest"}
        if status == 200:
            body = {"errors": [{"type": "RATE_LIMITED", "message": quota.SECONDARY}]}
        return self.will_answer(status, method=method, path=path, times=times, body=body, retry_after=retry_after)

    def webhooks_will(
        self,
        *,
        drop: int | None = None,
        twice: int | None = None,
        reorder: int | None = None,
        delay: float | None = None,
    ) -> None:
        """Drops the next deliveries, sends them twice, in reverse order by groups, or late by `delay` seconds."""
        trouble = self.webhooks.trouble
        trouble.drop = trouble.drop if drop is None else drop
        trouble.twice = trouble.twice if twice is None else twice
        trouble.reorder = trouble.reorder if reorder is None else reorder
        trouble.delay = trouble.delay if delay is None else delay
