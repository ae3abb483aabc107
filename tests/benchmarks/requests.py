"""Requests and round trips of a promotion, at 50 ms of simulated latency.

    python -m tests.benchmarks.requests

One merged pull request changes 10 files of a component in 3 directories; one promotion pull request carries it to 5
targets. The same for a component of 1,000 files, in a repository of 50,000 files, and for 5 promotion pull requests.
"""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from tests.stories import costs
from tests.stories.costs import Cost
from tests.stories.house import SECRET, House

LATENCY = 0.05
TARGETS = [f"clusters/prod/region-{number}/c{number}" for number in range(5)]


def config(prs: Iterable[Iterable[str]]) -> str:
    lines = ["promotionPaths:", "  - sourcePath: workspace/", "    promotionPrs:"]
    lines += [f"      - targetPaths: [{', '.join(f'{target}/' for target in targets)}]" for targets in prs]
    return "\n".join(lines) + "\n"


def component(base: str, files: int) -> dict[str, Content]:
    folders = ("", "templates/", "templates/tests/")
    return {f"{base}/{folders[number % 3]}f{number}.yaml": f"value: {number}\n" for number in range(files)}


async def measure(*, files: int, changed: int, others: int = 0, separate: bool = False) -> tuple[Cost, int]:
    """The cost, and how many files the repository holds."""
    content: dict[str, Content] = {"telefonistka.yaml": config([[t] for t in TARGETS] if separate else [TARGETS])}
    for base in ("workspace", *TARGETS):
        content |= component(f"{base}/app", files)
        for number in range(others):
            content |= component(f"{base}/other-{number}", 20)
    with tempfile.TemporaryDirectory() as folder:
        async with Hub.running(Path(folder) / "hub") as hub:
            house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), Path(folder))
            repo = await house.repo(content)
            async with house.bot():
                await repo.commit("alice", "f", dict.fromkeys(component("workspace/app", changed), "changed\n"))
                pull = await repo.open_pull("alice", head="f", title="Change")
                await house.settle()
                hub.latency = LATENCY
                cost = costs.of(await house.requests_for_merge(repo, pull))
                assert len(house.promotions(repo)) == (5 if separate else 1)
                return cost, len(content)


async def main() -> None:
    cases = {
        "10 files, 1 pull request": await measure(files=10, changed=10),
        "1,000 files, 1 pull request": await measure(files=1000, changed=10),
        "10 files beside 50,000, 1 pull request": await measure(files=10, changed=10, others=416),
        "250 changed files, 1 pull request": await measure(files=250, changed=250),
        "10 files, 5 pull requests": await measure(files=10, changed=10, separate=True),
    }
    print("| component, to 5 targets | repository | requests | in sequence | time at 50 ms each |")
    print("|---|---|---|---|---|")
    for name, (cost, size) in cases.items():
        print(f"| {name} | {size:,} files | {cost.requests} | {cost.in_sequence} | {cost.seconds:.2f} s |")


if __name__ == "__main__":
    asyncio.run(main())
