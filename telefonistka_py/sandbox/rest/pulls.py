"""Pull requests over REST."""

from collections.abc import Callable
from typing import Any

from telefonistka_py.sandbox import issues, merges, pulls, shapes
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.model import Issue, Pull
from telefonistka_py.sandbox.refusal import Json, Refusal, invalid

_BASE = "/repos/{owner}/{repo}/pulls"


@route("GET", _BASE, needs="pull_requests", query=(*PAGE_KEYS, "state", "head", "base", "sort", "direction"))
async def listing(call: Call) -> Answer:
    state, head, base = call.query.get("state", "open"), call.query.get("head", ""), call.query.get("base", "")
    if state not in ("open", "closed", "all"):
        raise invalid("Validation Failed")
    found = [each for each in call.repo.pulls(state=state) if not base or each.base_ref == base]
    # GitHub ignores a `head` that is not `owner:branch`: docs, List pull requests.
    if ":" in head:
        found = [each for each in found if _label(each).lower() == head.lower()]
    keys: dict[str, Callable[[Pull], Any]] = {
        "created": lambda each: each.number,
        "updated": lambda each: each.updated_at,
    }
    sort = call.query.get("sort", "created")
    newest_first = call.query.get("direction", "desc" if sort == "created" else "asc") == "desc"
    found.sort(key=keys.get(sort, keys["created"]), reverse=newest_first)
    items, links = call.paged(found)
    return Answer(body=[shapes.pull(call.repo, each) for each in items], headers=links)


def _label(pull: Pull) -> str:
    return f"{(pull.head_repo or '/').split('/')[0]}:{pull.head_ref}"


@route(
    "POST",
    _BASE,
    needs="pull_requests",
    person="read",
    body=("title", "body", "head", "base", "draft", "maintainer_can_modify"),
)
async def open_pull(call: Call) -> Answer:
    pull = await pulls.open(
        call.repo,
        call.by,
        title=call.text("title"),
        body=call.maybe("body"),
        head=call.text("head"),
        base=call.text("base"),
        draft=call.flag("draft", False),
    )
    shape = await shapes.full_pull(call.repo, pull, computed=False)
    return Answer(201, shape, {"location": shape["url"]})


@route("GET", _BASE + "/{pull_number}", needs="pull_requests")
async def one(call: Call) -> Json:
    return await shapes.full_pull(call.repo, call.pull())


@route(
    "PATCH",
    _BASE + "/{pull_number}",
    needs="pull_requests",
    person="read",
    body=("title", "body", "state", "base", "maintainer_can_modify"),
)
async def edit_pull(call: Call) -> Json:
    pull = call.pull()
    check_may_edit(call, pull)
    if call.maybe("state") not in (None, "open", "closed"):
        raise invalid("Validation Failed")
    body = (call.maybe("body") or "") if "body" in call.body else None
    await issues.edit(call.repo, call.by, pull, title=call.maybe("title"), body=body)
    if call.maybe("base") not in (None, pull.base_ref):
        await pulls.retarget(call.repo, call.by, pull, call.text("base"))
    if call.maybe("state") == "closed":
        await issues.close(call.repo, call.by, pull)
    if call.maybe("state") == "open":
        await issues.reopen(call.repo, call.by, pull)
    return await shapes.full_pull(call.repo, pull)


def check_may_edit(call: Call, issue: Issue) -> None:
    """A person edits their own, or with push access anybody's; an installation by its permissions."""
    own = issue.author is call.by
    if call.actor.token is None and not own and not call.repo.allows(call.by.login, "triage"):
        raise Refusal(403, "Must have admin rights to Repository.")


@route("GET", _BASE + "/{pull_number}/files", needs="pull_requests", query=PAGE_KEYS)
async def files(call: Call) -> Answer:
    pull = call.pull()
    items, links = call.paged((await pulls.files(call.repo, pull))[: pulls.MOST_FILES])
    return Answer(body=[shapes.changed_file(call.repo, each, pull.head_sha) for each in items], headers=links)


@route(
    "PUT",
    _BASE + "/{pull_number}/merge",
    needs="contents",
    body=("commit_title", "commit_message", "sha", "merge_method"),
)
async def merge(call: Call) -> Json:
    method = call.text("merge_method", "merge")
    wish = merges.Wish(method, call.maybe("commit_title"), call.maybe("commit_message"), call.maybe("sha"))
    sha = await merges.merge(call.repo, call.by, call.pull(), wish)
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}
