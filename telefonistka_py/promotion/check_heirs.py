"""What a component's changed file does later: it is promoted with the component, and counts where it arrives."""

from collections import deque
from collections.abc import Iterable, Iterator

from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, survey
from telefonistka_py.promotion.plan import ComponentFiles
from telefonistka_py.promotion.survey import Change, Clock, Survey, Way

MOST = 1_000
"""Places that are looked at."""


def places(config: Config, changed: Iterable[RepoPath], ways: Survey, clock: Clock) -> Survey:
    """Wherever the files of the components `changed` may arrive, with the ways from there, lists aside.

    Raises `RepoMistake` when a pattern takes too long.
    """
    found: dict[RepoPath, tuple[Way, ...]] = {}
    queue = deque(stop for component in changed for stop in _stops(ways.get(component, ())))
    end = clock() + survey.MOST_SECONDS
    while queue and len(found) < MOST:
        survey.in_time(clock, end)
        place = queue.popleft()
        if place not in found:
            found[place] = _ways(config, place, {}, clock)
            queue += _stops(found[place])
    return found


def changes(
    config: Config, changed: Iterable[RepoPath], ways: Survey, files: ComponentFiles, clock: Clock
) -> Iterator[Change]:
    """The routes that change once the files of `changed` have been promoted, each place once.

    Raises `RepoMistake` when a pattern takes too long.
    """
    seen: set[RepoPath] = set()
    queue = deque((stop, component) for component in changed for stop in goes(ways.get(component, ())))
    end = clock() + survey.MOST_SECONDS
    while queue and len(seen) < MOST:
        survey.in_time(clock, end)
        place, origin = queue.popleft()
        if place in seen:
            continue
        seen.add(place)
        now = _ways(config, place, _only(place, files.get(place)), clock)
        then = _ways(config, place, _only(place, files.get(origin)), clock)
        if goes(now) != goes(then):
            yield Change(place, now, then)
        queue += ((stop, origin) for stop in goes(then))


def goes(ways: tuple[Way, ...]) -> list[RepoPath]:
    """Where a component goes, by any of its ways, sorted."""
    return sorted({stop.path for way in ways for pull in way.pulls for stop in pull if not stop.skip})


def _stops(ways: tuple[Way, ...]) -> Iterator[RepoPath]:
    return (stop.path for way in ways for pull in way.pulls for stop in pull)


def _only(place: RepoPath, file: Valid[Component] | Invalid | None) -> ComponentFiles:
    return {place: file} if file else {}


def _ways(config: Config, place: RepoPath, files: ComponentFiles, clock: Clock) -> tuple[Way, ...]:
    takers = survey.takers(config, [plan.component_file(place)], clock)
    return survey.make(config, takers, files, clock).get(place, ())
