"""GitHub's side of an App's manifest: who asks properly gets credentials, once."""

import html
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from telefonistka_py.sandbox import Hub
from tests.doors.sandbox.conftest import Caller, Clock, app_jwt

MANIFEST = {
    "name": "My Bot",
    "url": "https://example.com",
    "redirect_url": "http://127.0.0.1:9/back?kept=1",
    "hook_attributes": {"url": "http://127.0.0.1:9/webhook"},
    "default_permissions": {"contents": "write", "metadata": "read"},
    "default_events": ["push"],
}


async def ask(session: aiohttp.ClientSession, hub: Hub, org: str = "", **changes: Any) -> tuple[int, str]:
    """GitHub's page for the manifest with these changes: its status and text."""
    where = f"{hub.url}{f'/organizations/{org}' if org else ''}/settings/apps/new?state=s"
    async with session.post(where, data={"manifest": json.dumps(MANIFEST | changes)}) as answer:
        return answer.status, html.unescape(await answer.text())


async def code(session: aiohttp.ClientSession, hub: Hub, name: str = "My Bot") -> str:
    data = {"manifest": json.dumps(MANIFEST), "name": name, "state": "s"}
    async with session.post(f"{hub.url}/settings/apps", data=data, allow_redirects=False) as answer:
        assert answer.status == 302
        back = urlsplit(answer.headers["Location"])
    query = parse_qs(back.query)
    assert (query["kept"], query["state"]) == (["1"], ["s"])
    return query["code"][0]


async def test_the_code_gives_the_credentials_once(
    hub: Hub, session: aiohttp.ClientSession, nobody: Caller, clock: Clock
) -> None:
    path = f"/app-manifests/{await code(session, hub)}/conversions"
    made = await nobody("POST", path)
    assert made.status == 201
    app = hub.apps[made.body["id"]]
    assert made.body["pem"] == app.private_key_pem
    assert made.body["webhook_secret"] == app.secret
    assert made.body["slug"] == "my-bot"
    assert (await nobody.as_token(app_jwt(app, clock()))("GET", "/app")).status == 200
    assert (await nobody("POST", path)).status == 404


async def test_a_code_lives_for_an_hour(hub: Hub, session: aiohttp.ClientSession, nobody: Caller, clock: Clock) -> None:
    first, second = await code(session, hub), await code(session, hub, "Another")
    clock.move(minutes=59)
    assert (await nobody("POST", f"/app-manifests/{first}/conversions")).status == 201
    clock.move(minutes=2)
    assert (await nobody("POST", f"/app-manifests/{second}/conversions")).status == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "x" * 35}, "too long"),
        ({"url": ""}, "url can't be blank"),
        ({"default_events": ["push", "status"]}, "Default events unsupported: status"),
        ({"default_permissions": {"contents": "all"}}, "is no level"),
    ],
)
async def test_a_manifest_that_github_refuses_is_refused(
    hub: Hub, session: aiohttp.ClientSession, changes: dict[str, Any], said: str
) -> None:
    status, text = await ask(session, hub, **changes)
    assert status == 422
    assert said in text


async def test_a_name_is_taken_once_and_an_organisation_must_be_there(hub: Hub, session: aiohttp.ClientSession) -> None:
    await code(session, hub)
    assert (await ask(session, hub))[0] == 422
    assert (await ask(session, hub, org="nowhere", name="x"))[0] == 422
    hub.add_user("acme", kind="Organization")
    status, text = await ask(session, hub, org="acme", name="x")
    assert status == 200
    assert "Create GitHub App for acme" in text


async def test_a_key_that_github_does_not_know_is_remembered(hub: Hub, session: aiohttp.ClientSession) -> None:
    await ask(session, hub, webhook_secret="x")
    assert hub.unknown == ["GitHub knows no key 'webhook_secret' in a manifest."]
    hub.unknown.clear()


async def test_a_new_app_is_installed_where_a_person_installs_it(hub: Hub, session: aiohttp.ClientSession) -> None:
    await hub.add_repo("acme/gitops")
    await code(session, hub)
    assert hub.installations == {}
    async with session.post(f"{hub.url}/apps/my-bot/installations/new") as answer:
        assert answer.status == 200
    assert [each.account.login for each in hub.installations.values()] == ["acme"]
