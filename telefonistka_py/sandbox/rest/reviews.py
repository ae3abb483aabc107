"""Reviews of pull requests over REST."""

from telefonistka_py.sandbox import landing_shapes, reviews
from telefonistka_py.sandbox.calls import PAGE_KEYS, Answer, Call, route
from telefonistka_py.sandbox.refusal import Json, Unknown, invalid

_BASE = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"


@route("GET", _BASE, needs="pull_requests", query=PAGE_KEYS)
async def listing(call: Call) -> Answer:
    items, links = call.paged(call.pull().reviews)
    return Answer(body=[landing_shapes.review(call.repo, each) for each in items], headers=links)


@route("POST", _BASE, needs="pull_requests", person="read", body=("event", "body", "commit_id"))
async def submit(call: Call) -> Json:
    event = call.maybe("event")
    if event is None:
        raise Unknown("The sandbox doesn't know pending reviews: a review's `event` has to say what it is.")
    if event not in reviews.STATES:
        raise invalid(f"Invalid request.\n\nFor 'properties/event', {event!r} is not an accepted value.")
    wish = reviews.Wish(event, call.maybe("body") or "", call.maybe("commit_id"))
    return landing_shapes.review(call.repo, await reviews.submit(call.repo, call.by, call.pull(), wish))
