"""A pull request that touches 20 components, in an Argo CD with 2,000 apps that takes 100 ms for every answer.

python -m tests.benchmarks.argocd_flow
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from telefonistka_py.observability import logs
from telefonistka_py.sandbox.content import Content
from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment

COMPONENTS = 20
APPS = 2_000
LATENCY = 0.1
"""Seconds, of each answer of Argo CD."""


def files(names: list[str]) -> dict[str, Content]:
    found = argo.files() | {f"workspace/{name}/deployment.yaml": deployment(name=name) for name in names}
    return found | {"elsewhere/app/deployment.yaml": deployment(name="app")}


async def measure(house: ArgoHouse) -> None:
    names = [f"c{number:02}" for number in range(COMPONENTS)]
    repo = await house.repo(files(names))
    for name in names:
        app = await house.argo.add_app(name, f"workspace/{name}", destination=name, automated={})
        await house.argo.sync(app)
    for number in range(APPS - COMPONENTS):
        await house.argo.add_app(f"other-{number}", "elsewhere/app", destination=f"other-{number}")
    house.argo.exchanges.clear()
    house.argo.latency = LATENCY
    async with house.bot():
        changes: dict[str, Content | None] = {
            f"workspace/{name}/deployment.yaml": deployment("2", name) for name in names
        }
        started = time.perf_counter()
        pull = await house.opened(repo, changes)
        whole = time.perf_counter() - started
        assert house.told_of(pull).count("1 changed</summary>") == COMPONENTS
    asked = house.argo.exchanges
    ended = [each.ended for each in asked if each.ended is not None]
    lists = sum(each.path.startswith("/api/v1/applications?") for each in asked)
    print(f"{COMPONENTS} components, {APPS:,} apps, {LATENCY * 1000:.0f} ms for every answer of Argo CD")
    print(f"requests to Argo CD: {len(asked)}, of which lists of apps: {lists}")
    print(f"from the first to the last answer: {max(ended) - min(each.started for each in asked):.2f} s")
    print(f"from the push to the handled webhook: {whole:.2f} s")


async def main() -> None:
    logs.setup("warn", "auto", sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        async with argo.raised(Path(folder)) as house:
            await measure(house)


if __name__ == "__main__":
    asyncio.run(main())
