"""`telefonistka doctor` against the sandbox: what is wrong is named, with what to do; what is right is no alarm."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from telefonistka_py import settings
from telefonistka_py.app import chores, store
from telefonistka_py.doctor import model, render
from telefonistka_py.doctor.flow import Doctor
from telefonistka_py.doctor.model import Health, Topic
from telefonistka_py.names import RepoName
from telefonistka_py.sandbox import births
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.doors.inbox.conftest import delivery
from tests.postgres import Postgres, a_database
from tests.stories.house import House, level, now

CONFIG = "promotionPaths:\n- sourcePath: workspace/\n  promotionPrs: [{targetPaths: [clusters/dev/]}]\n"


@dataclass(frozen=True)
class Report:
    topics: tuple[Topic, ...]

    def said(self, health: Health) -> str:
        """All sentences of that health, with their advice."""
        found = (each for topic in self.topics for each in topic.findings if each.health is health)
        return "\n".join(f"{each.said} {each.advice}" for each in found)

    @property
    def wrong(self) -> str:
        return self.said(Health.WRONG)

    @property
    def doubtful(self) -> str:
        return self.said(Health.DOUBTFUL)

    @property
    def well(self) -> bool:
        return model.is_well(self.topics)


async def examined(house: House, *repos: str, clock: Callable[[], datetime] = now, **more: str) -> Report:
    if house.app.webhook_url is None:
        house.hub.set_webhook(house.app, "https://bot.example.com/webhook")
    return await examined_with({**house.environment(), **more}, *repos, clock=clock)


async def examined_with(environ: Mapping[str, str], *repos: str, clock: Callable[[], datetime] = now) -> Report:
    async with aiohttp.ClientSession() as session:
        names = tuple(RepoName(name) for name in repos)
        doctor = Doctor(settings.read(environ), clock, session, lambda words: None, names)
        return Report(tuple([topic async for topic in doctor.topics()]))


async def test_a_server_in_good_order_is_found_well(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await house.settle()
        house.hub.set_webhook(house.app, house.app.webhook_url.replace("http", "https", 1))  # type: ignore[union-attr]
        found = await examined(house)
    assert found.wrong == ""
    assert found.doubtful == ""
    assert render.summary(found.topics) == "All is well."
    said = found.said(Health.FINE)
    for part in ("the App telefonistka", "every permission", "installed on acme", "deliveries arrived", "0 dead"):
        assert part in said


async def test_each_missing_permission_and_event_is_named_with_what_it_costs(house: House) -> None:
    await house.repo(level())
    del house.app.permissions["statuses"]
    house.app.permissions["contents"] = "read"
    house.app.events = ("push", "issue_comment")
    found = await examined(house)
    assert "lacks the permission contents: write (it has read)" in found.wrong
    assert "lacks the permission statuses: write" in found.wrong
    assert "not subscribed to pull_request." in found.wrong
    assert "not subscribed to check_suite" in found.doubtful
    assert "issues: write" not in found.wrong


async def test_an_app_that_v1_registered_works_and_is_told_what_it_lacks(house: House) -> None:
    await house.repo(level())
    del house.app.permissions["checks"]
    house.app.events = ("issue_comment", "pull_request", "issues")
    found = await examined(house)
    assert found.well
    assert "not subscribed to push" in found.doubtful
    assert "permission checks: read" in found.doubtful


async def test_installations_that_are_missing_or_suspended_are_wrong(house: House) -> None:
    assert "installed nowhere" in (await examined(house)).wrong
    await house.repo(level())
    [installation] = house.hub.installations.values()
    installation.suspended_at = now()
    found = await examined(house)
    assert found.wrong.startswith("The installation on acme is suspended.")
    assert "Limits" not in [topic.title for topic in found.topics], "what is suspended is not asked anything"


async def test_a_webhook_that_does_not_arrive_is_explained_by_what_github_saw(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        house.app.secret = "another secret"
        await repo.commit("alice", "x", {"workspace/nginx/a.yaml": "1\n"})
        await house.hub.delivered()
        found = await examined(house)
    assert "failed" in found.wrong
    assert "401" in found.wrong
    assert "The secrets differ" in found.wrong


async def test_a_delivery_that_arrived_at_its_second_attempt_counts_as_arrived(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        house.hub.webhooks_will(drop=1)
        await repo.commit("alice", "x", {"workspace/nginx/a.yaml": "1\n"})
        await house.hub.delivered()
        [lost] = house.hub.deliveries
        assert "The last delivery failed" in (await examined(house)).wrong
        house.hub.redeliver(lost.guid)
        await house.hub.delivered()
        assert "The last delivery arrived" in (await examined(house)).said(Health.FINE)


async def test_a_webhook_that_goes_elsewhere_or_never_went_is_doubted(house: House) -> None:
    await house.repo(level())
    house.hub.set_webhook(house.app, "http://bot.example.com/hook")
    found = await examined(house)
    assert "the server takes them at /webhook" in found.doubtful
    assert "handed nothing over" in found.doubtful
    house.hub.set_webhook(house.app, None)
    assert "no webhook address" in (await examined_with(house.environment())).wrong
    house.hub.set_webhook(house.app, "https://bot.example.com/webhook", "")
    assert "The webhook has no secret" in (await examined(house)).wrong


async def test_a_clock_that_is_off_is_told_and_the_rest_is_examined_all_the_same(house: House) -> None:
    await house.repo(level())
    found = await examined(house, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    assert "clock is 20 min behind GitHub's" in found.doubtful
    assert "The credentials work" in found.said(Health.FINE)
    assert found.well


async def test_a_wrong_key_stops_nothing_that_does_not_need_it(house: House, tmp_path: Path) -> None:
    await house.repo(level())
    other = tmp_path / "other.pem"
    other.write_text(house.hub.add_app(slug="other").private_key_pem)
    found = await examined(house, GITHUB_APP_PRIVATE_KEY_PATH=str(other))
    assert "401" in found.wrong
    assert [topic.title for topic in found.topics] == ["Settings", "GitHub", "GitHub App", "Inbox"]


async def test_github_that_is_not_there_is_one_finding(house: House) -> None:
    found = await examined(house, GITHUB_HOST="http://127.0.0.1:9")
    assert "can't be reached" in found.wrong
    assert [topic.title for topic in found.topics] == ["Settings", "GitHub", "Inbox"]


async def test_a_limit_that_runs_out_is_told(house: House) -> None:
    await house.repo(level())
    house.hub.limit(remaining=900)
    found = await examined(house)
    assert "core requests are left this hour. It is renewed in" in found.doubtful
    assert "graphql" not in found.doubtful
    house.hub.limit(remaining=0, account="acme")
    assert "acme: 0 of 5,000 core requests are left" in (await examined(house)).wrong
    house.hub.without_limits()
    assert "acme: there is no rate limit" in (await examined(house)).said(Health.FINE)


async def test_every_repository_s_configuration_is_read(house: House) -> None:
    await house.repo(level(), "acme/fine")
    await house.repo(level("promotionPaths: yes\n"), "acme/broken")
    await house.repo(level(CONFIG + "promotionPath: []\n"), "acme/odd")
    await house.repo({"README.md": "x\n"}, "other/bare")
    await house.hub.add_repo("other/empty")
    found = await examined(house)
    assert "acme/broken: telefonistka.yaml:1:1: promotionPaths must be a list" in found.wrong
    assert "acme/odd: telefonistka.yaml" in found.doubtful
    assert "did you mean promotionPaths" in found.doubtful
    assert "telefonistka.yaml is fine in acme/fine." in found.said(Health.FINE)
    assert "other/bare, other/empty" in found.said(Health.FINE)
    only = await examined(house, "acme/fine")
    assert only.well
    assert "acme/broken" not in only.doubtful + only.wrong


async def test_a_repository_that_the_app_does_not_see_is_wrong(house: House) -> None:
    await house.repo(level())
    assert (
        "nobody/nothing could not be read: the App is not installed" in (await examined(house, "nobody/nothing")).wrong
    )
    assert "acme/nothing could not be read" in (await examined(house, "acme/nothing")).wrong


async def test_who_approves_must_be_somebody_else_who_may(house: House) -> None:
    await house.repo(level("autoApprovePromotionPrs: true\n" + CONFIG))
    assert "there is no approver" in (await examined(house)).wrong
    house.approver = house.app
    assert "lets nobody approve their own" in (await examined(house)).wrong
    house.approver = house.hub.add_app(slug="approver")
    assert "approver approves." in (await examined(house)).said(Health.FINE)
    house.approver.permissions["pull_requests"] = "read"
    assert "lacks the permission pull_requests: write" in (await examined(house)).wrong
    house.approver = house.hub.add_app(slug="away", repositories=())
    assert "can't approve in acme" in (await examined(house)).wrong


async def test_a_person_can_approve_where_they_may_write(house: House) -> None:
    await house.repo(level("autoApprovePromotionPrs: true\n" + CONFIG))
    token = house.hub.user("bob").token
    assert "bob approves." in (await examined(house, APPROVER_GITHUB_OAUTH_TOKEN=token)).said(Health.FINE)
    house.hub.repo("acme/gitops").set_access("bob", "read")
    assert "bob can't approve in acme/gitops" in (await examined(house, APPROVER_GITHUB_OAUTH_TOKEN=token)).wrong


async def test_a_personal_token_is_examined_too(house: House) -> None:
    await house.repo(level())
    environ = {key: value for key, value in house.environment().items() if "APP" not in key}
    token = house.hub.user("alice").token
    found = await examined_with({**environ, "GITHUB_OAUTH_TOKEN": token}, "acme/gitops")
    assert found.well
    assert "it belongs to alice" in found.said(Health.FINE)
    assert "telefonistka setup" in found.doubtful
    assert "telefonistka.yaml is fine in acme/gitops" in found.said(Health.FINE)


async def test_dead_deliveries_are_counted_beside_a_running_server(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        house.hub.will_answer(500, path="/graphql$", times=1000)
        await house.change(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await house.settle()
        house.hub.faults.waiting.clear()
        found = await examined(house)
    assert "Deliveries that were given up: " in found.doubtful
    assert "telefonistka inbox list --state dead" in found.doubtful


async def test_no_secret_is_in_the_report(house: House) -> None:
    """N30."""
    await house.repo(level())
    found = await examined(house, ARGOCD_TOKEN="argo-token-that-nobody-sees", ARGOCD_SERVER_ADDR="127.0.0.1:9")
    said = json.dumps(render.data(found.topics)) + "\n".join(
        line for each in found.topics for line in render.lines(each)
    )
    for secret in ("argo-token-that-nobody-sees", "BEGIN", "a secret of the tests"):
        assert secret not in said
    assert "Argo CD" in found.wrong


async def test_an_argo_cd_that_is_wanted_and_not_configured_is_wrong(house: House) -> None:
    await house.repo(level("argocd: {commentDiffonPR: true}\n" + CONFIG))
    assert "no Argo CD is configured" in (await examined(house)).wrong


async def test_an_argo_cd_that_answers_is_fine_and_one_with_a_wrong_token_is_not(house: House) -> None:
    await house.repo(level("argocd: {commentDiffonPR: true}\n" + CONFIG))
    async with ArgoCd.running(house.hub) as argo:
        found = await examined(house, ARGOCD_SERVER_ADDR=argo.url, ARGOCD_TOKEN=argo.token)
        assert f"answers (version {argo.version})" in found.said(Health.FINE)
        assert "the token sees no application" in found.doubtful
        assert found.well
        found = await examined(house, ARGOCD_SERVER_ADDR=argo.url, ARGOCD_TOKEN="another")
        assert "its token is wrong or has expired" in found.wrong


async def test_a_database_without_its_layout_says_what_makes_it(house: House, postgres: Postgres) -> None:
    await house.repo(level())
    with a_database(postgres, layout=False) as url:
        found = await examined(house, TELEFONISTKA_DATABASE_URL=url)
        assert "telefonistka migrate" in found.wrong
        assert url not in found.wrong


async def test_a_database_with_its_layout_is_fine(house: House, database_url: str) -> None:
    await house.repo(level())
    found = await examined(house, TELEFONISTKA_DATABASE_URL=database_url)
    assert "The database: 0 waiting" in found.said(Health.FINE)
    assert found.well


async def test_what_the_server_does_on_a_timer_is_no_webhook_that_waits(house: House, database_url: str) -> None:
    await house.repo(level())
    for url in ("", database_url):  # an empty variable is none: the inbox is a file
        environ = {**house.environment(), "TELEFONISTKA_DATABASE_URL": url}
        async with store.opened(settings.read(environ), now) as inbox:
            for each in chores.standing(now()):
                await inbox.put(each)
        found = await examined(house, TELEFONISTKA_DATABASE_URL=url)
        assert ": 0 waiting, 0 underway, 0 done, 0 dead, and 4 recurring chores." in found.said(Health.FINE)


async def test_installations_beyond_the_first_page_are_looked_at_too(house: House) -> None:
    """N22."""
    for number in range(101):
        births.install(house.hub, house.app, house.hub.add_user(f"org{number:03}", kind="Organization"), None)
    await house.repo(level("promotionPaths: yes\n"), "zeta/gitops")
    found = await examined(house)
    assert "and 97 more" in found.said(Health.FINE)
    assert "zeta/gitops: telefonistka.yaml:1:1" in found.wrong


async def test_which_texts_of_ones_own_are_used_is_told_and_why_the_others_are_not(
    house: House, tmp_path: Path
) -> None:
    folder, url = tmp_path / "texts", tmp_path / "url.txt"
    folder.mkdir()
    (folder / "promotion-pr-title.j2").write_text("Mine")
    (folder / "drift-pr-comment.gotmpl").write_text("{{ .Foo }}")
    (folder / "emptied-comment.j2").write_text("{{ surce }}")
    url.write_text("https://logs.example.com/{{ .CommitTime }}")
    found = await examined(house, TEMPLATES_PATH=str(folder), CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH=str(url))
    [texts] = [topic for topic in found.topics if topic.title == "Texts"]
    said = [finding.said for finding in texts.findings]
    assert said[0] == "Texts of yours that are used: emptied-comment.j2, promotion-pr-title.j2."
    assert said[1].startswith(f"{folder}/drift-pr-comment.gotmpl is not used: it is a Go template")
    assert said[2].startswith(f"{folder}/emptied-comment.j2 uses surce, and is given ")
    assert said[3].startswith(f"{url} is not used, and the commit status links to our home page: it is a Go template")
    assert [finding.health for finding in texts.findings] == [Health.FINE, *[Health.DOUBTFUL] * 3]


async def test_deliveries_in_a_file_beside_the_database_are_wrong(house: House, database_url: str) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.settle()
    async with store.opened(settings.read(house.environment()), now) as inbox:
        house.hub.set_webhook(house.app, "http://127.0.0.1:9/webhook")
        await inbox.put(delivery("d1", f"{repo.name}#1"))
    found = await examined(house, TELEFONISTKA_DATABASE_URL=database_url)
    assert "1 delivery waits in the file" in found.wrong


async def test_an_app_id_that_github_does_not_know_is_told_as_that(house: House) -> None:
    found = await examined(house, GITHUB_APP_ID="1015")
    assert "GitHub has no App with the id 1015: check GITHUB_APP_ID" in found.wrong


async def test_a_rotation_that_is_not_over_is_told(house: House) -> None:
    await house.repo(level())
    found = await examined(house, GITHUB_WEBHOOK_SECRET_PREVIOUS="the secret before this one")
    assert "GITHUB_WEBHOOK_SECRET_PREVIOUS is set" in found.doubtful
