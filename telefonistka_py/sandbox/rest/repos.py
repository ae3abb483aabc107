"""A repository, its branches, and what a person may do in it."""

from telefonistka_py.sandbox import commits, profiles, shapes
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.refusal import Json, Refusal

_UNPROTECTED = {"enabled": False, "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []}}


@route("GET", "/repos/{owner}/{repo}", needs="metadata")
async def repository(call: Call) -> Json:
    return profiles.full_repo(call.repo, call.actor.login)


@route("GET", "/repos/{owner}/{repo}/branches", needs="contents", query=PAGE_KEYS)
async def branches(call: Call) -> Answer:
    items, links = call.paged(list((await call.repo.branches()).items()))
    url = profiles.repo_api(call.repo)
    body = [
        {"name": name, "commit": {"sha": sha, "url": f"{url}/commits/{sha}"}, "protected": False} for name, sha in items
    ]
    return Answer(body=body, headers=links)


@route("GET", "/repos/{owner}/{repo}/branches/{branch}", needs="contents")
async def branch(call: Call) -> Json:
    name = call.parts["branch"]
    found = await commits.read(call.repo.git, f"refs/heads/{name}")
    if found is None:
        raise Refusal(404, "Branch not found")
    url = f"{profiles.repo_api(call.repo)}/branches/{name}"
    return {
        "name": name,
        "commit": shapes.commit(call.repo, found),
        "_links": {"self": url, "html": f"{call.repo.html_url}/tree/{name}"},
        "protected": False,
        "protection": _UNPROTECTED,
        "protection_url": f"{url}/protection",
    }


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", needs="metadata")
async def permission(call: Call) -> Json:
    actor = call.actor
    if actor.token is None and not call.repo.allows(call.by.login, "write"):
        raise Refusal(403, "Must have push access to view collaborator permission.")
    found = call.hub.users.get(call.parts["username"].lower())
    if found is None:
        raise Refusal(404, f"{call.parts['username']} is not a user")
    role = call.repo.access_of(found.login)
    short = {"triage": "read", "maintain": "write"}.get(role, role)
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    rights = {key: call.repo.allows(found.login, level) for key, level in names.items()}
    user = profiles.user(call.hub, found) | {"permissions": rights, "role_name": role}
    return {"permission": short, "role_name": role, "user": user}
