"""What is asked of each Argo CD once for a pull request, whatever the number of its components."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telefonistka_py.argocd import discovery
from telefonistka_py.argocd.applications import Application
from telefonistka_py.argocd.client import Client
from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.reading import together
from telefonistka_py.names import RepoName, RepoPath


@dataclass(frozen=True)
class Known:
    """One Argo CD, as it answered."""

    client: Client
    apps: tuple[Application, ...]
    settings: Any = field(repr=False)
    """What `Client.settings` answered."""


@dataclass(frozen=True)
class Unknown:
    """One Argo CD that could not be asked."""

    client: Client
    error: TelefonistkaError


@dataclass(frozen=True)
class Place:
    """An app in one Argo CD."""

    known: Known
    app: Application

    @property
    def key(self) -> tuple[str, str, str]:
        return self.known.client.name, self.app.ref.namespace, self.app.name


@dataclass(frozen=True)
class Found:
    """What is known of one component's apps."""

    component: RepoPath
    places: tuple[Place, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    """Those that may have apps of it, and could not be asked."""
    inside: tuple[Place, ...] = ()
    """Apps of folders inside the component, which are not its own."""


async def find(
    clients: Sequence[Client], repo: RepoName, repo_url: str, components: Sequence[RepoPath], *, by_label: bool
) -> tuple[Found, ...]:
    """The apps of each of `components`, in their order: one list and one look at the settings for each Argo CD that
    applies to any of them. An Argo CD that fails takes nothing from what others answer (N17).

    Raises `RepoMistake` when a pattern takes too long.
    """
    concerns = [(each, [path for path in components if each.instance.applies(repo, path)]) for each in clients]
    answers = await together(_asked(client, paths, by_label=by_label) for client, paths in concerns if paths)
    applies = {client.name: frozenset(paths) for client, paths in concerns}
    return tuple(_of(each, answers, applies, repo_url, by_label=by_label) for each in components)


def _of(
    component: RepoPath,
    answers: Iterable[Known | Unknown],
    applies: dict[str, frozenset[RepoPath]],
    repo_url: str,
    *,
    by_label: bool,
) -> Found:
    places: list[Place] = []
    unknown: list[Unknown] = []
    inside: list[Place] = []
    for answer in answers:
        if component not in applies[answer.client.name]:
            continue
        if isinstance(answer, Unknown):
            unknown.append(answer)
        else:
            apps = discovery.apps_of(component, answer.apps, repo_url, by_label=by_label)
            places += [Place(answer, app) for app in apps]
            others = (app for app in discovery.inside(component, answer.apps, repo_url) if app not in apps)
            inside += [Place(answer, app) for app in others]
    return Found(component, tuple(places), tuple(unknown), tuple(inside))


async def _asked(client: Client, components: Sequence[RepoPath], *, by_label: bool) -> Known | Unknown:
    values = [discovery.label_value(each) for each in components]
    apps = asyncio.ensure_future(client.apps_labelled(discovery.LABEL, values) if by_label else client.apps())
    settings = asyncio.ensure_future(client.settings())
    try:
        await together((apps, settings))
    except TelefonistkaError as error:
        return Unknown(client, error)
    return Known(client, apps.result(), settings.result())
