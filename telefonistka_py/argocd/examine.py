"""One app: what the pull request changes in it, read from Argo CD and compared."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import structlog

from telefonistka_py.argocd import applications, compare, discovery, jq_process, pair, reading
from telefonistka_py.argocd.applications import Application
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.failure import Refused
from telefonistka_py.argocd.lookup import Known, Place
from telefonistka_py.argocd.model import App, AppDiff, Compared, Facts, Failed, Object, Outcome, Skipped
from telefonistka_py.errors import TelefonistkaError, WorldUnwell
from telefonistka_py.github.reading import together
from telefonistka_py.names import Branch, Sha

log = structlog.get_logger()

ALREADY_THERE = "it is on this branch already and syncs by itself"
FOLLOWS = "it follows this branch already, so that what it was before is not known for sure"
"""Said where no difference is seen: what was synced from the branch before may have taken a field along that its later
commits took away again, and nothing that is live tells."""


@dataclass(frozen=True)
class Head:
    """What is compared with the clusters."""

    repo_url: str
    sha: Sha
    """Manifests are rendered at this commit, never at a branch's name (N4)."""
    branch: Branch
    default_branch: Branch
    base: Sha
    """The default branch's commit."""


@dataclass(frozen=True)
class Examined:
    """What came of one app."""

    place: Place
    outcome: Outcome
    on_branch: bool = False
    """Whether the app is on the pull request's branch already."""
    error: TelefonistkaError | None = None
    """Why it could not be compared."""


PATIENCE = 3
"""How many times as long as one request may take all apps of a pull request may take together: an Argo CD that hangs
must not hold up what is told of the others."""


async def app(place: Place, head: Head, *, named_by_instance: bool, until: float | None = None) -> Examined:
    """Compares the app's live objects with its manifests at the head. None of the house's errors leaves: what fails is
    told where it fails, and hides nothing else (N17).

    `named_by_instance`: there are several Argo CDs, so that the app's name alone does not tell which it is. `until`:
    the loop's time at which it is given up.
    """
    name = _name(place, named_by_instance=named_by_instance)
    try:
        async with asyncio.timeout_at(until):
            return await _examined(place, head, name)
    except TimeoutError:
        late = WorldUnwell(f"{place.known.client.name} takes too long to answer for all apps of the pull request")
        return Examined(place, Failed(name, str(late)), error=late)
    except TelefonistkaError as error:
        log.warning("app not compared", app=name, reason=str(error))
        return Examined(place, Failed(name, str(error).rstrip(".")), error=error)


def _name(place: Place, *, named_by_instance: bool) -> str:
    return f"{place.known.client.name}/{place.app.name}" if named_by_instance else place.app.name


async def _examined(place: Place, head: Head, name: str) -> Examined:
    client = place.known.client
    raw = await client.app(place.app.ref)
    # The list may be older than this, or hold less.
    app = applications.again(place.app, raw)
    shown = replace(reading.app(raw, page_of(place.known, app)), name=name)
    on_branch = is_on(app, head)
    if on_branch and shown.auto_sync:
        return Examined(place, Skipped(shown, ALREADY_THERE), on_branch)
    positions = discovery.positions(app, head.repo_url)
    managed = asyncio.ensure_future(client.managed_resources(app.ref))
    manifests = asyncio.ensure_future(client.manifests(app, head.sha, positions))
    await together((managed, manifests))
    rules, unread = reading.ignored_by_settings(place.known.settings)
    broken = applications.broken(raw)
    facts = Facts(
        managed.result(),
        manifests.result(),
        namespace=_destination(raw),
        prune=reading.prune(raw),
        tracking=reading.tracking(place.known.settings, raw),
        rules=(*reading.ignored_by_app(raw), *rules),
        notes=(*unread, *_notes(app, head, broken)),
    )
    diff = await asyncio.to_thread(compare.app, facts, jq_process.answers)
    if not diff.differs:
        before = await _before(client, app, head, positions)
        diff = replace(diff, hooks=pair.other_hooks(before, facts.manifests))
    if on_branch and not (broken or diff.differs):
        return Examined(place, Skipped(shown, FOLLOWS), on_branch)
    return Examined(place, judged(shown, diff, broken), on_branch)


async def _before(client: Client, app: Application, head: Head, positions: Sequence[int]) -> Sequence[Object]:
    """The manifests without the pull request; none where there can't be any, so that all of its hooks are new."""
    try:
        return await client.manifests(app, head.base, positions)
    except Refused:
        return ()


GONE = "the pull request deletes its folder, so that Argo CD will have nothing to render for it"


def without_source(examined: Examined) -> Examined:
    """An app that failed because the pull request deletes what it is rendered from: that is no mistake, and what
    becomes of the app is for people to decide."""
    place, outcome = examined.place, examined.outcome
    name = outcome.name if isinstance(outcome, Failed) else place.app.name
    return Examined(place, Skipped(App(name, page_of(place.known, place.app)), GONE), examined.on_branch)


def judged(app: App, diff: AppDiff, broken: str) -> Outcome:
    """An app that Argo CD can't compare as it is now may change in more than what is seen: never a false "no diff"."""
    if broken and not diff.differs:
        why = f"Argo CD can't compare it as it is now, so whether anything changes is not known: {broken.rstrip('.')}"
        return Failed(app.name, why)
    return Compared(app, diff)


def is_on(app: Application, head: Head) -> bool:
    """Whether a source of the app follows the pull request's branch, or its very head."""
    wanted = {head.branch, f"refs/heads/{head.branch}", head.sha}
    return any(source.revision in wanted for source in discovery.sources(app, head.repo_url))


def page_of(known: Known, app: Application) -> str:
    """The app's page in Argo CD, where the settings say people find it."""
    url = known.settings.get("url")
    base = url.rstrip("/") if isinstance(url, str) and url else known.client.instance.url
    place = f"{quote(app.ref.namespace, safe='')}/" if app.ref.namespace else ""
    return f"{base}/applications/{place}{quote(app.name, safe='')}"


def _notes(app: Application, head: Head, broken: str) -> list[str]:
    default = {"", "HEAD", head.default_branch, f"refs/heads/{head.default_branch}"}
    own = {head.branch, f"refs/heads/{head.branch}", head.sha}
    elsewhere = {each.revision for each in discovery.sources(app, head.repo_url)} - default - own
    notes = [
        f"The app follows {revision}, not {head.default_branch}: merging changes nothing in it until {revision} moves"
        for revision in sorted(elsewhere)
    ]
    if broken:
        notes.append(f"Argo CD can't compare the app as it is now, so there may be more: {broken.rstrip('.')}")
    return notes


def _destination(raw: Mapping[str, Any]) -> str:
    spec = raw.get("spec")
    destination = spec.get("destination") if isinstance(spec, dict) else None
    namespace = destination.get("namespace") if isinstance(destination, dict) else None
    return namespace if isinstance(namespace, str) else ""
