"""What must hold at the end: nothing lost, nothing made twice, no lane worked on by two servers at once."""

import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.soak.town import TARGETS, Change, Town

_TOPIC = re.compile(r"<!-- telefonistka:([\w:-]+) -->")
_OF_PULL = re.compile(r"^/api/v3/repos/([^/]+/[^/]+)/(?:pulls|issues)/([0-9]+)/(files|comments)")
_OF_COMMIT = re.compile(r"^/api/v3/repos/([^/]+/[^/]+)/statuses/([0-9a-f]{40})")


async def lost(town: Town) -> list[str]:
    """Merged changes without their promotion, or with one that is not finished."""
    return [problem for change in town.changes async for problem in _lost(town, change)]


async def _lost(town: Town, change: Change) -> AsyncIterator[str]:
    repo, name = change.repo, f"{change.repo.name}#{change.number}"
    source = await repo.tree_sha(repo.pull(change.number).head_sha, f"workspace/{change.component}")
    found = promotions(town, change)
    if not found:
        yield f"{name} was not promoted"
        return
    for target in TARGETS:
        if await repo.tree_sha(found[0].head_sha, f"{target}/{change.component}") != source:
            yield f"{name} was not promoted to {target}"
    if "promotion" not in found[0].labels or not found[0].assignees:
        yield f"{name}: its promotion is not marked"
    if town.merges_itself(repo) and not (found[0].merged and found[0].reviews):
        yield f"{name}: its promotion was not approved and merged"
    last = [each.state for each in repo.statuses(repo.pull(change.number).head_sha)][-1:]
    if last != ["success"]:
        said = [comment.body for comment in repo.pull(change.number).comments if comment.author is town.app.bot]
        yield f"{name} ends with the status {last}: {said}"


def promotions(town: Town, change: Change) -> list[Pull]:
    """Of `change`, oldest first."""
    start = f"promotions/{change.number}-"
    return [pull for pull in change.repo.pulls() if pull.author is town.app.bot and pull.head_ref.startswith(start)]


async def doubled(town: Town) -> list[str]:
    """Second pull requests, comments, reviews and merges."""
    made = [(change, len(promotions(town, change))) for change in town.changes]
    found = [f"{change.repo.name}#{change.number} was promoted {times} times" for change, times in made if times > 1]
    for repo in town.repos:
        for pull in repo.pulls():
            found += _repeated(town, repo, pull)
        merges = (await repo.git.run("log", "--first-parent", "--merges", "--format=%s", "main")).decode().splitlines()
        found += [f"{repo.name}: {times} times {merge!r}" for merge, times in Counter(merges).items() if times > 1]
    return found


def _repeated(town: Town, repo: Repo, pull: Pull) -> Iterator[str]:
    ours = [comment.body for comment in pull.comments if comment.author is town.app.bot]
    topics = Counter(topic for body in ours for topic in _TOPIC.findall(body)[:1])
    for topic, times in topics.items():
        if times > 1:
            yield f"{repo.name}#{pull.number} has {times} comments on {topic}"
    if len(pull.reviews) > 1:
        yield f"{repo.name}#{pull.number} has {len(pull.reviews)} reviews"


def overlaps(town: Town) -> list[str]:
    """Lanes in which two servers worked at once.

    Every server has tokens of its own, so requests tell who made them. An attempt at a pull request begins with the
    status `pending` and the list of its files. A server that turns to a pull request after another one must begin so;
    where it goes on with something else, both were in the middle of it.
    """
    heads = {pull.head_sha: pull.number for repo in town.repos for pull in repo.pulls()}
    lanes: dict[tuple[str, int], list[tuple[float, str, bool, str]]] = defaultdict(list)
    for exchange in town.hub.exchanges:
        if said := _of_a_lane(exchange, heads):
            repo, number, begins = said
            token = exchange.request_headers.get("Authorization", "")
            lanes[repo, number].append((exchange.started, token, begins, f"{exchange.method} {exchange.path}"))
    found = []
    for (repo, number), requests in lanes.items():
        requests.sort()
        for (_, before, _, _), (_, token, begins, what) in pairwise(requests):
            if token != before and not begins:
                found.append(f"{repo}#{number}: another server goes on with {what}")
    return found


def _of_a_lane(exchange: Exchange, heads: dict[str, int]) -> tuple[str, int, bool] | None:
    """Repository and number of the lane that a request belongs to, and whether an attempt begins with it."""
    if on_pull := _OF_PULL.match(exchange.path):
        return on_pull[1], int(on_pull[2]), on_pull[3] == "files"
    on_commit = _OF_COMMIT.match(exchange.path)
    if on_commit and on_commit[2] in heads and isinstance(exchange.request_body, dict):
        return on_commit[1], heads[on_commit[2]], exchange.request_body.get("state") == "pending"
    return None
