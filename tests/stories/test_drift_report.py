"""One issue says how every environment stands; it is kept current, and closed when all is level (`driftReport`)."""

from telefonistka_py.app import trouble
from telefonistka_py.inbox.model import State
from telefonistka_py.sandbox.model import Issue, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, level

EVERY_DAY = f"{TWO_STAGES}driftReport: {{every: 24h}}\n"
CHORE = "chore:drift-report:acme/gitops"


def issues(repo: Repo) -> list[Issue]:
    return [issue for issue in repo.issues.values() if not isinstance(issue, Pull)]


async def look_again(house: House) -> None:
    """A day passes."""
    assert house.server is not None
    assert await house.server.inbox.again(CHORE) is State.WAITING
    await house.server_idle()


async def begun(house: House, repo: Repo) -> None:
    """Any pull request makes the bot read the configuration, and so the wish for a report."""
    await house.change(repo, {"README.md": "about all this\n"}, branch="any")
    await house.server_idle()


async def test_the_issue_is_opened_kept_current_and_closed_when_level(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    async with house.bot():
        await begun(house, repo)
        [issue] = issues(repo)
        assert (issue.title, issue.state, issue.labels) == ("Drift between environments", "open", ["telefonistka"])
        assert "| `nginx` | differs by 1 file | in step |" in (issue.body or "")
        await repo.commit("bob", "main", {"clusters/lab/nginx/values.yaml": "by hand, too\n"})
        await look_again(house)
        assert issues(repo) == [issue]
        assert "| `nginx` | differs by 1 file | differs by 1 file |" in (issue.body or "")
        whole = {f"clusters/{place}/nginx/values.yaml": 'tag: "1.0"\n' for place in ("dev", "lab")}
        await repo.commit("bob", "main", {**whole})
        await look_again(house)
        assert issue.state == "closed"
        assert "Every environment of `main` is in step" in (issue.body or "")
        await repo.commit("bob", "main", {"clusters/dev/nginx/values.yaml": "again\n"})
        await look_again(house)
        assert (issues(repo), issue.state) == ([issue], "open")
        assert issue.comments == []


async def test_without_drift_no_issue_is_opened_and_the_next_look_waits_a_day(house: House) -> None:
    repo = await house.repo(level(EVERY_DAY))
    async with house.bot():
        await begun(house, repo)
        assert issues(repo) == []
        assert house.server is not None
        kept = await house.server.inbox.find(CHORE)
        assert kept is not None
        assert kept.entry.due_at is not None
        waits = kept.entry.due_at - kept.delivery.received_at
        assert waits.total_seconds() == 24 * 3600


async def test_a_pull_request_that_is_opened_begins_the_reports_once(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    async with house.bot():
        for number in range(3):
            await repo.commit("alice", f"b{number}", {"README.md": f"{number}\n"})
            await repo.open_pull("alice", head=f"b{number}", title="Any")
        await house.server_idle()
        assert len(issues(repo)) == 1
        assert len([each for each in house.requests() if each.path.endswith("/issues") and each.method == "POST"]) == 1


async def test_a_report_that_is_no_longer_asked_for_ends_and_closes_its_issue(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    async with house.bot():
        await begun(house, repo)
        await repo.commit("bob", "main", {"telefonistka.yaml": TWO_STAGES})
        await look_again(house)
        [issue] = issues(repo)
        assert issue.state == "closed"
        assert "no longer kept current" in (issue.body or "")
        assert house.server is not None
        kept = await house.server.inbox.find(CHORE)
        assert kept is not None
        assert kept.entry.state is State.DONE


async def test_a_failed_read_changes_nothing_and_is_tried_again(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    async with house.bot():
        await begun(house, repo)
        [issue] = issues(repo)
        before = issue.body
        mended = {"clusters/dev/nginx/values.yaml": 'tag: "1.0"\n'}
        await repo.commit("bob", "main", {**mended})
        house.hub.will_answer(502, path=r"/git/trees/", times=1)
        await look_again(house)
        assert (issue.state, issue.body) == ("open", before)
        await look_again(house)
        assert issue.state == "closed"


async def test_an_issue_that_somebody_else_wrote_with_our_marker_is_left_alone(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    body = "<!-- telefonistka_tag -->\n<!-- telefonistka:drift-report -->\nmine"
    theirs = await repo.open_issue("alice", title="Drift between environments", body=body)
    await repo.label("alice", theirs.number, "telefonistka")
    async with house.bot():
        await begun(house, repo)
        assert theirs.body == body
        assert len(issues(repo)) == 2


async def test_a_configuration_that_cannot_be_used_is_told_in_the_issue(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    async with house.bot():
        await begun(house, repo)
        await repo.commit("bob", "main", {"telefonistka.yaml": f"{EVERY_DAY}dryRunMode: perhaps\n"})
        await look_again(house)
        [issue] = issues(repo)
        assert issue.state == "open"
        assert "dryRunMode" in (issue.body or "")


async def test_a_repository_that_github_does_not_list_at_once_is_read_piece_by_piece(house: House) -> None:
    repo = await house.repo({**level(EVERY_DAY), "clusters/dev/nginx/values.yaml": "by hand\n"})
    house.hub.tree_limit = 3
    async with house.bot():
        await begun(house, repo)
        [issue] = issues(repo)
        assert "| `nginx` | differs by 1 file | in step |" in (issue.body or "")


async def test_where_the_app_is_installed_no_more_nothing_is_reported_and_nobody_is_called_for_long(
    house: House,
) -> None:
    repo = await house.repo(level(EVERY_DAY))
    async with house.bot():
        await begun(house, repo)
        house.hub.installations.clear()
        house.hub.tokens.clear()
        assert house.server is not None
        await look_again(house)
        assert len(await trouble.told(house.server.inbox)) == 1, "the installation that was known is gone"
        await look_again(house)
        kept = await house.server.inbox.find(CHORE)
        assert kept is not None
        assert kept.entry.state is State.DONE
        assert "no longer reported: the GitHub App is not installed on acme/gitops" in kept.entry.note
        assert await trouble.told(house.server.inbox) == ()
