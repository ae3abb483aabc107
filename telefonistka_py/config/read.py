"""From the bytes of a `telefonistka.yaml` to a model, or to every problem it has."""

import inspect
import itertools
import typing
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher, get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from telefonistka_py.config import document, rules
from telefonistka_py.config.document import Document, Loc
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.names import RepoPath

ROOT = RepoPath("telefonistka.yaml")
"""Where the repository's own configuration lies, and what a component's is called in its directory."""

Model = TypeVar("Model", bound=BaseModel)


def root(content: bytes) -> Valid[Config] | Invalid:
    """The repository's configuration."""
    read = _read(content, Config, ROOT)
    if isinstance(read, Valid):
        parsed = document.parse(content)
        if broken := tuple(_at(parsed, ROOT, loc, message) for loc, message in rules.broken(read.value)):
            return Invalid((*broken, *read.warnings))
        doubts = (_at(parsed, ROOT, loc, said, Severity.WARNING) for loc, said in rules.doubtful(read.value))
        return Valid(read.value, (*read.warnings, *doubts))
    return read


def component(content: bytes, path: RepoPath) -> Valid[Component] | Invalid:
    """A component's own file; `path` is where it lies, for the messages."""
    read = _read(content, Component, path)
    if isinstance(read, Valid) and read.value.allow_list == ():
        said = "is an empty list, so nothing is promoted; leave the key out to allow every target"
        warning = _at(document.parse(content), path, ("promotionTargetAllowList",), said, Severity.WARNING)
        return Valid(read.value, (*read.warnings, warning))
    return read


def section(content: bytes, model: type[Model], path: RepoPath) -> Valid[Model] | Invalid:
    """Another YAML file of ours, such as one of the operator's, told of in the same words."""
    return _read(content, model, path)


def _read(content: bytes, model: type[Model], path: RepoPath) -> Valid[Model] | Invalid:
    try:
        parsed = document.parse(content)
    except document.Unreadable as error:
        return Invalid((Problem(path, "", error.line, error.column, str(error)),))
    value = {} if parsed.value is None else parsed.value
    beyond = tuple(_beyond(parsed, path))
    if not isinstance(value, dict):
        return Invalid((Problem(path, "", 1, 1, f"must be a mapping of keys to values, not {_named(value)}"), *beyond))
    warnings = (*beyond, *_unknown_keys(value, model, parsed, path, (), itertools.count()))
    try:
        return Valid(model.model_validate(value), warnings)
    except ValidationError as error:
        found = [_at(parsed, path, detail["loc"], _sentence(detail)) for detail in _distinct(error)]
        return Invalid((*sorted(found, key=lambda p: (p.line or 0, p.column or 0)), *warnings))


def _beyond(parsed: Document, path: RepoPath) -> Iterator[Problem]:
    if place := parsed.beyond:
        said = "a further document begins here, and only the first is read; remove it, or make one of them"
        yield Problem(path, "", place.line, place.column, said, Severity.WARNING)


def _distinct(error: ValidationError) -> list[ErrorDetails]:
    """Without "too short" for a list all of whose items were refused: they say it better."""
    details = error.errors(include_url=False)
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(other["loc"][: len(detail["loc"])] == detail["loc"] for other in details if other is not detail)
    ]


def _at(parsed: Document, path: RepoPath, loc: Loc, message: str, severity: Severity = Severity.ERROR) -> Problem:
    place = parsed.place(loc)
    line, column = (place.line, place.column) if place else (None, None)
    return Problem(path, key_path(loc), line, column, message, severity)


def _sentence(detail: ErrorDetails) -> str:
    given = _named(detail["input"])
    match detail["type"]:
        case "missing":
            return "is missing"
        case "bool_type":
            return f"must be true or false, not {given}"
        case "string_type":
            return f"must be text, not {given}; put it in quotes" if given != "a list" else "must be text, not a list"
        case "int_type":
            return f"must be a whole number, not {given}"
        case "tuple_type":
            return f"must be a list, not {given}"
        case "greater_than_equal":
            return f"must be {detail['ctx']['ge']} or more, not {given}"
        case "less_than_equal":
            return f"must be {detail['ctx']['le']} or less, not {given}"
        case "too_short":
            return "is an empty list: name at least one"
        case "model_type" | "dict_type":
            return f"must be a mapping of keys to values, not {given}"
        case "literal_error":
            return f"must be {detail['ctx']['expected']}, not {given}"
        case "value_error":
            return str(detail["ctx"]["error"])
    return detail["msg"][:1].lower() + detail["msg"][1:]


def _named(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:60]!r}"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return f"a {type(value).__name__}"


def key_path(loc: Loc) -> str:
    """`("promotionPaths", 0, "sourcePath")` → `promotionPaths[0].sourcePath`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _unknown_keys(
    value: Any, model: type[BaseModel], parsed: Document, path: RepoPath, loc: Loc, hinted: Iterator[int]
) -> Iterator[Problem]:
    """Keys that no model knows. Those that start with `x-` are the user's own. `hinted` counts the hints: each takes a
    fraction of a millisecond, and whoever opens a pull request chooses how many there are."""
    if not isinstance(value, dict):
        return
    known = _keys(model)
    for key, below in value.items():
        here = (*loc, key)
        if key in known:
            inner = _section_of(known[key])
            for step, item in enumerate(below) if isinstance(below, list) else ((None, below),):
                if inner:
                    yield from _unknown_keys(item, inner, parsed, path, here if step is None else (*here, step), hinted)
        elif not key.startswith("x-"):
            hint = _hint(key, model) if next(hinted) < _MOST_HINTS else ""
            said = f"is not a key that Telefonistka knows{hint}"
            yield replace(_at(parsed, path, here, said, Severity.WARNING), unknown_key=True)


_MOST_HINTS = 200


def _hint(key: str, model: type[BaseModel]) -> str:
    """What may have been meant by an unknown key: one that is valid there, or one that is valid elsewhere."""
    known = _keys(model)
    other, whose = _OTHER_KIND.get(model, (None, ""))
    strange = _keys(other) if other else {}
    if key in strange:
        return f" here: it is one of {whose}"
    if places := [name for name, held in known.items() if (inner := _section_of(held)) and key in _keys(inner)]:
        return f" here: it belongs under {places[0]}"
    [near] = get_close_matches(key, known, n=1, cutoff=0.6) or [""]
    [far] = get_close_matches(key, strange, n=1, cutoff=0.8) or [""]
    inside = {name: f"{held}.{name}" for held, kind in known.items() for name in _keys_inside(kind)}
    [below] = get_close_matches(key, inside, n=1, cutoff=0.8) or [""]
    if below and _alike(key, below) > max(_alike(key, near), _alike(key, far)):
        return f"; did you mean {inside[below]}?"
    if far and _alike(key, far) > _alike(key, near):
        return f"; did you mean {far}? It is a key of {whose}"
    if near:
        return f"; did you mean {near}?"
    return f"; known here: {', '.join(known)}"


_OTHER_KIND: dict[type[BaseModel], tuple[type[BaseModel], str]] = {
    Config: (Component, f"a component's own {ROOT}, in the component's directory"),
    Component: (Config, f"the repository's {ROOT}, at its root"),
}
"""For each kind of file the other one, and what that is called."""


def likelier_component(content: bytes) -> bool:
    """Whether a file of which nobody says where it belongs has rather the keys of a component's than of a repository's.

    Misspelt keys count by their likeness. False where nothing tells.
    """
    try:
        value = document.parse(content).value
    except document.Unreadable:
        return False
    keys = list(value) if isinstance(value, dict) else []
    return _likeness(keys, Component) > _likeness(keys, Config)


def _likeness(keys: list[str], model: type[BaseModel]) -> float:
    known = _keys(model)
    return sum(max(_alike(key, each) for each in known) for key in keys)


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    """The keys that people write, with what each holds."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _keys_inside(annotation: Any) -> dict[str, Any]:
    """The keys of the one section that a key holds; none where it holds a list of them, or a value."""
    single = inspect.isclass(annotation) and issubclass(annotation, BaseModel)
    return _keys(annotation) if single else {}


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, directly, in a tuple, or optionally."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    for inside in typing.get_args(annotation):
        if found := _section_of(inside):
            return found
    return None
