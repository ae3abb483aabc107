"""Argo CD's apps and pull requests' branches: what leads to setting them, put into the inbox, and done from there.

It waits there in a lane of its own, so that an Argo CD that is down holds up nothing else of the pull request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from telefonistka_py.argocd import branch_sync_flow
from telefonistka_py.argocd.client import Client
from telefonistka_py.events import own
from telefonistka_py.events.model import BranchEvent, CommentEvent, PullRequest, Wish, lane
from telefonistka_py.github.connection import Connection
from telefonistka_py.inbox.model import Delivery, Done, Inbox
from telefonistka_py.names import RepoName
from telefonistka_py.templates import Templates

log = structlog.get_logger()


@dataclass(frozen=True)
class Branches:
    """Sets apps to branches, and back."""

    github: Connection
    clusters: tuple[Client, ...]
    inbox: Inbox | None
    """None where there is no server: what apps followed before is not remembered there."""
    texts: Templates
    clock: Callable[[], datetime]

    async def on_asked(self, event: CommentEvent, wish: Wish, cause: Delivery) -> Done:
        """The box in a comment was changed: whether the comment is ours (N25), and who changed it may write (N24)."""
        if not self.clusters:
            return Done("no Argo CD is configured")
        us = await self.github.own_login(event.repo.name, event.installation)
        if event.author != us or event.sender == us:
            return Done("our own edit" if event.sender == us else "the comment is not ours")
        repository = await self.github.repository(event.repo.name, event.installation)
        if not await repository.may_write(event.sender):
            log.warning("box ignored", sender=event.sender, reason="no write access")
            return Done(f"{event.sender} has no write access: the box is ignored")
        asked = BranchEvent(event.repo.name, event.installation, event.number, wish, event.comment_id, event.sender)
        where = "to the branch" if wish == "set" else "back"
        return Done(f"{event.sender} asked for the apps to be set {where}", then=(self._delivery(asked, cause.id),))

    def on_closed(self, repo: RepoName, installation: int | None, pull: PullRequest, cause: Delivery) -> Done:
        """Without being merged into the default branch."""
        how = (
            f"merged into {pull.base_ref}, not into the default branch"
            if pull.merged
            else "closed without being merged"
        )
        note = f"the pull request was {how}"
        if not self.clusters or pull.head_repo != repo:
            return Done(note)
        event = BranchEvent(repo, installation, pull.number, None)
        return Done(f"{note}; no app is to follow its branch", then=(self._delivery(event, cause.id),))

    def wanted_by(self, repo: RepoName, installation: int | None, pull: PullRequest) -> tuple[Delivery, ...]:
        """What follows from the merge of `pull`, for the inbox; it has it once, whatever it is asked."""
        # Whatever the configuration says by now: it may have said otherwise when apps were set to the branch.
        if not (pull.merged and self.clusters and pull.head_repo == repo):
            return ()
        return (self._delivery(BranchEvent(repo, installation, pull.number, None), "merged"),)

    async def although_given_up(self, repo: RepoName, installation: int | None, pull: PullRequest) -> None:
        """The change is merged, whether or not it could be promoted."""
        if self.inbox is not None:
            for delivery in self.wanted_by(repo, installation, pull):
                await self.inbox.put(delivery)

    async def on_due(self, event: BranchEvent) -> Done:
        return Done(await branch_sync_flow.on_due(await self._task(event), event))

    async def on_given_up(self, event: BranchEvent, why: str) -> None:
        await branch_sync_flow.on_given_up(await self._task(event), event, why)

    async def _task(self, event: BranchEvent) -> branch_sync_flow.Task:
        repository = await self.github.repository(event.repo, event.installation)
        us = partial(self.github.own_login, event.repo, event.installation)
        return branch_sync_flow.Task(repository, us, self.clusters, self.inbox, self.texts)

    def _delivery(self, event: BranchEvent, cause: str) -> Delivery:
        return Delivery(
            id=own.branch_id(event, cause),
            kind=own.BRANCH,
            lane=lane(event),
            headers=(("Content-Type", "application/json"),),
            body=own.body(event),
            received_at=self.clock(),
        )
