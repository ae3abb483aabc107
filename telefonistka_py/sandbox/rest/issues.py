"""Issues, which pull requests are too: labels, assignees, comments."""

from telefonistka_py.sandbox import issues, profiles, shapes
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.model import Comment, Reaction
from telefonistka_py.sandbox.refusal import Json, Refusal, failed, invalid, not_found, wrong
from telefonistka_py.sandbox.rest.pulls import check_may_edit

_BASE = "/repos/{owner}/{repo}/issues"
_ONE = _BASE + "/{issue_number}"
_NEEDS = ("issues", "pull_requests")
_FILTERS = ("state", "labels", "creator", "assignee", "sort", "direction", "since")


@route("GET", _BASE, needs=_NEEDS, query=(*PAGE_KEYS, *_FILTERS))
async def listing(call: Call) -> Answer:
    query, found = call.query, list(call.repo.issues.values())
    if query.get("state", "open") != "all":
        found = [each for each in found if each.state == query.get("state", "open")]
    for name in filter(None, query.get("labels", "").split(",")):
        found = [each for each in found if name.lower() in [label.lower() for label in each.labels]]
    if "creator" in query:
        found = [each for each in found if each.author.login.lower() == query["creator"].lower()]
    if "assignee" in query:
        found = [each for each in found if query["assignee"] in [user.login for user in each.assignees]]
    if "since" in query:
        found = [each for each in found if profiles.stamp(each.updated_at) >= query["since"]]
    by_update = query.get("sort") == "updated"
    found.sort(
        key=lambda each: (each.updated_at if by_update else each.created_at, each.number),
        reverse=query.get("direction", "desc") == "desc",
    )
    items, links = call.paged(found)
    return Answer(body=[shapes.issue(call.repo, each) for each in items], headers=links)


@route("POST", _BASE, needs=_NEEDS, person="read", body=("title", "body", "labels", "assignees"))
async def create(call: Call) -> Answer:
    repo, by = call.repo, call.by
    issue = await issues.open(repo, by, title=call.text("title"), body=call.maybe("body"))
    # Without push access labels and assignees are dropped without a word: docs, Create an issue.
    if call.actor.token is not None or repo.allows(by.login, "triage"):
        if "labels" in call.body:
            await issues.label(repo, by, issue, call.words("labels"))
        if "assignees" in call.body:
            await issues.assign(repo, by, issue, call.words("assignees"))
    shape = shapes.issue(repo, issue)
    return Answer(201, shape, {"location": shape["url"]})


@route("GET", _ONE, needs=_NEEDS)
async def one(call: Call) -> Json:
    return shapes.issue(call.repo, call.issue())


@route(
    "PATCH", _ONE, needs=_NEEDS, person="read", body=("title", "body", "state", "state_reason", "labels", "assignees")
)
async def edit_issue(call: Call) -> Json:
    issue, repo, by = call.issue(), call.repo, call.by
    check_may_edit(call, issue)
    labels = call.words("labels") if "labels" in call.body else None
    logins = call.words("assignees") if "assignees" in call.body else None
    body = (call.maybe("body") or "") if "body" in call.body else None
    if call.maybe("state") not in (None, "open", "closed"):
        raise invalid("Validation Failed")
    await issues.edit(repo, by, issue, title=call.maybe("title"), body=body)
    # Without push access labels and assignees are dropped without a word: docs, Update an issue.
    if call.actor.token is not None or repo.allows(by.login, "triage"):
        if labels is not None:
            await issues.set_labels(repo, by, issue, labels)
        if logins is not None:
            await issues.assign(repo, by, issue, logins, exactly=True)
    if call.maybe("state") == "closed":
        await issues.close(repo, by, issue)
    if call.maybe("state") == "open":
        await issues.reopen(repo, by, issue)
    return shapes.issue(repo, issue)


@route("GET", _ONE + "/labels", needs=_NEEDS, query=PAGE_KEYS)
async def labels(call: Call) -> Answer:
    items, links = call.paged(call.issue().labels)
    return Answer(body=[shapes.label(call.repo, call.repo.labels[name.lower()]) for name in items], headers=links)


@route("POST", _ONE + "/labels", needs=_NEEDS, person="triage", body=("labels",))
async def add_labels(call: Call) -> list[Json]:
    issue = call.issue()
    await issues.label(call.repo, call.by, issue, call.words("labels"))
    return [shapes.label(call.repo, call.repo.labels[name.lower()]) for name in issue.labels]


@route("DELETE", _ONE + "/labels/{name}", needs=_NEEDS, person="triage")
async def remove_label(call: Call) -> list[Json]:
    issue, name = call.issue(), call.parts["name"]
    if name.lower() not in [each.lower() for each in issue.labels]:
        raise Refusal(404, "Label does not exist")
    await issues.unlabel(call.repo, call.by, issue, name)
    return [shapes.label(call.repo, call.repo.labels[each.lower()]) for each in issue.labels]


@route("POST", _ONE + "/assignees", needs=_NEEDS, person="triage", body=("assignees",))
async def add_assignees(call: Call) -> Answer:
    issue = call.issue()
    await issues.assign(call.repo, call.by, issue, call.words("assignees"))
    return Answer(201, shapes.issue(call.repo, issue))


@route("GET", _ONE + "/comments", needs=_NEEDS, query=(*PAGE_KEYS, "since"))
async def comments(call: Call) -> Answer:
    found = [each for each in call.issue().comments if profiles.stamp(each.updated_at) >= call.query.get("since", "")]
    items, links = call.paged(found)
    return Answer(body=[shapes.comment(call.repo, each) for each in items], headers=links)


@route("POST", _ONE + "/comments", needs=_NEEDS, person="read", body=("body",))
async def comment(call: Call) -> Answer:
    token = call.actor.token
    app = token.installation.app if token else None
    made = await issues.comment(call.repo, call.by, call.issue(), call.text("body"), app=app)
    shape = shapes.comment(call.repo, made)
    return Answer(201, shape, {"location": shape["url"]})


def _comment(call: Call) -> Comment:
    wanted = call.number("comment_id")
    every = (each for issue in call.repo.issues.values() for each in issue.comments)
    found = next((each for each in every if each.id == wanted), None)
    if found is None:
        raise not_found()
    return found


def _check_may_edit_comment(call: Call, made: Comment) -> None:
    if made.author is not call.by and not call.repo.allows(call.by.login, "write"):
        raise Refusal(
            403,
            "Resource not accessible by integration" if call.actor.token else "Must have admin rights to Repository.",
        )


@route("GET", _BASE + "/comments/{comment_id}", needs=_NEEDS)
async def one_comment(call: Call) -> Json:
    return shapes.comment(call.repo, _comment(call))


@route("PATCH", _BASE + "/comments/{comment_id}", needs=_NEEDS, person="read", body=("body",))
async def edit_comment(call: Call) -> Json:
    made = _comment(call)
    _check_may_edit_comment(call, made)
    return shapes.comment(call.repo, await issues.edit_comment(call.repo, call.by, made, call.text("body")))


@route("DELETE", _BASE + "/comments/{comment_id}", needs=_NEEDS, person="read")
async def delete_comment(call: Call) -> Answer:
    made = _comment(call)
    _check_may_edit_comment(call, made)
    await issues.delete_comment(call.repo, call.by, made)
    return Answer(204)


@route("POST", _BASE + "/comments/{comment_id}/reactions", needs=_NEEDS, person="read", body=("content",))
async def react(call: Call) -> Answer:
    """201 for a new one, 200 for one that was there."""
    made, content, by = _comment(call), call.text("content"), call.by
    if content not in shapes.REACTIONS:
        raise failed(wrong("Reaction", "content"))
    found = next((each for each in made.reactions if (each.author, each.content) == (by, content)), None)
    if found is not None:
        return Answer(200, shapes.reaction(call.repo, found))
    found = Reaction(call.hub.next_id(), by, content, call.hub.clock())
    made.reactions.append(found)
    return Answer(201, shapes.reaction(call.repo, found))
