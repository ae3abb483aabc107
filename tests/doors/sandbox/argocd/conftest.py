"""An Argo CD beside the hub for every test, and somebody to ask it things."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from telefonistka_py.sandbox import Content, Exchange, Hub, Repo
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.contracts import argocd

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx
spec:
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
        - name: nginx
          image: nginx:1.0
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {selector: {app: nginx}, ports: [{port: 80}]}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {password: correct horse}
"""
FILES: dict[str, Content] = {
    "dev/nginx/all.yaml": f"{DEPLOYMENT}---\n{SERVICE}",
    "dev/nginx/README.md": "not rendered\n",
    "dev/db/secret.yaml": SECRET,
    "prod/nginx/all.yaml": DEPLOYMENT,
}


@dataclass
class Answer:
    status: int
    body: Any


@dataclass
class Client:
    """Asks Argo CD over HTTP, as whoever the token belongs to."""

    session: aiohttp.ClientSession
    url: str
    token: str | None

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        asked = self.session.request(method, self.url + path, params=query, json=body, headers=headers)
        async with asked as response:
            text = await response.text()
            is_json = response.headers.get("content-type", "").startswith("application/json")
            return Answer(response.status, json.loads(text) if is_json else text)

    async def app(self, app: str, rest: str = "", **query: Any) -> Any:
        answer = await self("GET", f"/api/v1/applications/{app}{rest}", **query)
        assert answer.status == 200, answer.body
        return answer.body

    async def managed(self, app: str, **query: Any) -> dict[str, dict[str, Any]]:
        """By kind, states parsed."""
        found = (await self.app(app, "/managed-resources", **query)).get("items", [])
        states = ("liveState", "targetState", "normalizedLiveState", "predictedLiveState")
        return {each["kind"]: each | {state: json.loads(each[state]) for state in states} for each in found}

    async def manifests(self, app: str, **query: Any) -> dict[str, Any]:
        """By kind."""
        found = [json.loads(each) for each in (await self.app(app, "/manifests", **query)).get("manifests", [])]
        return {each["kind"]: each for each in found}

    def as_token(self, token: str | None) -> "Client":
        return Client(self.session, self.url, token)


def misfits(exchange: Exchange) -> list[str]:
    """Where the exchange differs from the description. A request that was refused may well be wrong."""
    refused = exchange.status is not None and exchange.status >= 400
    found = argocd.problems_of(exchange)
    return [each for each in found if not (refused and (": request" in each or ": query" in each))]


@pytest.fixture
async def repo(hub: Hub) -> Repo:
    return await hub.add_repo("acme/gitops", files=FILES, collaborators={"alice": "write"})


@pytest.fixture
async def argo(hub: Hub, repo: Repo) -> AsyncIterator[ArgoCd]:
    async with ArgoCd.running(hub) as argo:
        yield argo
        assert argo.unknown == []
    problems = [problem for exchange in argo.exchanges for problem in misfits(exchange)]
    assert not problems, "\n".join(problems)


@pytest.fixture
def client(argo: ArgoCd, session: aiohttp.ClientSession) -> Client:
    return Client(session, argo.url, argo.token)
