"""From what was found and examined to what is told, component by component."""

from collections.abc import Mapping, Sequence, Set

from telefonistka_py.argocd.examine import Examined, page_of
from telefonistka_py.argocd.lookup import Found, Place
from telefonistka_py.argocd.model import App, Compared, ComponentResult, Failed, Outcome, Skipped
from telefonistka_py.config import patterns
from telefonistka_py.config.model import Config
from telefonistka_py.errors import TelefonistkaError, WorldUnwell
from telefonistka_py.names import RepoPath

Key = tuple[str, str, str]
"""An app: instance, namespace, name."""


def of(
    found: Sequence[Found], examined: Mapping[Key, Examined], silent: Set[RepoPath], *, several: bool
) -> tuple[ComponentResult, ...]:
    """One result for each component, in order. An app of several components is shown with the first of them.

    `silent`: components whose contents are not shown (`disableArgoCDDiff`); an app that such a component shares is
    listed only, wherever it is shown. `several`: there is more than one Argo CD.
    """
    first: dict[Key, RepoPath] = {}
    for each in found:
        for place in each.places:
            first.setdefault(place.key, each.component)
    kept = {place.key for each in found if each.component in silent for place in each.places}
    made = []
    for each in found:
        outcomes = [_shown(examined[place.key], each.component, first[place.key]) for place in each.places]
        outcomes += [_inside(place) for place in each.inside]
        outcomes += [_unasked(unknown.client.name, unknown.error) for unknown in each.unknown if several]
        failed = "" if several else _sentence(each)
        list_only = each.component in silent or any(place.key in kept for place in each.places)
        made.append(ComponentResult(each.component, tuple(outcomes), failed, list_only))
    return tuple(made)


def _shown(examined: Examined, component: RepoPath, first: RepoPath) -> Outcome:
    outcome = examined.outcome
    if component != first and isinstance(outcome, Compared) and not outcome.diff.surely_none:
        return Skipped(outcome.app, f"its diff is shown with {first}")
    return outcome


def _inside(place: Place) -> Outcome:
    """Never taken for "no diff": a change of the component may well be one of this folder."""
    app = App(place.app.name, page_of(place.known, place.app))
    return Skipped(app, "it is made of a folder inside this component, and is not compared with it")


def _unasked(name: str, error: TelefonistkaError) -> Outcome:
    return Failed(name, str(error).rstrip("."))


def _sentence(found: Found) -> str:
    return str(found.unknown[0].error).rstrip(".") if found.unknown else ""


def errors(found: Sequence[Found], examined: Mapping[Key, Examined]) -> tuple[TelefonistkaError, ...]:
    """Why anything could not be compared."""
    asked = (unknown.error for each in found for unknown in each.unknown)
    return tuple(dict.fromkeys([*asked, *(each.error for each in examined.values() if each.error is not None)]))


def worth_another_try(errors: Sequence[TelefonistkaError]) -> WorldUnwell | None:
    """The first error that time may heal."""
    return next((each for each in errors if isinstance(each, WorldUnwell)), None)


def without_app(result: ComponentResult) -> bool:
    """Whether it is known that the component has no app."""
    return not result.outcomes and not result.failed


def follows_branch(found: Sequence[Found], examined: Mapping[Key, Examined], config: Config) -> tuple[bool, ...]:
    """Of each app that people may set to the pull request's branch (contract §11), as its component matches the
    pattern: whether it follows the branch already. Raises `RepoMistake` for a pattern that is too slow."""
    expression = config.argocd.allow_sync_from_branch
    if expression is None:
        return ()
    return tuple(
        examined[place.key].on_branch
        for each in found
        if each.places and patterns.search(expression, each.component)
        for place in each.places
    )


def checkbox_allowed(found: Sequence[Found], examined: Mapping[Key, Examined], config: Config) -> bool:
    """Whether people are offered to set apps to the pull request's branch: one of those that may is not on it yet."""
    return not all(follows_branch(found, examined, config))
