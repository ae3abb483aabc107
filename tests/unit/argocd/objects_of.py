"""The tables of objects: how each is in the cluster, what was applied, and what a change to that makes of it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from telefonistka_py.argocd.model import Change, Special

FOLDER = Path(__file__).with_name("objects")
HIDDEN = "<hidden>"


@dataclass(frozen=True)
class Case:
    title: str
    live: dict[str, Any]
    last: dict[str, Any]
    new: dict[str, Any]
    changes: dict[str, list[Any]]
    """By path: what it was and what it will be; None for nothing."""


def objects() -> list[dict[str, Any]]:
    return [
        each for file in sorted(FOLDER.glob("*.yaml")) for each in yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)
    ]


def cases() -> Iterator[Case]:
    for each in objects():
        yield Case(f"{each['object']}: the same again", each["live"], each["last"], each["last"], {})
        for case in each["cases"]:
            new = edited(each["last"], case["edits"])
            yield Case(f"{each['object']}: {case['says']}", each["live"], each["last"], new, case.get("changes", {}))


def edited(value: dict[str, Any], edits: list[list[Any]]) -> dict[str, Any]:
    """A copy in which what each pointer leads to is set, or taken out where no value is given."""
    made = copy.deepcopy(value)
    for pointer, *values in edits:
        *way, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))
        here: Any = made
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        at: Any = int(last) if isinstance(here, list) else last
        if values:
            here[at] = values[0]
        else:
            del here[at]
    return made


def as_table(found: tuple[Change, ...]) -> dict[str, list[Any]]:
    words = {Special.ABSENT: None, Special.HIDDEN: HIDDEN}
    return {
        change.path: [words[each] if isinstance(each, Special) else each for each in (change.old, change.new)]
        for change in found
    }
