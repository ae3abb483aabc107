"""Looks into GitHub's log of what it handed over, and asks for what failed; after an outage also looks for merges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events import own, parse
from telefonistka_py.events.model import MissedEvent, PullRequestEvent, lane
from telefonistka_py.github import merged
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.facts import Attempted
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.merged import Merged
from telefonistka_py.inbox.model import Delivery, Entry, Inbox
from telefonistka_py.names import RepoName
from telefonistka_py.recovery import missed
from telefonistka_py.recovery.model import Memory

OUTAGE = timedelta(minutes=30)
"""Without a sweep for so long, merges are looked for as well: GitHub keeps its log for three days only."""

MOST_PAGES = 20
"""Pages of the log, of 100 attempts each, that one sweep reads; the next one reads on."""

MOST_ASKED = 100
"""Deliveries that one sweep asks for again; the rest is owed to the next ones. What fails for good fails again after
each, and all of these requests count for the limit that the App's tokens need (N21)."""

MARGIN = timedelta(minutes=15)
"""How much earlier than an outage seems to have begun merges are looked for."""

MOST_KNOWN = 2_000
"""Deliveries whose repositories are those that a personal token looks into."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Recovery:
    """Works on one inbox."""

    github: Connection
    inbox: Inbox
    clock: Callable[[], datetime]

    async def sweep(self, memory: Memory) -> tuple[str, Memory]:
        """What came of it in a line, and what to remember; its `cursor` is set while there is more to read at once.

        Raises the house's errors when the log can't be read; then the next sweep looks at the same again.
        """
        now = self.clock()
        if now - memory.awake_at > OUTAGE and memory.caught_up:
            memory = replace(memory, caught_up=False, awake_since=memory.awake_at)
        asked = 0
        if self.github.is_app:
            asked, memory = await self._ask_again(memory, now)
        found = 0
        if not memory.caught_up and memory.awake_since is not None:
            found, everywhere = await self._catch_up(memory.awake_since - MARGIN)
            if everywhere:
                memory = replace(memory, caught_up=True, awake_since=None)
        note = f"asked for {asked} deliveries again" if asked else "every delivery was handed over"
        return f"{note}; found {found} merges that were missed" if found else note, replace(memory, awake_at=now)

    # Deliveries

    async def _ask_again(self, memory: Memory, now: datetime) -> tuple[int, Memory]:
        attempts, cursor = await self._log(memory)
        asked = dict(memory.asked)
        count = 0
        owed = {**memory.owed, **{each.guid: each.id for each in missed.deliveries(attempts, asked)}}
        for guid, id in list(owed.items())[:MOST_ASKED]:
            if await self.inbox.find(guid) is None and await self._handed_over_again(guid, id):
                count += 1
            asked[guid] = owed.pop(guid)
        memory = replace(memory, owed=owed)
        until = memory.sweeping_to or now
        if cursor:
            return count, replace(memory, asked=asked, cursor=cursor, sweeping_to=until)
        kept = missed.worth_remembering(asked, attempts) if not memory.cursor else asked
        return count, replace(memory, asked=kept, cursor="", swept_until=until, sweeping_to=None)

    async def _log(self, memory: Memory) -> tuple[list[Attempted], str]:
        """What was attempted since the last sweep, newest first, and where to read on if that is more than a sweep."""
        found: list[Attempted] = []
        cursor = memory.cursor
        for _ in range(MOST_PAGES):
            page, cursor = await self.github.attempts(cursor)
            found += page
            if not cursor or missed.reaches_back(page, memory.swept_until):
                return [each for each in found if each.at >= memory.swept_until - missed.OVERLAP], ""
        return found, cursor

    async def _handed_over_again(self, guid: str, id: int) -> bool:
        log.warning("GitHub could not hand this delivery over; it is asked for again", delivery=guid)
        try:
            await self.github.attempt_again(id)
        except Refused as error:  # GitHub has forgotten it, or knows no hook to send it to
            log.error("a delivery can't be had again", delivery=guid, why=str(error))
            return False
        return True

    # Merges

    async def _catch_up(self, since: datetime) -> tuple[int, bool]:
        """Puts each merge since then that the inbox knows nothing of into it; a promotion finds what exists of it.

        How many, and whether all could be looked at: trouble in one installation stays there (N17).
        """
        log.warning("the server was away; merges are looked for", since=since.isoformat())
        count, everywhere = 0, True
        here: list[int | None] = [None]
        if self.github.is_app:
            here = [each.id for each in await self.github.installations()]
        for installation in here:
            try:
                repos = await self._repos(installation)
                found = await merged.since(self.github.transport(installation), repos, since)
            except (WorldUnwell, OperatorMistake, Refused) as error:
                # Time may heal it: the next sweep looks again. Else whoever runs the server must act.
                everywhere = everywhere and not isinstance(error, WorldUnwell)
                log.error("merges can't be looked for", installation=installation, why=str(error))
                continue
            for each in found:
                count += await self._put(each, installation)
        return count, everywhere

    async def _repos(self, installation: int | None) -> Sequence[RepoName]:
        if installation is None:
            return await self.known()
        return [listed.name for listed in await self.github.repositories(installation)]

    async def known(self) -> list[RepoName]:
        """The repositories that the inbox has heard of: a personal token is not told where it is in use."""
        lanes = (entry.lane for entry in await self.inbox.entries(most=MOST_KNOWN) if "/" not in entry.kind)
        names = (name.partition("#")[0].partition("@")[0].partition("!")[0] for name in lanes)
        return sorted({RepoName(name) for name in names if "/" in name})

    async def _put(self, each: Merged, installation: int | None) -> int:
        event = MissedEvent(each.repo, installation, each.number)
        heard = await self.inbox.entries(lane=lane(event), most=100)
        for entry in heard:
            if entry.received_at >= each.at - MARGIN and await self._tells_of_a_merge(entry):
                return 0
        log.warning("a merge was missed", repo=each.repo, pr=each.number)
        delivery = Delivery(
            id=own.missed_id(event),
            kind=own.MISSED,
            lane=lane(event),
            headers=(("Content-Type", "application/json"),),
            body=own.body(event),
            received_at=self.clock(),
        )
        await self.inbox.put(delivery)
        return 1

    async def _tells_of_a_merge(self, entry: Entry) -> bool:
        """Any other event of the pull request, heard shortly before the merge or after it, tells nothing of it."""
        if entry.kind != "pull_request" or (kept := await self.inbox.find(entry.id)) is None:
            return False
        sent = kept.delivery
        content_type = next((value for name, value in sent.headers if name.lower() == "content-type"), parse.JSON)
        try:
            event = parse.parse(sent.kind, sent.body, content_type)
        except parse.MalformedEvent:
            return False
        return isinstance(event, PullRequestEvent) and event.action == "closed" and event.pull.merged
