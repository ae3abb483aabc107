"""The commit status around a handled event (contract §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoName, Sha

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
        await self.repo.create_status(
            self.sha, state=state, context=CONTEXT, description=DESCRIPTION, target_url=self.target_url
        )
        self.count(self.repo.name, state)
