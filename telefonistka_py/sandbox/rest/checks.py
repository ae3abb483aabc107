"""Check runs over REST: Apps make them, whoever may see the repository reads them."""

from datetime import datetime

from telefonistka_py.sandbox import checks, landing_shapes
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.checks import CheckRun, Wish
from telefonistka_py.sandbox.model import App
from telefonistka_py.sandbox.refusal import Json, Refusal, Unknown, invalid, not_found

_RUNS = "/repos/{owner}/{repo}/check-runs"
_BODY = ("name", "status", "conclusion", "started_at", "completed_at", "details_url", "external_id", "output")
_OUTPUT = {"title", "summary", "text"}


def _app(call: Call) -> App:
    if call.actor.token is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    return call.actor.token.installation.app


def _wish(call: Call) -> Wish:
    output = call.body.get("output") or {}
    if not isinstance(output, dict):
        raise invalid("Invalid request.\n\nFor 'properties/output', it is not an object.")
    for key in output.keys() - _OUTPUT:
        raise Unknown(f"The sandbox doesn't know the key {key!r} of a check run's output.")
    return Wish(
        name=call.maybe("name"),
        status=call.maybe("status"),
        conclusion=call.maybe("conclusion"),
        started_at=_time(call, "started_at"),
        completed_at=_time(call, "completed_at"),
        details_url=call.maybe("details_url"),
        external_id=call.maybe("external_id"),
        title=output.get("title"),
        summary=output.get("summary"),
        text=output.get("text"),
    )


def _time(call: Call, key: str) -> datetime | None:
    given = call.maybe(key)
    try:
        return datetime.fromisoformat(given) if given else None
    except ValueError as error:
        raise invalid(f"Invalid request.\n\n{given!r} is not a valid `date-time`.") from error


@route("POST", _RUNS, needs="checks", body=(*_BODY, "head_sha"))
async def make(call: Call) -> Answer:
    app, sha, _ = _app(call), call.text("head_sha"), call.text("name")
    shape = landing_shapes.check_run(call.repo, await checks.make(call.repo, app, sha, _wish(call)))
    return Answer(201, shape, {"location": shape["url"]})


@route("PATCH", _RUNS + "/{check_run_id}", needs="checks", body=_BODY)
async def change(call: Call) -> Json:
    app, wanted = _app(call), call.number("check_run_id")
    runs = (run for sha in call.repo.suites for run in checks.every(call.repo, sha))
    found = next((each for each in runs if each.id == wanted), None)
    if found is None:
        raise not_found()
    if found.suite.app is not app:
        raise Refusal(
            403, f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        )
    return landing_shapes.check_run(call.repo, await checks.change(call.repo, found, _wish(call)))


@route(
    "GET",
    "/repos/{owner}/{repo}/commits/{ref}/check-runs",
    needs="checks",
    query=(*PAGE_KEYS, "check_name", "status", "filter", "app_id"),
)
async def listing(call: Call) -> Answer:
    sha = await call.repo.git.resolve(f"{call.parts['ref']}^{{commit}}")
    if sha is None:
        raise invalid(f"No commit found for SHA: {call.parts['ref']}")
    read = checks.every if call.query.get("filter", "latest") == "all" else checks.latest
    found = [each for each in read(call.repo, sha) if _is_asked(call, each)]
    items, links = call.paged(found)
    shapes = [landing_shapes.check_run(call.repo, each) for each in items]
    return Answer(body={"total_count": len(found), "check_runs": shapes}, headers=links)


def _is_asked(call: Call, run: CheckRun) -> bool:
    asked = {"check_name": run.name, "status": run.status, "app_id": str(run.suite.app.id)}
    return all(call.query.get(key, value) == value for key, value in asked.items())
