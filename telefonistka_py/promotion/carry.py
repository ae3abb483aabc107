"""Sees to it that the pull request of each promotion stands, and puts away the ones that it overtakes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from telefonistka_py.config.model import Config
from telefonistka_py.errors import OperatorMistake, RepoMistake
from telefonistka_py.feedback import comments
from telefonistka_py.github.facts import Existing, FoundPull, LandingState, MadePull, OpenPull
from telefonistka_py.github.failure import Forbidden, Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import draft, gather, held, neighbours, render
from telefonistka_py.promotion.gather import Facts, Ground
from telefonistka_py.promotion.means import Means
from telefonistka_py.promotion.model import Draft, Promotion, Trigger
from telefonistka_py.promotion.neighbours import Neighbour, Settled
from telefonistka_py.promotion.outcome import Failed, Level, Outcome, Skipped, Stands
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import merge, opening
from telefonistka_py.pulls.landing import Moved
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.model import ancestors
from telefonistka_py.tree.reading import Reader

log = structlog.get_logger()

_MOST_COMPARED = 200
"""Paths of an older promotion that are looked at: its body, which names them, can be edited (N25)."""

_NOT_PROVEN = (
    "it is not approved by itself: its branch does not hold exactly what this merge promotes, since somebody pushed to "
    "it or the source has changed again; it is left to people"
)
_OWN_PULL = (
    "it could not be approved: the approver is the identity that opened it, and GitHub lets nobody approve their own "
    "pull request; set APPROVER_GITHUB_APP_ID or APPROVER_GITHUB_OAUTH_TOKEN to another identity"
)


@dataclass
class Around:
    """The open promotions that were seen so far, of all the promotions of one merge."""

    near: tuple[Neighbour, ...]
    newest: int
    """The highest number of a pull request that was there before `near` was looked at, or that we opened since."""
    merge: Sha | None
    """What the merged pull request became on the default branch."""

    async def settled(self, repo: Repository, targets: Iterable[RepoPath], branch: str, before: int | None) -> Settled:
        """How a promotion to `targets` stands to them: which is newer, the order of the merges tells."""
        wanted = list(targets)
        rivals = neighbours.rivals(self.near, wanted, branch, before)
        numbers = {each.trigger for each in rivals if each.trigger}
        later = await gather.merged_later(repo, self.merge, numbers) if numbers and self.merge else frozenset[int]()
        return neighbours.settle(rivals, wanted, later)

    async def opened(self, repo: Repository, number: int) -> bool:
        """Looks again if another pull request was opened meanwhile; whether that was so.

        Of two promotions that are opened at the same moment, the one with the higher number finds the other: either it
        was there when the higher one first looked, or it lies between the highest number seen then and the new one.
        """
        alone, self.newest = number == self.newest + 1, number
        if not alone:
            self.near = neighbours.read(await repo.open_pulls(draft.LABEL))
        return not alone


@dataclass(frozen=True)
class One:
    """Carries out one promotion after the other."""

    means: Means
    ground: Ground
    config: Config
    facts: Facts
    trigger: Trigger
    around: Around

    async def opened(self, promotion: Promotion, graft: Graft | RepoMistake, branch: str) -> Outcome:
        """Sees to it that the pull request of `promotion` stands."""
        for skip in promotion.skips:
            log.info("target skipped", component=skip.component, target=skip.target, reason=skip.reason)
        if isinstance(graft, RepoMistake):
            return Failed(str(graft))
        existing = self.facts.existing[branch]
        before = min((pull.number for pull in existing.pulls), default=None)
        settled = await self.around.settled(self.means.repo, promotion.sync, branch, before)
        wanted = self._draft(promotion, settled.older)
        asked = pulls.Wanted(**vars(wanted))
        found = opening.decide(existing, graft, self.ground.pin, wanted.labels, wanted.commit_message)
        match found:
            case opening.Level():
                for neighbour in settled.older:
                    await supersede(self.means, self.config, neighbour.open, None)
                return Level() if promotion.sync else Skipped()
            case opening.Refuse():
                return Failed(f"{found.why} ({wanted.branch})", found.pull)
            case opening.Standing(pull):
                if found.missing_labels:
                    await pulls.complete(self.means.repo, asked, found)
                return await self._stood(promotion, existing, pull, branch, settled)
            case opening.Make():
                return await self._made(promotion, graft, asked, found, settled)

    async def _made(
        self, promotion: Promotion, graft: Graft, asked: pulls.Wanted, decision: opening.Make, settled: Settled
    ) -> Stands:
        trouble = ""

        async def approve(made: MadePull) -> None:
            nonlocal trouble
            trouble = await self._approved(made.number, made.head_sha, new=True)

        beside = approve if self.config.auto_approve and not settled.newer else None
        made = await pulls.make(self.means.repo, self.ground.pin, graft, asked, decision, beside)
        if await self.around.opened(self.means.repo, made.number):
            settled = await self.around.settled(self.means.repo, promotion.sync, asked.branch, made.number)
        pull = FoundPull(
            made.node_id, made.number, "OPEN", made.url, asked.title, made.head_sha,
            labels=frozenset(asked.labels), assignees=frozenset(), ours=True,
        )  # fmt: skip
        await self._say_what_it_supersedes(promotion, made.number, asked.body, settled.older)
        stands = Stands(made.number, made.node_id, made.head_sha, proven=True, trouble=trouble)
        stands = replace(stands, to_merge=promotion.auto_merge, sources=await self._sources(promotion))
        return await self._settled(stands, OpenPull(pull, asked.branch, asked.body, touched=False), settled)

    async def _say_what_it_supersedes(
        self, promotion: Promotion, number: int, body: str, older: tuple[Neighbour, ...]
    ) -> None:
        """In the body of our pull request, which says `body` so far."""
        wanted = self._draft(promotion, older).body
        if body != wanted:
            try:
                await self.means.repo.edit_issue(number, body=wanted)
            except (Refused, Forbidden) as error:
                log.warning("body not edited", number=number, reason=str(error))

    async def _settled(self, stands: Stands, own: OpenPull, settled: Settled) -> Stands:
        """Puts away what the promotion overtakes; or itself, where something newer carries the same."""
        for neighbour in settled.older:
            await supersede(self.means, self.config, neighbour.open, stands.number)
        if settled.newer is None:
            return stands
        newer = settled.newer.open.pull.number
        await supersede(self.means, self.config, own, newer)
        why = f"#{newer} carries a newer state of the same components to the same targets"
        return replace(stands, to_merge=False, landing=Moved(why))

    async def _sources(self, promotion: Promotion) -> tuple[tuple[RepoPath, Sha | None], ...]:
        """What the promotion carries, as it was read; nothing is fetched for it any more."""
        if not promotion.auto_merge:
            return ()
        root = self.ground.pin.tree

        def read(reader: Reader) -> tuple[tuple[RepoPath, Sha | None], ...]:
            found = ((path, reader.find(root, path)) for path in dict.fromkeys(promotion.sync.values()))
            return tuple((path, entry.sha if entry else None) for path, entry in found)

        return await self.means.repo.walk(self.ground.trees, read)

    def _draft(self, promotion: Promotion, older: tuple[Neighbour, ...]) -> Draft:
        numbers = tuple(sorted(neighbour.open.pull.number for neighbour in older))
        upon = tuple(origin for neighbour in older for origin in neighbour.origins)
        labels, texts = self.config.labels, self.means.templates
        return draft.write(promotion, self.trigger, labels, texts, supersedes=numbers, upon=upon)

    async def _stood(
        self, promotion: Promotion, existing: Existing, pull: FoundPull, branch: str, settled: Settled
    ) -> Stands:
        """What is left to do for one that an earlier attempt opened; only if it is certainly ours and still wanted."""
        stands = Stands(pull.number, pull.node_id, pull.head_sha, pull.state, new=False, to_merge=promotion.auto_merge)
        if stands.state != "OPEN":
            return stands
        seen = (each.open for each in self.around.near if each.open.pull.number == pull.number)
        own = next(seen, OpenPull(pull, branch, "", touched=True))
        if own.body == self._draft(promotion, ()).body:
            await self._say_what_it_supersedes(promotion, pull.number, own.body, settled.older)
        stands = await self._settled(stands, own, settled)
        if settled.newer:
            return stands
        if not (promotion.auto_merge or self.config.auto_approve):
            return stands
        there = existing.branch
        proven = there is not None and there.commit == stands.head_sha
        proven = proven and await pulls.proven(
            self.means.repo, self.ground.pin, self.ground.trees, there, promotion.sync
        )
        stands = replace(stands, proven=proven, sources=await self._sources(promotion))
        if not self.config.auto_approve:
            return stands
        if not proven:
            return replace(stands, note=_NOT_PROVEN)
        return replace(stands, trouble=await self._approved(stands.number, stands.head_sha, new=False))

    async def _approved(self, number: int, sha: Sha, *, new: bool) -> str:
        """Approves by the second identity; what went wrong, in a sentence."""
        if self.means.approver is None:
            return "it could not be approved: set APPROVER_GITHUB_APP_ID or APPROVER_GITHUB_OAUTH_TOKEN on the server"
        try:
            approver = await self.means.approver()
            if new or not await approver.approved(number, sha):
                await approver.approve(number, sha)
        except (Refused, OperatorMistake) as error:
            if isinstance(error, Refused) and "approve your own pull request" in error.reason.lower():
                return _OWN_PULL
            return f"it could not be approved: {error}"
        return ""


async def supersede(means: Means, config: Config, older: OpenPull, newer: int | None) -> None:
    """Tells on the older promotion, keeps GitHub from merging it, and closes it where that is wanted and nobody's work.

    `newer` None: its source is back at what the targets hold. Whatever fails here must not stop the newer promotion.
    """
    number, touched = older.pull.number, older.touched
    close = config.supersede == "close" and not touched
    log.info("promotion superseded", older=number, newer=newer, closed=close)
    text = render.superseded(newer, close, touched and config.supersede == "close", means.templates)
    await comments.try_to_keep(means.repo, number, render.NEIGHBOUR_TOPIC, text)
    stands = await _standing(means.repo, number)
    if stands is None:
        return
    await merge.take_back(means.repo, stands)
    if not close or stands.head_sha != older.pull.head_sha:
        return
    try:
        # In this order an attempt that ends in between finds the rest still to be done: the pull request is open.
        await means.repo.delete_branch(older.branch)
        await means.repo.close(number)
    except (Refused, OperatorMistake) as error:
        log.warning("older promotion not put away", older=number, reason=str(error))


async def hold_back_outdated(
    means: Means, config: Config, ground: Ground, near: tuple[Neighbour, ...], sync: Mapping[RepoPath, RepoPath]
) -> None:
    """Keeps GitHub from merging promotions that carry an older state of what this merge changed, whatever else they
    carry, and whatever this merge leads to: it may have forbidden that. `sync`: what it promotes, target → source."""
    if not any(flow.conditions.auto_merge for flow in config.promotion_paths):
        return
    reached = {place for path in ground.paths for place in (path, *ancestors(path))}
    for neighbour in near:
        drawn = list(neighbours.drawing_on(neighbour, reached, sync).items())[:_MOST_COMPARED]
        number = neighbour.open.pull.number
        stands = await _standing(means.repo, number) if drawn else None
        if stands is None or not stands.underway:
            continue
        carried = await means.repo.entries(stands.head_sha, [target for target, _ in drawn])
        if carried != await means.repo.entries_now(ground.pin.branch, [source for _, source in drawn]):
            log.info("promotion held back", number=number)
            await held.left(means.repo, number, means.templates, held.OUTDATED)
            await merge.take_back(means.repo, stands)


async def _standing(repo: Repository, number: int) -> LandingState | None:
    """How an older promotion stands; None where we may not know."""
    try:
        return await repo.landing(number)
    except (Refused, OperatorMistake) as error:
        log.warning("older promotion not put away", older=number, reason=str(error))
        return None


async def tell_emptied(means: Means, ground: Ground, near: tuple[Neighbour, ...]) -> None:
    """Promotions into whose targets this merge reached, and whose contents the default branch holds now."""
    for neighbour in neighbours.touched_by(near, ground.paths):
        paths = sorted(neighbour.promoted)[:_MOST_COMPARED]
        there = await means.repo.entries(neighbour.open.pull.head_sha, paths)
        if there == await means.repo.entries(ground.pin.commit, paths):
            text = render.emptied(means.templates)
            await comments.try_to_keep(means.repo, neighbour.open.pull.number, render.NEIGHBOUR_TOPIC, text)
