"""Many repositories, and people who change them: each waits for the promotion of a change before making the next."""

import asyncio
import random
from dataclasses import dataclass, field

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import App, Delivery
from telefonistka_py.sandbox.repository import Repo

ACCOUNTS = 10
TARGETS = ("clusters/dev", "clusters/lab")
CONFIG = """
promotionPaths:
  - sourcePath: workspace/
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
"""
MERGING = "autoApprovePromotionPrs: true\n" + CONFIG.replace(
    "    promotionPrs", "    conditions: {autoMerge: true}\n    promotionPrs"
)
"""Every second repository approves and merges its promotions."""

LOST_SECONDS = 180
"""Whatever was not promoted by then counts as lost; the longest wait on purpose is a twentieth of that."""
_MANY = 10_000_000
_PROMOTION = "promotions/"


@dataclass(frozen=True)
class Change:
    """A merged pull request that must have been promoted."""

    repo: Repo
    number: int
    component: str


@dataclass
class Town:
    """Repositories and what people did to them."""

    hub: Hub
    app: App
    rng: random.Random
    repos: list[Repo] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    idle_talk: int = 0
    """Things people did that lead to no promotion."""
    _awaited: dict[tuple[str, str], asyncio.Event] = field(default_factory=dict)
    _made: int = 0

    async def build(self, count: int) -> None:
        """`count` repositories of some ten files. Limits are lifted: what is under test is not patience."""
        for resource in ("core", "graphql"):
            self.hub.limit(primary=_MANY, resource=resource)
        for number in range(count):
            files: dict[str, Content] = {"telefonistka.yaml": MERGING if number % 2 else CONFIG, "README.md": "about\n"}
            files |= {f"{place}/nginx/values.yaml": "1\n" for place in ("workspace", *TARGETS)}
            name = f"team-{number % ACCOUNTS}/gitops-{number}"
            self.repos.append(await self.hub.add_repo(name, files=files, collaborators={"alice": "write"}))

    def merges_itself(self, repo: Repo) -> bool:
        return self.repos.index(repo) % 2 == 1

    async def live(self, deliveries: int, people: int) -> None:
        """`people` act until GitHub has had `deliveries` to hand over."""
        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(self._person(deliveries))

    async def _person(self, deliveries: int) -> None:
        while len({each.guid for each in self.hub.deliveries}) < deliveries:
            self._made += 1
            repo = self.repos[self._made % len(self.repos)]
            if self.rng.random() < 0.2:
                await self._talk(repo, self._made)
            else:
                await self._change(repo, self._made)

    async def _change(self, repo: Repo, number: int) -> None:
        """A new component, merged; returns when GitHub tells of its promotion."""
        component, branch = f"app-{number}", f"change-{number}"
        await repo.commit("alice", branch, {f"workspace/{component}/values.yaml": f"{number}\n"})
        pull = await repo.open_pull("alice", head=branch, title=f"Add {component}")
        promoted = self._awaited[repo.name, str(pull.number)] = asyncio.Event()
        await repo.merge("alice", pull.number)
        self.changes.append(Change(repo, pull.number, component))
        try:
            await asyncio.wait_for(promoted.wait(), LOST_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{repo.name}#{pull.number} was not promoted within {LOST_SECONDS} s") from None

    async def _talk(self, repo: Repo, number: int) -> None:
        """What leads to nothing: a pull request beside every flow, pushed to, talked about and closed."""
        branch = f"talk-{number}"
        await repo.commit("alice", branch, {"README.md": f"about {number}\n"})
        pull = await repo.open_pull("alice", head=branch, title="Reword")
        await repo.comment("alice", pull.number, "What do you think?")
        await repo.commit("alice", branch, {"README.md": f"about {number} again\n"})
        await repo.close("alice", pull.number)
        self.idle_talk += 1

    def hear(self, delivery: Delivery) -> None:
        """Lets those go on whose promotion was opened."""
        if delivery.event != "pull_request" or delivery.action != "opened":
            return
        head = str(delivery.payload["pull_request"]["head"]["ref"])
        if head.startswith(_PROMOTION):
            number = head.removeprefix(_PROMOTION).partition("-")[0]
            if event := self._awaited.get((delivery.payload["repository"]["full_name"], number)):
                event.set()
