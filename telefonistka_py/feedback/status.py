"""The commit status around a handled event (contract §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoName, Sha

log = structlog.get_logger()

CONTEXT = "telefonistka"
DESCRIPTION = "Telefonistka GitOps Bot"
HOME_PAGE = "https://github.com/commercetools/telefonistka"


class State(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    ERROR = "error"


@dataclass(frozen=True)
class Status:
    """Our status on one commit of `repo`."""

    repo: Repository
    sha: Sha
    target_url: str
    """What people find behind it."""
    count: Callable[[RepoName, str], None]
    """Is told of each status that was set."""

    async def post(self, state: State) -> None:
        try:
            await self.repo.create_status(
                self.sha, state=state, context=CONTEXT, description=DESCRIPTION, target_url=self.target_url
            )
        except Refused as error:
            if error.status != 422:
                raise
            log.warning("status not set", reason=str(error))  # 1,000 of one context on a commit are the end (N19)
            return
        self.count(self.repo.name, state)
