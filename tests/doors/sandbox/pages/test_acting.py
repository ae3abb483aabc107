"""Buttons do what the API would do for that person, and only for a browser that was shown them."""

import pytest

from telefonistka_py.sandbox import File, Hub, Pull, Repo
from tests.doors.browsing import Browser
from tests.doors.sandbox.conftest import opened


@pytest.fixture
async def pull(repo: Repo) -> Pull:
    return await opened(repo)


PULL = "/acme/gitops/pull/1"


async def become(browser: Browser, login: str) -> None:
    page = await browser.get("/")
    assert (await browser.submit(page, "/person", login=login)).status == 200


async def test_the_button_merges_as_the_person_that_was_chosen(hub: Hub, pull: Pull, browser: Browser) -> None:
    await become(browser, "bob")
    page = await browser.get(PULL)
    assert "Merge as bob" in page.text
    after = await browser.submit(page, "/merge", method="squash")
    assert "Merged" in after.text
    assert pull.merged
    assert pull.merged_by is hub.user("bob")


async def test_the_page_comes_again_a_few_times_after_a_button_and_then_rests(pull: Pull, browser: Browser) -> None:
    page = await browser.submit(await browser.get(PULL), "/comment", body="Hello")
    assert page.headers["Refresh"] == f"1; url={PULL}?again=3"
    assert "Refresh" not in (await browser.get(f"{PULL}?again=0")).headers
    assert "Refresh" not in (await browser.get(f"{PULL}?again=1000000")).headers


@pytest.mark.parametrize("proof", ["", "0" * 64, "ü"])
async def test_a_form_that_nobody_was_shown_changes_nothing(pull: Pull, browser: Browser, proof: str) -> None:
    fields = (await browser.get(PULL)).form("/merge").fields
    refused = await browser.post(f"{PULL}/merge", {**fields, "proof": proof})
    assert refused.status == 403
    assert "reload the page" in refused.text
    assert not pull.merged


async def test_a_proof_is_worth_nothing_in_another_browser(hub: Hub, pull: Pull, browser: Browser) -> None:
    """What a foreign site could fetch for itself does not merge in somebody else's name."""
    async with Browser(hub.url) as other:
        fields = (await other.get(PULL)).form("/merge").fields
    await browser.get(PULL)
    assert (await browser.post(f"{PULL}/merge", fields)).status == 403
    assert not pull.merged


async def test_looking_at_a_buttons_address_changes_nothing(pull: Pull, browser: Browser) -> None:
    await browser.get(PULL)
    for deed in ("merge", "close", "approve"):
        await browser.get(f"{PULL}/{deed}")
    assert (pull.state, pull.reviews) == ("open", [])


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(pull: Pull, browser: Browser) -> None:
    set_cookie = (await browser.get(PULL)).headers["Set-Cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=Strict" in set_cookie


async def test_what_was_pushed_after_the_page_was_shown_is_not_merged(repo: Repo, pull: Pull, browser: Browser) -> None:
    """N5: a person merges what they saw."""
    page = await browser.get(PULL)
    await repo.commit("bob", "side", {"dev/app/a.yaml": "x: quite another\n"})
    refused = await browser.submit(page, "/merge")
    assert refused.status == 409
    assert "Head branch was modified" in refused.text
    assert not pull.merged


async def test_what_the_branch_demands_is_said_and_holds(repo: Repo, pull: Pull, browser: Browser) -> None:
    repo.protect("main", reviews=1, checks=("ci/test",))
    page = await browser.get(PULL)
    assert 'Required status check "ci/test" is expected.' in page.text
    refused = await browser.submit(page, "/merge")
    assert refused.status == 405
    assert refused.has("p", class_="problem", role="alert")
    await repo.set_status("ci", pull.head_sha, "ci/test", "success")
    await become(browser, "bob")
    await browser.submit(await browser.get(PULL), "/approve")
    await browser.submit(await browser.get(PULL), "/merge")
    assert pull.merged


async def test_whoever_may_only_read_can_comment_and_not_merge(pull: Pull, browser: Browser) -> None:
    """N24."""
    await become(browser, "carol")
    for deed in ("merge", "close", "label"):
        refused = await browser.submit(await browser.get(PULL), f"/{deed}", name="x")
        assert refused.status == 403
        assert "carol needs" in refused.text
    await browser.submit(await browser.get(PULL), "/comment", body="Just\r\nasking")
    assert [(each.author.login, each.body) for each in pull.comments] == [("carol", "Just\nasking")]
    assert (pull.state, pull.labels) == ("open", [])


async def test_labels_come_and_go_and_a_pull_request_is_closed_and_opened_again(pull: Pull, browser: Browser) -> None:
    page = await browser.submit(await browser.get(PULL), "/label", name="show-plan")
    assert pull.labels == ["show-plan"]
    page = await browser.submit(page, "/unlabel")
    assert pull.labels == []
    page = await browser.submit(page, "/close")
    assert pull.state == "closed"
    assert "Reopen" in page.text
    await browser.submit(page, "/reopen")
    assert pull.state == "open"


async def test_a_file_is_changed_by_a_pull_request_and_keeps_its_mode(hub: Hub, repo: Repo, browser: Browser) -> None:
    await repo.commit("alice", "main", {"dev/app/run.sh": File("#!/bin/sh\n\necho 1\n", mode="100755")})
    page = await browser.get("/acme/gitops/blob/main/dev/app/run.sh")
    after = await browser.submit(page, "/propose", content="#!/bin/sh\r\n\r\necho 2\r\n", title="Two")
    assert "+echo 2" in after.text
    pull = repo.pull(1)
    assert (pull.title, pull.head_ref, pull.author.login) == ("Two", "alice-patch-1", "alice")
    assert await repo.read(pull.head_sha, "dev/app/run.sh") == b"#!/bin/sh\n\necho 2\n"
    assert (await repo.tree(pull.head_sha))["dev/app/run.sh"][0] == "100755"


async def test_a_file_that_was_not_changed_is_not_proposed(repo: Repo, browser: Browser) -> None:
    page = await browser.get("/acme/gitops/blob/main/dev/app/a.yaml")
    refused = await browser.submit(page, "/propose", content="x: 1\r\n")
    assert refused.status == 422
    assert "Nothing was changed." in refused.text
    assert repo.pulls() == []
    assert list(await repo.branches()) == ["main"]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
async def test_switching_never_leads_away_from_the_sandbox(repo: Repo, browser: Browser, back: str) -> None:
    form = (await browser.get("/")).form("/person")
    fields = {**form.fields, "login": "bob", "back": back}
    async with browser.session.post(browser.url + form.action, data=fields, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/"
