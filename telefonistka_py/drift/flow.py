"""Drift on an open pull request: what its promotion would meet on the default branch is compared, and told on it."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import structlog

from telefonistka_py import counted
from telefonistka_py.config.problem import Invalid, Severity
from telefonistka_py.drift import find, gather, model, render
from telefonistka_py.drift.model import Compared, Gap, InStep, NotCompared, Pair, Report
from telefonistka_py.drift.render import Links
from telefonistka_py.errors import OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.promotion import plan, route
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.promotion.model import Routes
from telefonistka_py.templates import Templates
from telefonistka_py.tree.reading import Reader

HOW_TO_SEE_THE_REST = "telefonistka drift"

log = structlog.get_logger()


async def check(
    repo: Repository, ground: Ground, pull: PullRequest, html_url: str, templates: Templates, page: str = ""
) -> Report:
    """Compares what the promotion of the open `pull` would make equal, and keeps one comment on it that says how it is.

    `html_url` is the repository's address as the event names it; `page` is what the comment's topic ends in, where
    each head has comments of its own. Where the comparison as a whole could not be read,
    nothing is said and the report's `unwell` is what to raise, so that it is tried again. Where only contents could
    not be read, the comment says so, and `unwell` is set as well.
    """
    report, known = await _examined(repo, ground, pull)
    log.info("drift", found=model.in_a_line(report))
    if known is None and report.unwell is None:
        known = await repo.own_comments(pull.number)
    if report.differing or report.not_compared or report.mistake:
        said = render.message(report, Links(html_url, ground.pin.branch), templates)
        topic = f"{render.TOPIC}{page}"
        await comments.keep(repo, pull.number, topic, said, known, how_to_see_the_rest=HOW_TO_SEE_THE_REST)
    elif report.unwell is None:
        await _retire(repo, pull, f"{render.TOPIC}{page}", render.in_step(report, templates), known or ())
    return replace(report, comments=known or ())


async def _retire(repo: Repository, pull: PullRequest, topic: str, text: str, known: tuple[OwnComment, ...]) -> None:
    """An earlier comment says that all is well now, and is folded away. Without one nothing is said."""
    if standing := comments.about(topic, known):
        await comments.keep(repo, pull.number, topic, text, known)
        await repo.minimize(standing)


async def _examined(
    repo: Repository, ground: Ground, pull: PullRequest
) -> tuple[Report, tuple[OwnComment, ...] | None]:
    """What there is to say, and our comments on `pull` if they were read."""
    if isinstance(ground.config, Invalid):
        why = f"telefonistka.yaml on {ground.pin.branch} can't be used: {_first(ground.config)}"
        return Report((), mistake=why), None
    if pull.base_ref != ground.pin.branch:
        return Report(()), None  # merging it promotes nothing
    try:
        routes = route.find(ground.config.value, ground.paths, frozenset(pull.labels))
        if not routes.lots:
            return Report(()), None
        return await _compared(repo, ground, pull, routes)
    except (RepoMistake, Refused) as error:
        return Report((), mistake=str(error).rstrip(".")), None
    except (WorldUnwell, OperatorMistake) as error:
        return Report((), unwell=error), None


def _first(config: Invalid) -> str:
    """The first of the mistakes, and how many more there are."""
    errors = [each for each in config.problems if each.severity is Severity.ERROR]
    first = errors[0]
    place = f"line {first.line}: " if first.line else ""
    more = f" ({counted.of(len(errors) - 1, 'more mistake')})" if len(errors) > 1 else ""
    return f"{place}{first.key} {first.message}".strip() + more


async def _compared(
    repo: Repository, ground: Ground, pull: PullRequest, routes: Routes
) -> tuple[Report, tuple[OwnComment, ...]]:
    seen = await gather.look(repo, ground, pull, routes)
    if seen.state != "OPEN":
        return Report(()), ()  # merged meanwhile: what it brought would look like drift
    files = await gather.component_files(repo, seen, routes)

    def pairs_and_gaps(reader: Reader) -> tuple[tuple[Pair, ...], list[Gap]]:
        made = plan.make(routes, files, lambda path: reader.find(ground.pin.tree, path))
        pairs = find.pairs(made)
        return pairs, list(find.gaps(reader, ground.pin.tree, pairs))

    pairs, gaps = await repo.walk(ground.trees, pairs_and_gaps)
    read, causes = (
        asyncio.ensure_future(gather.contents(repo, gaps)),
        asyncio.ensure_future(gather.causes(repo, ground, seen, gaps)),
    )
    await together((read, causes))
    contents, unwell = read.result()
    standing = dict(zip((gap.pair for gap in gaps), await gather.shown(gaps, contents, causes.result()), strict=True))
    found = [Compared(pair, standing.get(pair, InStep())) for pair in pairs]
    return Report((*found, *_unusable(routes, files)), unwell=unwell), seen.comments


def _unusable(routes: Routes, files: plan.ComponentFiles) -> Iterable[Compared]:
    """Pairs that nobody can tell whether they should be equal: the component's own file can't be used (N3)."""
    found: dict[Pair, Compared] = {}
    for lot in routes.lots:
        for changed in lot.components:
            if isinstance(file := files.get(changed.path), Invalid):
                for target in lot.targets:
                    pair = Pair(changed.path, changed.within(target))
                    found[pair] = Compared(pair, NotCompared(str(file.problems[0])))
    return found.values()
