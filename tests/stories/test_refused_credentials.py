"""Credentials that GitHub refuses are told where the operator looks, before any webhook comes, and no longer than they
are refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from telefonistka_py.app import chores
from telefonistka_py.inbox.model import State
from telefonistka_py.sandbox import auth
from tests.stories.house import House, level, now

WAITING = "telefonistka_deliveries_waiting_for_operator"
FOREIGN, _ = auth.key_pair(7)


@dataclass
class Mistaken(House):
    """Its variables are wrong as long as `wrong` says so."""

    wrong: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        right = super().environment()
        if "GITHUB_OAUTH_TOKEN" in self.wrong:
            right = {name: value for name, value in right.items() if not name.startswith("GITHUB_APP")}
        return right | self.wrong


@contextmanager
def mistaken(house: House, wrong: dict[str, str]) -> Iterator[Mistaken]:
    if "GITHUB_APP_PRIVATE_KEY_PATH" in wrong:
        path = house.folder / "foreign.pem"
        path.write_text(FOREIGN)
        wrong = {"GITHUB_APP_PRIVATE_KEY_PATH": str(path)}
    yield Mistaken(house.hub, house.app, house.folder, wrong=wrong)


async def looked(house: House) -> tuple[list[str], float]:
    """The warnings of /ready, and the metric that the alert is about."""
    assert house.server is not None
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{house.server.url}/ready") as answer:
            assert answer.status == 200, "what GitHub refuses does not keep webhooks from being stored"
            warnings: list[str] = json.loads(await answer.text())["warnings"]
        async with http.get(f"{house.server.url}/metrics") as answer:
            [line] = [line for line in (await answer.text()).splitlines() if line.startswith(WAITING)]
    return warnings, float(line.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"GITHUB_APP_ID": "1015"}, "GitHub has no App with the id 1015: check GITHUB_APP_ID"),
        ({"GITHUB_APP_PRIVATE_KEY_PATH": "another's"}, "401"),
        ({"GITHUB_OAUTH_TOKEN": "ghp_nobodys0token0at0all"}, "401"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_refused_credentials_are_warned_of_until_they_are_right(
    house: House, wrong: dict[str, Any], said: str
) -> None:
    await house.repo(level())
    with mistaken(house, wrong) as its:
        async with its.bot(at_start=chores.standing(now())):
            await its.server_idle()
            warnings, count = await looked(its)
            assert [each for each in warnings if said in each] != []
            assert count > 0
        its.wrong = {}
        async with its.bot(at_start=chores.standing(now())):
            await its.server_idle()
            assert await looked(its) == ([], 0)


async def test_credentials_that_github_takes_again_are_no_longer_warned_of(house: House) -> None:
    await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        assert await looked(house) == ([], 0)
        right, house.app.public_key_pem = house.app.public_key_pem, auth.key_pair(7)[1]
        await again(house)
        assert (await looked(house))[1] > 0
        house.app.public_key_pem = right
        await again(house)
        assert await looked(house) == ([], 0)


async def test_a_github_that_is_down_is_no_matter_of_the_operators(house: House) -> None:
    await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        house.hub.will_answer(502, path="/app/", times=50)
        await again(house)
        assert await looked(house) == ([], 0)


async def again(house: House) -> None:
    """Ten minutes pass."""
    assert house.server is not None
    for chore in ("chore:recovery:", "chore:census:"):
        assert await house.server.inbox.again(chore) is State.WAITING
    await house.server_idle()
