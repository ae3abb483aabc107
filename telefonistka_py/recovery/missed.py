"""Which deliveries GitHub never managed to hand over."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from telefonistka_py.github.facts import Attempted

OVERLAP = timedelta(minutes=15)
"""How far each sweep looks back into what the last one saw: an attempt is logged when it has ended."""


def deliveries(attempts: Iterable[Attempted], asked: Mapping[str, int]) -> list[Attempted]:
    """The newest attempt at each delivery of which none succeeded, the oldest delivery first.

    What was asked for again is left alone until that has failed as well: then there is a newer attempt.
    """
    newest: dict[str, Attempted] = {}
    fine: set[str] = set()
    for each in attempts:
        if each.succeeded:
            fine.add(each.guid)
        if each.guid not in newest or newest[each.guid].id < each.id:
            newest[each.guid] = each
    failed = (each for guid, each in newest.items() if guid not in fine)
    return sorted((each for each in failed if asked.get(each.guid, 0) < each.id), key=lambda each: each.id)


def worth_remembering(asked: Mapping[str, int], attempts: Iterable[Attempted]) -> dict[str, int]:
    """Of `asked`, what may turn up in the next sweep again."""
    there = {each.guid for each in attempts}
    return {guid: id for guid, id in asked.items() if guid in there}


def reaches_back(attempts: Iterable[Attempted], until: datetime) -> bool:
    """Whether `attempts`, newest first, go back to where the last sweep ended, and some more."""
    return any(each.at < until - OVERLAP for each in attempts)
