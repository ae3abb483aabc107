"""Commits, what lies between two of them, and the pull requests they came with."""

from telefonistka_py.sandbox import commits, diffs, profiles, pulls, shapes
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.commits import Commit
from telefonistka_py.sandbox.refusal import Json, Refusal, invalid, not_found

MOST_FILES = 300
"""Files that a comparison names (docs: Compare two commits)."""


@route("GET", "/repos/{owner}/{repo}/commits", needs="contents", query=(*PAGE_KEYS, "sha", "path"))
async def listing(call: Call) -> Answer:
    start = call.query.get("sha") or call.repo.default_branch
    if await call.repo.git.resolve(f"{start}^{{commit}}") is None:
        raise not_found()
    below = ["--", f":(literal){call.query['path']}"] if call.query.get("path") else []
    out = await call.repo.git.run("rev-list", "--date-order", f"{start}^{{commit}}", *below)
    items, links = call.paged(out.decode().split())
    found = await commits.read_all(call.repo.git, items)
    return Answer(body=[shapes.commit(call.repo, each) for each in found], headers=links)


@route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", needs=("pull_requests", "contents"), query=PAGE_KEYS)
async def pulls_of(call: Call) -> Answer:
    sha = await call.repo.git.resolve(f"{call.parts['commit_sha']}^{{commit}}")
    if sha is None:
        raise invalid(f"No commit found for SHA: {call.parts['commit_sha']}")
    every = call.repo.pulls()
    own = {pull.number: await pulls.commits(call.repo, pull) for pull in every}
    found = pulls.containing(every, sha, own)
    items, links = call.paged(found)
    return Answer(body=[shapes.pull(call.repo, each) for each in items], headers=links)


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", needs="contents", query=PAGE_KEYS)
async def compare(call: Call) -> Answer:
    left, dots, right = call.parts["basehead"].partition("...")
    base, head = await _commit(call, left), await _commit(call, right)
    if not dots or base is None or head is None:
        raise not_found()
    fork = await diffs.merge_base(call.repo.git, base.sha, head.sha)
    if fork is None:
        raise Refusal(404, f"No common ancestor between {left} and {right}.")
    ahead = await diffs.between(call.repo.git, base.sha, head.sha)
    behind = await diffs.between(call.repo.git, head.sha, base.sha)
    changed = await diffs.files(call.repo.git, fork, head.sha)
    middle = await commits.read(call.repo.git, fork)
    assert middle is not None
    shown, links = call.paged(ahead) if "page" in call.query or "per_page" in call.query else (ahead[:250], {})
    url = f"{profiles.repo_api(call.repo)}/compare/{call.parts['basehead']}"
    html = f"{call.repo.html_url}/compare/{call.parts['basehead']}"
    state = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    body: Json = {
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": shapes.commit(call.repo, base),
        "merge_base_commit": shapes.commit(call.repo, middle),
        "status": state,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(call.repo, each) for each in await commits.read_all(call.repo.git, shown)],
    }
    if call.page()[0] == 1:
        body["files"] = [shapes.changed_file(call.repo, each, head.sha) for each in changed[:MOST_FILES]]
    return Answer(body=body, headers=links)


async def _commit(call: Call, name: str) -> Commit | None:
    """A revision of a comparison; `owner:branch` of the repository's own owner too."""
    owner, colon, branch = name.partition(":")
    if colon and owner.lower() == call.repo.owner.login.lower():
        name = branch
    return await commits.read(call.repo.git, name)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", needs="contents", query=PAGE_KEYS)
async def commit(call: Call) -> Answer:
    found = await commits.read(call.repo.git, call.parts["ref"])
    if found is None:
        raise invalid(f"No commit found for SHA: {call.parts['ref']}")
    parent = found.parents[0] if found.parents else None
    changed = await diffs.files(call.repo.git, parent, found.sha)
    added, deleted = sum(each.additions for each in changed), sum(each.deletions for each in changed)
    size = 300 if "per_page" not in call.query else call.page()[1]
    at = call.page()[0]
    body = shapes.commit(call.repo, found) | {
        "stats": {"additions": added, "deletions": deleted, "total": added + deleted},
        "files": [
            shapes.changed_file(call.repo, each, found.sha) for each in changed[:3000][(at - 1) * size : at * size]
        ],
    }
    return Answer(body=body)
