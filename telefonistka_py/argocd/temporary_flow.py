"""Components that have no app yet: what the app that an ApplicationSet will make for them would create."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from telefonistka_py.argocd import (
    applications,
    discovery,
    examine,
    failure,
    reading,
    temporary,
    temporary_apps,
    temporary_sets,
    writing,
)
from telefonistka_py.argocd.applications import Application, Ref
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.examine import Head
from telefonistka_py.argocd.lookup import Known, Place
from telefonistka_py.argocd.model import App, Compared, ComponentResult, Failed, Outcome, Skipped
from telefonistka_py.argocd.temporary import Mark
from telefonistka_py.argocd.writing import Raw
from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.reading import together
from telefonistka_py.names import RepoPath

MOST = 20
"""Temporary apps in one Argo CD for one pull request (N27)."""

TOO_OLD = "its Argo CD can't try out ApplicationSets, which takes version 2.14 or later"
NOT_ALLOWED = (
    "Telefonistka's token may not try out ApplicationSets: it needs the right to get and to create them "
    "(nothing is created)"
)
ONE_TOO_MANY = f"the pull request brings more than {MOST} new apps"
THERE_ALREADY = (
    "the app exists already, and neither its annotation, its label nor the path of its source says that it is of "
    "this component"
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Search:
    """For whom apps are sought."""

    mark: Mark
    head: Head
    by_label: bool
    several: bool
    """Whether there are several Argo CDs."""
    now: datetime


@dataclass(frozen=True)
class Tried:
    """What came of it."""

    results: Mapping[RepoPath, ComponentResult]
    """By component; one that no ApplicationSet will make an app of is not among them."""
    errors: tuple[TelefonistkaError, ...] = ()
    """Why something could not be tried."""


@dataclass(frozen=True)
class _New:
    """An app that an ApplicationSet will make."""

    raw: Raw
    ref: Ref
    components: tuple[RepoPath, ...]


@dataclass(frozen=True)
class _Told:
    component: RepoPath
    outcome: Outcome
    error: TelefonistkaError | None = None


async def compare(clients: Sequence[Client], search: Search, without: Sequence[ComponentResult]) -> Tried:
    """Compares temporary apps in place of those that will be made for the components of `without`, which have none.

    What fails is told with its component, and hides nothing else (N17). Raises `RepoMistake` for a pattern that takes
    too long. Of a pull request from a fork this must not be asked: it has Argo CD render what it holds (N26).
    """
    concerns = [
        (client, [each.component for each in without if client.instance.applies(search.mark.repo, each.component)])
        for client in clients
    ]
    answers = await together(_in_one(client, search, paths) for client, paths in concerns if paths)
    told = [each for answer in answers for each in answer]
    found = {}
    for each in without:
        outcomes = tuple(one.outcome for one in told if one.component == each.component)
        if outcomes:
            found[each.component] = replace(each, outcomes=(*each.outcomes, *outcomes))
    errors = dict.fromkeys(each.error for each in told if each.error is not None)
    return Tried(found, tuple(errors))


async def _in_one(client: Client, search: Search, components: Sequence[RepoPath]) -> list[_Told]:
    """What one Argo CD has to say."""
    try:
        sets = await writing.app_sets(client)
        chosen = {at: [path for path in components if _may_make(each, path, search)] for at, each in enumerate(sets)}
        if not any(chosen.values()):
            return []
        await temporary_apps.sweep(client, search.now, search.mark)
        known = Known(client, (), await client.settings())
    except TelefonistkaError as error:
        return [_Told(path, _failed(client, search, "", error), error) for path in components]
    asked = await together(_generated(client, sets[at], paths, search) for at, paths in chosen.items() if paths)
    told = [each for found in asked for each in found if isinstance(each, _Told)]
    news = _once(each for found in asked for each in found if isinstance(each, _New))
    return (
        told
        + [each for found in await together(_shown(known, each, search) for each in news[:MOST]) for each in found]
        + [
            _Told(path, Skipped(_app(known, each, search), ONE_TOO_MANY))
            for each in news[MOST:]
            for path in each.components
        ]
    )


async def _generated(
    client: Client, app_set: Raw, components: Sequence[RepoPath], search: Search
) -> list[_New] | list[_Told]:
    """The set's apps that are of one of `components`."""
    name = f"ApplicationSet {temporary_sets.name(app_set)}"
    try:
        made = await writing.generate(client, temporary_sets.at_head(app_set, search.head))
        return [new for each in made if (new := _new(each, components, search)) is not None]
    except failure.Lacking:
        return [_Told(path, Skipped(App(name, ""), TOO_OLD)) for path in components]
    except failure.Forbidden as error:
        log.warning("no temporary apps", why=str(error))
        return [_Told(path, Failed(name, NOT_ALLOWED), error) for path in components]
    except applications.Unreadable as error:
        return [_Told(path, Failed(name, str(error))) for path in components]
    except TelefonistkaError as error:
        return [_Told(path, _failed(client, search, name, error), error) for path in components]


def _may_make(app_set: Raw, component: RepoPath, search: Search) -> bool:
    return temporary_sets.may_make(app_set, component, search.head)


def _new(generated: Raw, components: Sequence[RepoPath], search: Search) -> _New | None:
    app = applications.read(generated)
    found = tuple(path for path in components if _is_of(path, app, search))
    return _New(generated, app.ref, found) if found else None


def _is_of(component: RepoPath, app: Application, search: Search) -> bool:
    if discovery.apps_of(component, [app], search.head.repo_url, by_label=search.by_label):
        return True
    return any(each.path.strip("/") == component for each in discovery.sources(app, search.head.repo_url))


def _once(news: Iterable[_New]) -> list[_New]:
    """Two sets that make an app of the same name would fight for it; it is looked at once."""
    found: dict[Ref, _New] = {}
    for each in news:
        found.setdefault(each.ref, each)
    return list(found.values())


async def _shown(known: Known, new: _New, search: Search) -> list[_Told]:
    """One app, told with the first of its components."""
    first, *others = new.components
    shown = _app(known, new, search)
    try:
        told = await _compared(known, new, search)
    except TelefonistkaError as error:
        told = _Told(first, Failed(shown.name, str(error).rstrip(".")), error)
    return [
        replace(told, component=first),
        *(_Told(each, Skipped(shown, f"its diff is shown with {first}")) for each in others),
    ]


async def _compared(known: Known, new: _New, search: Search) -> _Told:
    client, shown = known.client, _app(known, new, search)
    if await _exists(client, new.ref):
        return _Told(new.components[0], Failed(shown.name, THERE_ALREADY))
    async with temporary_apps.app(client, temporary.wanted(new.raw, search.mark, search.head)) as made:
        examined = await examine.app(Place(known, made), search.head, named_by_instance=search.several)
    outcome = examined.outcome
    if isinstance(outcome, Compared):
        outcome = replace(outcome, app=shown)
    if isinstance(outcome, Failed):
        outcome = replace(outcome, name=shown.name)
    return _Told(new.components[0], outcome, examined.error)


async def _exists(client: Client, ref: Ref) -> bool:
    try:
        await client.app(ref, refresh=False)
    except failure.Refused as error:
        if error.status == 404:
            return False
        raise
    return True


def _app(known: Known, new: _New, search: Search) -> App:
    """As it will be called; there is no page of it yet."""
    name = f"{known.client.name}/{new.ref.name}" if search.several else new.ref.name
    return App(name, "", auto_sync=reading.auto_sync(new.raw), temporary=True)


def _failed(client: Client, search: Search, name: str, error: TelefonistkaError) -> Failed:
    return Failed(name or (client.name if search.several else ""), str(error).rstrip("."))
