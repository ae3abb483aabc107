"""What the pages show, and that nothing which somebody wrote gets out of its place."""

import base64
import hashlib
import re

import pytest

from telefonistka_py.sandbox import App, Hub, Repo
from tests.doors.browsing import Browser
from tests.doors.sandbox.conftest import Caller, opened

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'><a href="javascript:alert(1)">x</a>{{7*7}}'


async def test_a_client_of_the_api_that_errs_is_answered_as_before(hub: Hub, repo: Repo, alice: Caller) -> None:
    """Only who says that it takes HTML is shown a page."""
    at_root = Caller(alice.session, hub.url, alice.token, "")
    assert (await at_root("GET", "/")).status == 501
    assert (await at_root("GET", "/acme/gitops/pull/1")).status == 501
    assert (await at_root("POST", "/acme/gitops/pull/1/merge", {"method": "merge"})).status == 501
    assert len(hub.unknown) == 3
    hub.unknown.clear()
    hub.exchanges.clear()  # GitHub's description knows none of them


async def test_pages_are_no_requests_of_the_api(hub: Hub, repo: Repo, browser: Browser) -> None:
    pull = await opened(repo)
    for path in ("/", "/acme/gitops", f"/acme/gitops/pull/{pull.number}"):
        assert (await browser.get(path)).status == 200
    assert hub.exchanges == []


async def test_the_first_page_lists_repositories_apps_and_webhooks(
    hub: Hub, repo: Repo, app: App, browser: Browser
) -> None:
    hub.set_webhook(app, "http://127.0.0.1:9/webhook")
    hub.webhooks_will(drop=10)
    await opened(repo)
    await hub.delivered()
    page = await browser.get("/")
    assert "/acme/gitops" in page.links()
    assert "1 open pull request, 1 in all" in page.text
    assert "telefonistka" in page.text
    assert "pull_request opened" in page.text


async def test_a_pull_request_is_shown_with_all_that_belongs_to_it(hub: Hub, repo: Repo, browser: Browser) -> None:
    pull = await opened(repo)
    await repo.edit("alice", pull.number, body="**Bold** words")
    await repo.comment("bob", pull.number, "> [!CAUTION]\n> Mind this")
    await repo.label("bob", pull.number, "show-plan")
    await repo.review("bob", pull.number, "APPROVE")
    await repo.set_status("ci", pull.head_sha, "ci/test", "failure", "3 tests failed")
    page = await browser.get(f"/acme/gitops/pull/{pull.number}")
    for words in (
        "About side",
        "Bold words",
        "Mind this",
        "show-plan",
        "approved",
        "ci/test",
        "3 tests failed",
        "Open",
    ):
        assert words in page.text
    assert page.has("div", class_="markdown-alert markdown-alert-caution")
    assert page.has("tr", class_="add")
    assert "+x: side" in page.text
    assert "-x: 1" in page.text


async def test_the_address_that_the_api_names_is_the_page(repo: Repo, alice: Caller, browser: Browser) -> None:
    pull = await opened(repo)
    comment = await repo.comment("bob", pull.number, "Hello")
    shown = (await alice("GET", f"/repos/acme/gitops/issues/{pull.number}/comments")).body[0]["html_url"]
    path, _, anchor = shown.removeprefix(browser.url).partition("#")
    assert anchor == f"issuecomment-{comment.id}"
    assert (await browser.get(path)).has("article", id=anchor)


async def test_a_comment_that_was_minimized_is_folded(repo: Repo, browser: Browser) -> None:
    pull = await opened(repo)
    comment = await repo.comment("bob", pull.number, "Old news")
    comment.minimized = "outdated"
    page = await browser.get(f"/acme/gitops/pull/{pull.number}")
    assert "Hidden as outdated" in page.text
    assert page.source.index("<summary>Hidden") < page.source.index("Old news")


async def test_promotions_that_name_a_pull_request_are_found_from_its_page(repo: Repo, browser: Browser) -> None:
    first = await opened(repo)
    second = await opened(repo, "other")
    await repo.edit("alice", second.number, body=f"It follows #{first.number}")
    await repo.edit("alice", first.number, body=f"Not #{second.number}00")
    assert "#2 About other" in (await browser.get("/acme/gitops/pull/1")).text
    assert "Nothing yet" in (await browser.get("/acme/gitops/pull/2")).text


async def test_an_issue_has_a_page(repo: Repo, browser: Browser) -> None:
    issue = await repo.open_issue("alice", title="Drift", body="- [x] seen")
    page = await browser.get(f"/acme/gitops/issues/{issue.number}")
    assert "Drift" in page.text
    assert page.has("input", type="checkbox", checked="")
    assert "Merge" not in page.text


async def test_directories_files_and_commits_have_pages(repo: Repo, browser: Browser) -> None:
    await repo.commit("alice", "feature/deep", {"dev/app/new.yaml": "n: 1\n"})
    root = await browser.get("/acme/gitops/tree/feature/deep/dev/app")
    for words in ("new.yaml", "run.sh executable", "deep/", "link link", "module submodule at 1234567890"):
        assert words in root.text
    assert "n: 1" in (await browser.get("/acme/gitops/blob/feature/deep/dev/app/new.yaml")).text
    sha = (await repo.branches())["feature/deep"]
    assert "+n: 1" in (await browser.get(f"/acme/gitops/commit/{sha}")).text


async def test_who_wrote_each_line_has_a_page(repo: Repo, browser: Browser) -> None:
    """The addresses that a drift report links to."""
    first = await repo.commit("alice", "main", {"a b/x.yaml": f"one\ntwo\n{HOSTILE}\n", "b.bin": b"\0"})
    second = await repo.commit("bob", "main", {"a b/x.yaml": f"one\nTWO\n{HOSTILE}\n"})
    page = await browser.get("/acme/gitops/blame/main/a%20b/x.yaml")
    assert page.status == 200
    commits = [link.rpartition("/")[2] for link in page.links() if "/commit/" in link]
    assert commits == [first, second, first]
    assert "alice" in page.text
    assert HOSTILE in page.text
    assert page.dangers() == []
    assert "No text" in (await browser.get("/acme/gitops/blame/main/b.bin")).text
    for path in ("main", "main/nowhere", "main/a%20b", "nowhere/x"):
        assert (await browser.get(f"/acme/gitops/blame/{path}")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/acme/gitops/pull/77",
        "/acme/gitops/tree/nothing",
        "/acme/gitops/blob/main/no",
        "/acme/gitops/x",
        "/-/x",
        f"/acme/gitops/pull/{'7' * 5_000}",
    ],
)
async def test_what_is_not_there_is_said_on_a_page(repo: Repo, browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status == 404
    assert "no such page" in page.text


async def test_nothing_that_people_write_becomes_a_part_of_the_page(repo: Repo, browser: Browser) -> None:
    """N28: titles, texts, names of branches, files, labels and checks."""
    branch, path = '"><script>alert(1)</script>', 'dev/<img src=x onerror=alert(1)>"/a"><script>.yaml'
    await repo.commit("alice", branch, {path: HOSTILE + "\n"}, message=HOSTILE)
    pull = await repo.open_pull("alice", head=branch, title=HOSTILE, body=HOSTILE)
    await repo.comment("bob", pull.number, f"{HOSTILE}\n\n[x](javascript:alert(1)) ![y](javascript:alert(1))")
    await repo.comment(
        "bob", pull.number, f"```diff\n+{HOSTILE}\n```\n\n<svg onload=alert(1)><details open ontoggle=a>"
    )
    await repo.label("bob", pull.number, "<b onclick=x>")
    await repo.set_status("ci", pull.head_sha, HOSTILE, "failure", HOSTILE[:100])
    await repo.review("bob", pull.number, "COMMENT", HOSTILE)
    sha = pull.head_sha
    for place in (
        "/",
        "/acme/gitops",
        "/acme/gitops/pull/1",
        f"/acme/gitops/commit/{sha}",
        f"/acme/gitops/tree/{sha}/dev",
    ):
        page = await browser.get(place)
        assert page.status == 200, place
        assert page.dangers() == [], place
    shown = await browser.get("/acme/gitops/pull/1")
    assert "{{7*7}}" in shown.text
    assert "<script>alert(1)</script>" in shown.text


async def test_a_page_allows_one_style_sheet_and_nothing_else(repo: Repo, browser: Browser) -> None:
    page = await browser.get("/acme/gitops")
    policy = page.headers["Content-Security-Policy"]
    style = re.findall(r"<style>(.*?)</style>", page.source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert len(style) == 1
    assert f"style-src 'sha256-{digest}'" in policy
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy


async def test_a_name_that_was_made_to_lead_here_is_shown_nothing(repo: Repo, browser: Browser) -> None:
    page = await browser.get("/", Host="evil.example")
    assert page.status == 421
    assert "gitops" not in page.source
    assert (await browser.get("/", Host="localhost:1234")).status == 200


async def test_a_pull_request_with_very_many_lines_has_a_page(repo: Repo, browser: Browser) -> None:
    await repo.commit("alice", "big", {f"dev/app/{n}.yaml": f"line: {n}\n" * 700 for n in range(12)})
    pull = await repo.open_pull("alice", head="big", title="Big")
    page = await browser.get(f"/acme/gitops/pull/{pull.number}")
    assert "12 files changed" in page.text
    assert page.text.count("Not shown: this page is long already.") == 4
