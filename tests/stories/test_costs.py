"""Requests are what a promotion is paid in; none of these figures may grow with the repository."""

import pytest

from telefonistka_py.sandbox.content import Content
from tests.stories import costs
from tests.stories.costs import Cost
from tests.stories.house import House

TARGETS = [f"clusters/prod/region-{number}/c{number}" for number in range(5)]
CONFIG = "promotionPaths:\n  - sourcePath: workspace/\n    promotionPrs:\n      - targetPaths:\n" + "".join(
    f"          - {target}/\n" for target in TARGETS
)


def component(base: str, files: int) -> dict[str, Content]:
    """`files` files in three directories."""
    folders = ("", "templates/", "templates/tests/")
    return {f"{base}/{folders[number % 3]}f{number}.yaml": f"value: {number}\n" for number in range(files)}


async def cost_of_a_promotion(house: House, *, files: int, changed: int, others: int = 0) -> Cost:
    content: dict[str, Content] = {"telefonistka.yaml": CONFIG}
    for base in ("workspace", *TARGETS):
        content |= component(f"{base}/app", files)
        for number in range(others):
            content |= component(f"{base}/other-{number}", 10)
    repo = await house.repo(content)
    house.hub.latency = costs.LATENCY
    async with house.bot():
        await repo.commit("alice", "feature", dict.fromkeys(list(component("workspace/app", changed)), "changed\n"))
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        cost = costs.of(await house.requests_for_merge(repo, pull))
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"
        return cost


@pytest.mark.parametrize(
    ("files", "others"), [(10, 0), (1000, 0), (10, 40)], ids=["10 files", "1,000 files", "2,400 files beside it"]
)
async def test_one_promotion_to_five_targets_costs_at_most_12_requests_9_in_sequence(
    house: House, files: int, others: int
) -> None:
    cost = await cost_of_a_promotion(house, files=files, changed=10, others=others)
    assert cost.requests <= 12
    assert cost.in_sequence <= 9


async def test_each_further_hundred_changed_files_costs_one_request_more(house: House) -> None:
    cost = await cost_of_a_promotion(house, files=250, changed=250)
    assert cost.requests <= 12 + 2
    assert cost.in_sequence <= 9


async def test_a_pull_request_of_more_files_than_github_lists_is_read_from_the_trees(house: House) -> None:
    cost = await cost_of_a_promotion(house, files=3100, changed=3100)
    assert cost.requests <= 16
