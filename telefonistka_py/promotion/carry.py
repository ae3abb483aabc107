"""Sees to it that the pull request of each promotion stands, and puts away the ones that it overtakes."""

from dataclasses import dataclass, replace

import structlog

from telefonistka_py.config.model import Config
from telefonistka_py.errors import OperatorMistake, RepoMistake
from telefonistka_py.feedback import comments
from telefonistka_py.github.facts import Existing, MadePull
from telefonistka_py.github.failure import Forbidden, Refused
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import draft, neighbours, render
from telefonistka_py.promotion.gather import Facts, Ground
from telefonistka_py.promotion.means import Means
from telefonistka_py.promotion.model import Draft, Promotion, Trigger
from telefonistka_py.promotion.neighbours import Neighbour
from telefonistka_py.promotion.outcome import Failed, Level, Outcome, Skipped, Stands
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import opening
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.reading import Reader

log = structlog.get_logger()

_MOST_COMPARED = 200
"""Paths of an older promotion that are looked at: its body, which names them, can be edited (N25)."""


@dataclass(frozen=True)
class One:
    """Carries out one promotion after the other."""

    means: Means
    ground: Ground
    config: Config
    facts: Facts
    trigger: Trigger
    near: tuple[Neighbour, ...]

    async def opened(self, promotion: Promotion, graft: Graft | RepoMistake, branch: str) -> Outcome:
        """Sees to it that the pull request of `promotion` stands."""
        for skip in promotion.skips:
            log.info("target skipped", component=skip.component, target=skip.target, reason=skip.reason)
        if isinstance(graft, RepoMistake):
            return Failed(str(graft))
        existing = self.facts.existing[branch]
        before = min((pull.number for pull in existing.pulls), default=None)
        older = neighbours.superseded(self.near, promotion.sync, branch, before)
        wanted = self._draft(promotion, older)
        asked = pulls.Wanted(**vars(wanted))
        found = opening.decide(existing, graft, self.ground.pin, wanted.labels, wanted.commit_message)
        match found:
            case opening.Level():
                for neighbour in older:
                    await supersede(self.means, self.config, neighbour, None)
                return Level() if promotion.sync else Skipped()
            case opening.Refuse():
                return Failed(f"{wanted.branch}: {found.why}")
            case opening.Standing(pull):
                if found.missing_labels:
                    await pulls.complete(self.means.repo, asked, found)
                stands = Stands(pull.number, pull.node_id, pull.head_sha, pull.state, new=False)
                return await self._stood(promotion, existing, stands, older)
            case opening.Make():
                return await self._made(promotion, graft, asked, found, older)

    async def _made(
        self,
        promotion: Promotion,
        graft: Graft,
        asked: pulls.Wanted,
        decision: opening.Make,
        older: tuple[Neighbour, ...],
    ) -> Stands:
        trouble = ""

        async def approve(made: MadePull) -> None:
            nonlocal trouble
            trouble = await self._approved(made.number, made.head_sha, new=True)

        beside = approve if self.config.auto_approve else None
        made = await pulls.make(self.means.repo, self.ground.pin, graft, asked, decision, beside)
        for neighbour in older:
            await supersede(self.means, self.config, neighbour, made.number)
        stands = Stands(made.number, made.node_id, made.head_sha, proven=True, trouble=trouble)
        return replace(stands, to_merge=promotion.auto_merge, sources=await self._sources(promotion))

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
        return draft.write(promotion, self.trigger, self.config.labels, self.means.templates, supersedes=numbers)

    async def _stood(
        self, promotion: Promotion, existing: Existing, stands: Stands, older: tuple[Neighbour, ...]
    ) -> Stands:
        """What is left to do for one that an earlier attempt opened; only if it is certainly ours and still wanted."""
        stands = replace(stands, to_merge=promotion.auto_merge)
        if stands.state != "OPEN":
            return stands
        for neighbour in older:
            await supersede(self.means, self.config, neighbour, stands.number)
        if not (promotion.auto_merge or self.config.auto_approve):
            return stands
        branch = existing.branch
        proven = branch is not None and branch.commit == stands.head_sha
        proven = proven and await pulls.proven(
            self.means.repo, self.ground.pin, self.ground.trees, branch, promotion.sync
        )
        stands = replace(stands, proven=proven, sources=await self._sources(promotion))
        if not proven or not self.config.auto_approve:
            return stands
        return replace(stands, trouble=await self._approved(stands.number, stands.head_sha, new=False))

    async def _approved(self, number: int, sha: Sha, *, new: bool) -> str:
        """Approves by the second identity; what went wrong, in a sentence."""
        if self.means.approver is None:
            return "it could not be approved: no approver is configured (APPROVER_GITHUB_APP_ID or _OAUTH_TOKEN)"
        try:
            approver = await self.means.approver()
            if new or not await approver.approved(number, sha):
                await approver.approve(number, sha)
        except (Refused, OperatorMistake) as error:
            return f"it could not be approved: {error}"
        return ""


async def supersede(means: Means, config: Config, older: Neighbour, newer: int | None) -> None:
    """Tells on the older promotion, takes its auto-merge back, and closes it where that is wanted and nobody's work.

    `newer` None: its source is back at what the targets hold. Whatever fails here must not stop the newer promotion.
    """
    number, touched = older.open.pull.number, older.open.touched
    close = config.supersede == "close" and not touched
    log.info("promotion superseded", older=number, newer=newer, closed=close)
    text = render.superseded(newer, close, touched and config.supersede == "close", means.templates)
    await comments.try_to_keep(means.repo, number, render.NEIGHBOUR_TOPIC, text)
    try:
        await means.repo.disarm(older.open.pull.node_id)
        if close and (await means.repo.landing(number)).head_sha == older.open.pull.head_sha:
            # In this order an attempt that ends in between finds the rest still to be done: the pull request is open.
            await means.repo.delete_branch(older.open.branch)
            await means.repo.close(number)
    except (Refused, Forbidden) as error:
        log.warning("older promotion not put away", older=number, reason=str(error))


async def tell_emptied(means: Means, ground: Ground, near: tuple[Neighbour, ...]) -> None:
    """Promotions into whose targets this merge reached, and whose contents the default branch holds now."""
    for neighbour in neighbours.touched_by(near, ground.paths):
        paths = sorted(neighbour.promoted)[:_MOST_COMPARED]
        there = await means.repo.entries(neighbour.open.pull.head_sha, paths)
        if there == await means.repo.entries(ground.pin.commit, paths):
            text = render.emptied(means.templates)
            await comments.try_to_keep(means.repo, neighbour.open.pull.number, render.NEIGHBOUR_TOPIC, text)
