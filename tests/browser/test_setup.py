"""The whole set-up in a browser, with the sandbox as GitHub: from the printed address to an installed App."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from telefonistka_py import needs
from telefonistka_py.sandbox import Hub
from tests.browser.chrome import Chrome
from tests.stories.test_setup import doctored, environment, receiver, running

pytestmark = pytest.mark.browser

Answer = TypeVar("Answer")


async def by(act: Callable[[], Answer]) -> Answer:
    """A person's doing, while the servers go on answering."""
    return await asyncio.to_thread(act)


async def test_a_person_registers_and_installs_the_app(chrome: Chrome, tmp_path: Path) -> None:
    async with Hub.running(tmp_path / "hub") as hub, receiver() as webhook:
        hub.add_user("acme", kind="Organization")
        await hub.add_repo("acme/gitops", files={"README.md": "x\n"})
        options = ("--listen", "127.0.0.1:0", "--github-host", hub.url)
        async with running("setup", *options, cwd=tmp_path) as setup:
            address = await setup.address()
            await by(lambda: _register(chrome, address, webhook))
            code, _ = await setup.ended()
        assert code == 0, setup.said
        [app] = hub.apps.values()
        assert (app.slug, app.owner.login) == ("my-bot", "acme")
        assert set(app.events) == {each.name for each in needs.EVENTS}
        assert [each.account.login for each in hub.installations.values()] == ["acme"]
        await hub.delivered()
        code, out = await doctored(tmp_path, environment(tmp_path / "telefonistka-app" / "telefonistka.env"))
        assert code == 0, out
        assert hub.unknown == []
    page = chrome.driver.page_source
    assert app.secret not in page
    assert "PRIVATE KEY" not in page


def _register(chrome: Chrome, address: str, webhook: str) -> None:
    chrome.open(address)
    chrome.look("1 the form")
    chrome.type("Name of the App", "My Bot")
    chrome.type("Organisation", "not/a login")
    chrome.type("Public address of the server", webhook)
    chrome.press("Next: look it over")
    assert "Write the organisation's login" in chrome.text
    assert chrome.field("Name of the App").get_attribute("value") == "My Bot"
    assert chrome.field("Organisation").get_attribute("aria-invalid") == "true"
    chrome.look("2 a mistake")
    chrome.complaints()  # that the page was answered 422 is written there
    chrome.type("Organisation", "acme")
    chrome.press_enter("Organisation")
    for permission in needs.PERMISSIONS:
        assert f"{permission.name} {permission.level}" in chrome.text
    chrome.look("3 the review")
    chrome.press("Create the App at GitHub")
    assert chrome.field("GitHub App name").get_attribute("value") == "My Bot"
    chrome.press("Create GitHub App for acme")
    assert "The App my-bot is registered" in chrome.text
    chrome.look("4 registered")
    assert chrome.complaints() == []
    chrome.press("Install my-bot")
    chrome.press("Install")
    assert "my-bot is installed" in chrome.text


async def test_without_the_address_that_was_printed_nothing_is_seen(chrome: Chrome, tmp_path: Path) -> None:
    async with running("setup", "--listen", "127.0.0.1:0", cwd=tmp_path) as setup:
        root = "/".join((await setup.address()).split("/")[:3])
        for path in ("/", "/wrong/", "/registered?code=x&state=y"):
            await by(lambda path=path: chrome.open(root + path))  # type: ignore[misc]
            assert "Register Telefonistka" not in chrome.text
            assert chrome.driver.find_elements("tag name", "form") == []
