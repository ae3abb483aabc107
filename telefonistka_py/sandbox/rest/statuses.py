"""Commit statuses over REST."""

from telefonistka_py.sandbox import profiles, shapes, statuses
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.refusal import invalid


@route(
    "POST",
    "/repos/{owner}/{repo}/statuses/{commit_sha}",
    needs="statuses",
    body=("state", "context", "description", "target_url"),
)
async def make_status(call: Call) -> Answer:
    wish = statuses.Wish(
        call.text("state"), call.text("context", "default"), call.maybe("description"), call.maybe("target_url")
    )
    made = await statuses.set(call.repo, call.by, call.parts["commit_sha"], wish)
    shape = shapes.status(call.repo, made)
    return Answer(201, shape, {"location": shape["url"]})


async def _sha(call: Call) -> str:
    sha = await call.repo.git.resolve(f"{call.parts['ref']}^{{commit}}")
    if sha is None:
        raise invalid(f"No commit found for SHA: {call.parts['ref']}")
    return sha


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", needs="statuses", query=PAGE_KEYS)
async def combined(call: Call) -> Answer:
    sha = await _sha(call)
    latest = statuses.latest(call.repo.statuses(sha))
    items, links = call.paged(latest)
    url = f"{profiles.repo_api(call.repo)}/commits/{sha}"
    body = {
        "state": statuses.combined([each.state for each in latest]),
        "statuses": [shapes.simple_status(call.repo, each) for each in items],
        "sha": sha,
        "total_count": len(latest),
        "repository": profiles.repo(call.repo),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(body=body, headers=links)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", needs="statuses", query=PAGE_KEYS)
async def listing(call: Call) -> Answer:
    items, links = call.paged(list(reversed(call.repo.statuses(await _sha(call)))))
    return Answer(body=[shapes.status(call.repo, each) for each in items], headers=links)
