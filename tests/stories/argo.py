"""A house with Argo CDs: a repository whose environments hold an nginx, and an app for each of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.argocd import App, ArgoCd
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.contracts import argocd as argocd_contract
from tests.contracts import github as github_contract
from tests.stories.house import SECRET, TWO_STAGES, House

PLACES = ("workspace", "clusters/dev", "clusters/lab", "clusters/prod/east", "clusters/prod/west")


def deployment(tag: str = "1.0", name: str = "nginx") -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: {name}
          image: {name}:{tag}
"""


def files(settings: str = "", **argocd: bool | str) -> dict[str, Content]:
    """The repository, with keys of the section `argocd` beside `commentDiffonPR`, and with `settings` at its end."""
    section = "".join(f"  {key}: {str(value).lower()}\n" for key, value in {"commentDiffonPR": True, **argocd}.items())
    found: dict[str, Content] = {
        "telefonistka.yaml": f"{TWO_STAGES}argocd:\n{section}{settings}",
        "README.md": "about\n",
    }
    return found | {f"{place}/nginx/deployment.yaml": deployment() for place in PLACES}


@dataclass
class ArgoHouse(House):
    """The sandbox with an Argo CD beside it; the bot knows it, unless `told` is emptied."""

    told: dict[str, str] = field(default_factory=dict)
    """What the bot's environment says of Argo CD."""
    argos: list[ArgoCd] = field(default_factory=list)

    @property
    def argo(self) -> ArgoCd:
        return self.argos[0]

    def environment(self) -> dict[str, str]:
        return super().environment() | self.told

    async def apps(self, *places: str, argo: ArgoCd | None = None) -> list[App]:
        """A synced app for the nginx of each place."""
        made = []
        for place in places or PLACES:
            name = f"nginx-{place.replace('/', '-')}"
            app = await (argo or self.argo).add_app(name, f"{place}/nginx", destination=name, automated={})
            await (argo or self.argo).sync(app)
            made.append(app)
        return made

    async def opened(self, repo: Repo, changes: dict[str, Content | None], branch: str = "feature") -> Pull:
        """alice opens a pull request with `changes`, and the bot settles."""
        await repo.commit("alice", branch, changes)
        pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}")
        await self.settle()
        return pull

    async def ready(self) -> bool:
        """Whether the server says that it is."""
        assert self.server is not None
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.server.url}/ready")).status_code == 200

    async def scraped(self) -> str:
        """The server's metrics."""
        assert self.server is not None
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.server.url}/metrics")).text

    def told_of(self, pull: Pull) -> str:
        """What the bot says of the clusters; empty when it says nothing."""
        return "\n".join(self.said(pull, "argocd"))


@asynccontextmanager
async def raised(folder: Path, number: int = 1) -> AsyncIterator[ArgoHouse]:
    """A house with `number` Argo CDs. At its end everything that was asked and answered must fit the descriptions."""
    async with Hub.running(folder / "hub") as hub, ArgoCd.running(hub) as one, ArgoCd.running(hub) as other:
        argos = [one, other][:number]
        told = {"ARGOCD_SERVER_ADDR": one.url, "ARGOCD_TOKEN": one.token}
        house = ArgoHouse(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder, told=told, argos=argos)
        yield house
        await hub.delivered()
        assert hub.unknown == []
        assert [problem for each in hub.exchanges for problem in github_contract.problems_of(each)] == []
        for argo in argos:
            assert argo.unknown == []
            assert [problem for each in argo.exchanges for problem in argocd_contract.problems_of(each)] == []
