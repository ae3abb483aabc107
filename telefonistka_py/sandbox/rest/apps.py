"""The App itself, its installations and tokens, its webhook's deliveries; the user; meta and limits."""

from typing import Any

from telefonistka_py.sandbox import auth, manifests, profiles
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.model import LEVELS, App, Delivery, Installation, Token
from telefonistka_py.sandbox.refusal import Json, Refusal, SandboxError, invalid, not_found

KEPT_DAYS = 3
"""How long GitHub keeps deliveries (docs: Redelivering webhooks)."""


def _installations(call: Call) -> list[Installation]:
    return [each for each in call.hub.installations.values() if each.app is call.actor.app]


@route("GET", "/app", who="app")
async def app(call: Call) -> Json:
    assert call.actor.app is not None
    return profiles.app(call.hub, call.actor.app) | {"installations_count": len(_installations(call))}


@route("POST", "/app-manifests/{code}/conversions", who="any")
async def conversion(call: Call) -> Answer:
    made = manifests.exchange(call.hub, call.parts["code"])
    if made is None:
        raise not_found()
    secret = {
        "webhook_secret": made.secret or None,
        "client_secret": call.hub.new_token(""),
        "pem": made.private_key_pem,
    }
    return Answer(201, profiles.app(call.hub, made) | secret)


@route("GET", "/app/installations", who="app", query=PAGE_KEYS)
async def installations(call: Call) -> Answer:
    items, links = call.paged(_installations(call))
    return Answer(body=[_listed(call, each) for each in items], headers=links)


def _listed(call: Call, each: Installation) -> Json:
    """GitHub's description of this list demands of an account what only an enterprise has; so it is there."""
    shape = profiles.installation(call.hub, each)
    when = profiles.stamp(each.created_at)
    enterprise = {"name": each.account.login, "slug": each.account.login, "created_at": when, "updated_at": when}
    return shape | {"account": shape["account"] | enterprise}


def _one(call: Call) -> Installation:
    wanted = call.number("installation_id")
    found = next((each for each in _installations(call) if each.id == wanted), None)
    if found is None:
        raise not_found()
    return found


@route("GET", "/app/installations/{installation_id}", who="app")
async def installation(call: Call) -> Json:
    return profiles.installation(call.hub, _one(call))


@route("GET", "/repos/{owner}/{repo}/installation", who="repo-app")
async def repo_installation(call: Call) -> Json:
    if call.actor.app is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    found = next((each for each in _installations(call) if each.covers(call.repo.name)), None)
    if found is None:
        raise not_found()
    return profiles.installation(call.hub, found)


@route("GET", "/orgs/{login}/installation", who="app")
@route("GET", "/users/{login}/installation", who="app")
async def account_installation(call: Call) -> Json:
    login = call.parts["login"].lower()
    found = next((each for each in _installations(call) if each.account.login.lower() == login), None)
    if found is None:
        raise not_found()
    return profiles.installation(call.hub, found)


@route(
    "POST",
    "/app/installations/{installation_id}/access_tokens",
    who="app",
    body=("repositories", "repository_ids", "permissions"),
)
async def access_token(call: Call) -> Answer:
    found = _one(call)
    if found.suspended_at is not None:
        raise Refusal(403, auth.SUSPENDED)
    permissions = call.body.get("permissions", found.app.permissions)
    for name, level in permissions.items():
        if LEVELS.index(level) > LEVELS.index(found.app.permissions.get(name, "")):
            raise invalid("The permissions requested are not granted to this installation.")
    token = Token(
        value=call.hub.new_token("ghs_"),
        installation=found,
        expires_at=call.hub.clock() + auth.TOKEN_LIFE,
        permissions=dict(permissions),
        repositories=_narrowed(call, found),
    )
    call.hub.tokens[token.value] = token
    selection = "selected" if token.repositories is not None or found.repositories is not None else "all"
    body: Json = {
        "token": token.value,
        "expires_at": profiles.stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": selection,
    }
    if token.repositories is not None:
        body["repositories"] = [profiles.repo(call.hub.repo(name)) for name in sorted(token.repositories)]
    return Answer(201, body)


def _narrowed(call: Call, found: Installation) -> set[str] | None:
    if "repositories" not in call.body and "repository_ids" not in call.body:
        return None
    names, ids = call.body.get("repositories", []), call.body.get("repository_ids", [])
    covered = [repo for repo in call.hub.repos.values() if found.covers(repo.name)]
    chosen = {repo.name for repo in covered if repo.short_name in names or repo.id in ids}
    if len(chosen) < max(len(names), len(ids)):
        raise invalid(
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
    return chosen


@route("GET", "/installation/repositories", query=PAGE_KEYS)
async def repositories(call: Call) -> Answer:
    token = call.actor.token
    if token is None:
        raise Refusal(
            403,
            "You must authenticate with an installation access token "
            "in order to list repositories for an installation.",
        )
    named = token.repositories
    seen = [each for each in call.hub.repos.values() if token.installation.covers(each.name)]
    seen = [each for each in seen if named is None or each.name in named]
    items, links = call.paged(seen)
    selection = "all" if token.installation.repositories is None else "selected"
    body = {
        "total_count": len(seen),
        "repository_selection": selection,
        "repositories": [profiles.repo(each) for each in items],
    }
    return Answer(body=body, headers=links)


@route("GET", "/user")
async def user(call: Call) -> Json:
    if call.actor.token is not None:
        raise Refusal(403, "Resource not accessible by integration")
    when = profiles.stamp(call.hub.clock())
    empty: Json = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return profiles.user(call.hub, call.by) | empty | counts | {"created_at": when, "updated_at": when}


@route("GET", "/rate_limit", who="any")
async def rate_limit(call: Call) -> Json:
    if not call.hub.quota.told:
        raise Refusal(404, "Rate limiting is not enabled.")
    return call.hub.quota.overview(call.actor)


@route("GET", "/meta", who="any")
async def meta(call: Call) -> Json:
    return {
        "verifiable_password_authentication": False,
        "hooks": ["127.0.0.0/8"],
        "git": ["127.0.0.0/8"],
        "api": ["127.0.0.0/8"],
    }


@route("GET", "/app/hook/config", who="app")
async def hook_config(call: Call) -> Json:
    found = call.actor.app
    assert found is not None
    return _hook_shape(found)


@route("PATCH", "/app/hook/config", who="app", body=("url", "content_type", "secret", "insecure_ssl"))
async def change_hook_config(call: Call) -> Json:
    """What is left out stays as it is; deliveries that are not sent yet are signed with the new secret."""
    found = call.actor.app
    assert found is not None
    found.webhook_url = call.body.get("url", found.webhook_url)
    found.content_type = call.body.get("content_type", found.content_type)
    found.secret = call.body.get("secret", found.secret)
    found.insecure_ssl = str(call.body.get("insecure_ssl", found.insecure_ssl))
    return _hook_shape(found)


def _hook_shape(found: App) -> Json:
    shape: Json = {"content_type": found.content_type, "insecure_ssl": found.insecure_ssl}
    if found.secret:
        shape["secret"] = "********"  # noqa: S105 - GitHub shows that there is one
    if found.webhook_url:
        shape["url"] = found.webhook_url
    return shape


def _log(call: Call) -> list[Delivery]:
    """The App's own deliveries that GitHub still has, the newest first."""
    assert call.actor.app is not None
    hook, now = call.actor.app.hook_id, call.hub.clock()
    kept = [each for each in call.hub.deliveries if each.hook_id == hook]
    return [each for each in reversed(kept) if (now - each.delivered_at).days < KEPT_DAYS]


def _item(each: Delivery) -> Json:
    return {
        "id": each.id,
        "guid": each.guid,
        "delivered_at": profiles.stamp(each.delivered_at),
        "redelivery": each.redelivery,
        "duration": each.duration,
        "status": each.status,
        "status_code": each.status_code,
        "event": each.event,
        "action": each.action,
        "installation_id": each.installation_id,
        "repository_id": each.repository_id,
        "throttled_at": None,
    }


@route("GET", "/app/hook/deliveries", who="app", query=("per_page", "cursor", "status"))
async def deliveries(call: Call) -> Answer:
    wanted, (_, size) = call.query.get("status"), call.page()
    log = [each for each in _log(call) if wanted is None or (200 <= each.status_code < 400) == (wanted == "success")]
    cursor = call.query.get("cursor", "")
    if cursor:
        if not cursor.removeprefix("v1_").isdecimal():
            raise Refusal(400, "Invalid cursor")
        log = [each for each in log if each.id <= int(cursor.removeprefix("v1_"))]
    headers = {}
    if len(log) > size:
        kept = "".join(f"&{key}={value}" for key, value in call.query.items() if key != "cursor")
        headers["link"] = f'<{call.hub.url}{call.raw_path}?cursor=v1_{log[size].id}{kept}>; rel="next"'
    return Answer(body=[_item(each) for each in log[:size]], headers=headers)


def _delivery(call: Call) -> Delivery:
    wanted = call.number("delivery_id")
    found = next((each for each in _log(call) if each.id == wanted), None)
    if found is None:
        raise not_found()
    return found


@route("GET", "/app/hook/deliveries/{delivery_id}", who="app")
async def delivery(call: Call) -> Json:
    found = _delivery(call)
    request: Any = {"headers": found.request_headers, "payload": found.payload}
    response = {"headers": found.response_headers, "payload": found.response_body}
    return _item(found) | {"url": found.url, "request": request, "response": response}


@route("POST", "/app/hook/deliveries/{delivery_id}/attempts", who="app")
async def attempt(call: Call) -> Answer:
    try:
        call.hub.redeliver(_delivery(call).guid)
    except SandboxError as error:
        raise not_found() from error
    return Answer(202, {})
