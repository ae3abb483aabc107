"""The sandbox's pages and the server's status page, as a person uses them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.support.ui import WebDriverWait

from telefonistka_py.sandbox import Hub
from tests.browser.chrome import PATIENCE, Chrome
from tests.stories import house as stories
from tests.stories.house import House, level

pytestmark = pytest.mark.browser

TOKEN = "a long token that nobody guesses"

Answer = TypeVar("Answer")


class Watched(House):
    """A house whose bot has a status page."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "TELEFONISTKA_STATUS_TOKEN": TOKEN}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Watched]:
    async with Hub.running(tmp_path / "hub") as hub:
        yield Watched(hub, hub.add_app(secret=stories.SECRET), tmp_path)
        assert hub.unknown == []


async def by(act: Callable[[], Answer]) -> Answer:
    """A person's doing, while the servers go on answering."""
    return await asyncio.to_thread(act)


def see(chrome: Chrome, *words: str) -> None:
    """Waits until the page, which comes again by itself, holds the words."""
    wait = WebDriverWait(chrome.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])
    try:
        wait.until(lambda _: all(each in chrome.text for each in words))
    except TimeoutException:
        raise AssertionError(f"{chrome.url} does not hold all of {words}:\n{chrome.text}") from None


async def test_a_merge_in_the_page_brings_a_promotion_that_appears_on_it(house: Watched, chrome: Chrome) -> None:
    repo = await house.repo(level())
    await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": 'tag: "2"\n'})
    pull = await repo.open_pull("alice", head="feature", title="Two", body="> [!CAUTION]\n> Mind `this`\n\n- [x] done")
    async with house.bot():

        def merge_and_see() -> None:
            chrome.open(f"{repo.html_url}/pull/{pull.number}")
            chrome.look("sandbox pull request")
            chrome.press("Merge as alice")
            see(chrome, "Merged", "Open #2", "dev and lab")

        await by(merge_and_see)
        await house.settle()
        [promotion] = house.promotions(repo, "open")
        assert pull.merged

        def merge_the_promotion() -> None:
            chrome.open(f"{repo.html_url}/pull/{promotion.number}")
            chrome.look("sandbox promotion")
            chrome.press("Merge as alice")
            see(chrome, "Merged", "Open #3", "Open #4")

        await by(merge_the_promotion)
        await house.settle()

        def look_around() -> None:
            chrome.open(f"{house.hub.url}/")
            chrome.look("sandbox home")
            chrome.open(repo.html_url)
            chrome.look("sandbox repository")

        await by(look_around)
    assert len(house.promotions(repo, "open")) == 2
    assert await by(chrome.complaints) == []


async def test_a_change_is_proposed_by_another_person_in_the_page(house: Watched, chrome: Chrome) -> None:
    repo = await house.repo(level())

    def propose() -> None:
        chrome.open(f"{repo.html_url}/tree/main/workspace/nginx")
        chrome.look("sandbox directory")
        chrome.field("You are").send_keys("bob")
        chrome.press("Switch")
        chrome.press("values.yaml")
        chrome.look("sandbox file")
        chrome.driver.find_element("id", "content").send_keys("more: 1\n")
        chrome.press("Propose as bob")
        see(chrome, "+more: 1", "bob wants to bring")

    await by(propose)
    [pull] = repo.pulls()
    assert pull.author.login == "bob"
    assert await repo.read(pull.head_sha, "workspace/nginx/values.yaml") == b'tag: "1.0"\nmore: 1\n'
    assert await by(chrome.complaints) == []


async def test_the_status_page_opens_by_its_token_and_forgets_it_in_the_address(house: Watched, chrome: Chrome) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2"\n'})
        await house.settle()
        assert house.server is not None
        url = house.server.url

        def look() -> None:
            chrome.open(f"{url}/?token={TOKEN}")
            see(chrome, "Promotions in flight", "waits to be merged", "From #1 by alice")
            assert chrome.url == f"{url}/"
            chrome.look("status page")

        await by(look)
        assert await by(chrome.complaints) == []
