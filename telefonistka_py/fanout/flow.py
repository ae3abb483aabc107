"""Forwards pushes: which endpoints, at once; then each that did not take it again and again, for a day.

A push's first round is one delivery of our own in the inbox. What it did not bring to its end follows as one delivery
for each endpoint, put there together with the round's settlement, so that a crash loses none. After a crash a round is
made again: an endpoint may get a push twice, but not never.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telefonistka_py.config import model as config
from telefonistka_py.errors import HeldBack, RepoMistake
from telefonistka_py.events import own
from telefonistka_py.events.model import ForwardEvent, PushEvent, lane
from telefonistka_py.fanout import gather, health, match, model, outbound, words
from telefonistka_py.fanout.book import Book
from telefonistka_py.fanout.health import Wait
from telefonistka_py.fanout.match import Found
from telefonistka_py.fanout.model import FIRST, Answered, Attempt, Busy, Forbidden, Later, Limits, Never, Result, Sent
from telefonistka_py.fanout.outbound import Letter, Outbound
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.inbox.model import Delivery, Done, Inbox
from telefonistka_py.names import RepoPath
from telefonistka_py.observability import logs
from telefonistka_py.observability.metrics import Metrics

PER_ROUND = 500
"""Endpoints in one delivery."""

_MANY_PATHS = 500
"""So many files are matched beside the event loop, which others need."""

_MOST_URLS = 500
"""Different URLs in the metrics; further ones are counted together."""

_A_MOMENT = timedelta(seconds=1)

log = logs.get()


@dataclass
class FanOut:
    """Forwards. `clock` gives aware UTC, `work` counts this process's seconds of work, `jitter` is from 0 to 1."""

    inbox: Inbox
    outbound: Outbound
    book: Book
    limits: Limits
    metrics: Metrics
    clock: Callable[[], datetime]
    work: Callable[[], float]
    jitter: Callable[[], float]
    _trying: dict[str, int] = field(default_factory=dict)
    _urls: set[str] = field(default_factory=set)

    async def on_push(self, repo: Repository, event: PushEvent, delivery: Delivery) -> Done:
        """Decides where the push goes; the forwards follow as deliveries of our own."""
        try:
            wanted = await gather.config(repo, event)
        except RepoMistake as error:
            log.error("a push is not forwarded", why=str(error))
            raise
        if not wanted.webhook_endpoints:
            return Done("nothing follows from a push: no endpoints are configured")
        found = await self._match(wanted, await gather.paths(repo, event))
        for refusal in found.refusals:
            self.metrics.proxy_refused.inc()
            log.error(
                "nothing is sent to an endpoint",
                why=refusal.why,
                replacement=model.shown(refusal.reason.replacement),
                path=refusal.reason.path,
            )
        note = f"{len(found.endpoints)} endpoints" + (f", {len(found.refusals)} refused" if found.refusals else "")
        return Done(note, then=self._rounds(event, delivery, wanted, [each.url for each in found.endpoints]))

    async def _match(self, wanted: config.Config, paths: Sequence[RepoPath]) -> Found:
        arguments = (wanted.webhook_endpoints, paths, self.limits.allowed, self.work)
        if len(paths) < _MANY_PATHS:
            return match.endpoints(*arguments)
        return await asyncio.to_thread(match.endpoints, *arguments)

    def _rounds(
        self, event: PushEvent, delivery: Delivery, wanted: config.Config, urls: list[str]
    ) -> tuple[Delivery, ...]:
        spread = config.spread(wanted.webhook_spread).total_seconds() if wanted.webhook_spread else 0.0
        # The order in which they are spread is another one for each push, and the same whenever a round is made again.
        urls.sort(key=lambda url: hashlib.sha256(f"{delivery.id} {url}".encode()).digest())
        now = self.clock()
        parts = [urls[start : start + PER_ROUND] for start in range(0, len(urls), PER_ROUND)]
        return tuple(
            self._delivery(
                ForwardEvent(
                    repo=event.repo.name,
                    source=delivery.id,
                    key=f"{FIRST}-{number}" if number else FIRST,
                    endpoints=tuple(part),
                    skip_tls=wanted.skip_tls,
                    spread=spread,
                    began=now,
                )
            )
            for number, part in enumerate(parts)
        )

    async def on_forward(self, event: ForwardEvent) -> Done:
        """A round, or one endpoint again. Raises `HeldBack` when that one is to be tried another time."""
        kept = await self.inbox.find(event.source)
        if kept is None:
            self.metrics.proxy_given_up.inc(len(event.endpoints))
            why = f"not forwarded: the push {event.source} is no longer in the inbox (TELEFONISTKA_KEEP_DAYS)"
            log.error(why, endpoints=[model.shown(url) for url in event.endpoints])
            return Done(why)
        letter = outbound.letter(kept.delivery.headers, kept.delivery.body)
        if event.key.startswith(FIRST):
            return await self._round(event, letter)
        return await self._again(event, letter)

    async def _round(self, event: ForwardEvent, letter: Letter) -> Done:
        await self.book.open()
        step = event.spread / max(len(event.endpoints), 1)
        ill = {url for url in event.endpoints if self._is_ill(url)}
        results = await together(
            self._one(event, url, letter, number * step) for number, url in enumerate(event.endpoints)
        )
        pairs = list(zip(event.endpoints, results, strict=True))
        then = tuple(
            self._delivery(_alone(event, url), result.when) for url, result in pairs if isinstance(result, Later)
        )
        recovered = [url for url, result in pairs if isinstance(result, Sent) and url in ill]
        return Done(words.together(event.endpoints, results), then=then, hasten=_hasten(recovered))

    async def _again(self, event: ForwardEvent, letter: Letter) -> Done:
        [url] = event.endpoints
        await self.book.reopen()
        ill = self._is_ill(url)
        result = await self._one(event, url, letter, 0.0)
        if isinstance(result, Later):
            raise HeldBack(f"{model.shown(url)} {result.note}", retry_at=result.when)
        sent = isinstance(result, Sent)
        return Done(f"{model.shown(url)} {result.note}", hasten=_hasten([url] if sent and ill else []))

    async def _one(self, event: ForwardEvent, url: str, letter: Letter, pause: float) -> Result:
        """One endpoint's turn, `pause` seconds from now."""
        if pause:
            await asyncio.sleep(pause)
        name = model.key(url)
        fresh = event.key.startswith(FIRST)
        turn = health.turn(
            self.book.of(name),
            self.clock(),
            held=self.book.is_held(name),
            fresh=fresh or self.clock() >= self._end(event),  # the last time is a try like the first
            tried=name in self._trying,
            limits=self.limits,
        )
        if isinstance(turn, Wait):
            return self._later(event, url, turn.until, turn.why)
        self._trying[name] = self._trying.get(name, 0) + 1
        try:
            attempt = await self.outbound.post(url, letter, skip_tls=event.skip_tls)
        finally:
            self._trying[name] -= 1
            if not self._trying[name]:
                del self._trying[name]
        return await self._judged(event, url, attempt, fresh)

    async def _judged(self, event: ForwardEvent, url: str, attempt: Attempt, fresh: bool) -> Result:
        """What an attempt's end means, remembered and counted."""
        now, name, note = self.clock(), model.key(url), words.of(attempt)
        if isinstance(attempt, Forbidden):
            self.metrics.proxy_refused.inc()
            log.error("nothing is sent to an endpoint", url=model.shown(url), why=attempt.why)
            return Never(f"refused: {attempt.why}")
        if isinstance(attempt, Busy):
            return self._later(event, url, now + _A_MOMENT * (1 + self.jitter()), attempt.why)
        self._count(url, attempt, fresh)
        fine = isinstance(attempt, Answered) and 200 <= attempt.status < 300
        told = attempt.retry_after if isinstance(attempt, Answered) else None
        before, short = self.book.of(name), model.shown(url)
        if fine:
            log.info("a push was forwarded", url=short, answer=note)
            await self.book.write(name, health.worked(before, short, now))
            return Sent(note)
        log.warning("an endpoint did not take a push", url=short, answer=note)
        after = health.failed(before, short, note, now, self.jitter(), told, self.limits)
        if after.paused and not (before and before.paused):
            log.error("an endpoint is paused: it has been failing for days", url=short, since=str(after.failing_since))
        await self.book.write(name, after)
        return self._later(event, url, after.next_at or now, note)

    def _later(self, event: ForwardEvent, url: str, when: datetime, note: str) -> Result:
        end = self._end(event)
        if self.clock() >= end:
            self.metrics.proxy_given_up.inc()
            log.error("a push is no longer tried at an endpoint", url=model.shown(url), why=note)
            return Never(f"given up after {self.limits.give_up_after / timedelta(hours=1):g} hours: {note}")
        return Later(min(when, end), note)

    def _end(self, event: ForwardEvent) -> datetime:
        return event.began + self.limits.give_up_after

    def _count(self, url: str, attempt: Answered | model.Unanswered, fresh: bool) -> None:
        short = model.shown(url)
        if short not in self._urls and len(self._urls) >= _MOST_URLS:
            short = "other"
        self._urls.add(short)
        self.metrics.proxy_requests.labels(status=words.status(attempt), method="POST", url=short).inc()
        self.metrics.proxy_seconds.observe(attempt.seconds)
        if not fresh:
            self.metrics.proxy_retries.inc()

    def _is_ill(self, url: str) -> bool:
        known = self.book.of(model.key(url))
        return known is not None and known.failing_since is not None

    def _delivery(self, event: ForwardEvent, not_before: datetime | None = None) -> Delivery:
        return Delivery(
            id=own.forward_id(event.key, event.source),
            kind=own.FORWARD,
            lane=lane(event),
            headers=(("Content-Type", "application/json"),),
            body=own.body(event),
            received_at=self.clock(),
            not_before=not_before,
        )


def _alone(event: ForwardEvent, url: str) -> ForwardEvent:
    return ForwardEvent(event.repo, event.source, model.key(url), (url,), event.skip_tls, 0.0, event.began)


def _hasten(recovered: Sequence[str]) -> str:
    """Which deliveries need wait no longer: those of an endpoint that is well again; of several, all forwards, each of
    which looks for itself whether its endpoint is."""
    if not recovered:
        return ""
    return own.forward_id(model.key(recovered[0])) if len(recovered) == 1 else "forward:"
