"""What an object becomes when it is applied, and what was applied before."""

import json
from collections.abc import Callable

from telefonistka_py.sandbox.argocd import defaults, hiding, merging, objects
from telefonistka_py.sandbox.argocd.model import Json


def outcome(live: Json | None, target: Json, number: Callable[[], int]) -> Json:
    """`target` merged into what is there, defaults filled in; the note of what was applied stays as it was."""
    wanted = stored_form(target)
    made = wanted if live is None else objects.copied(merging.applied(last_applied(live), live, wanted))
    made.setdefault("metadata", {})
    defaults.fill(made, number)
    return made


def with_note(live: Json, target: Json) -> Json:
    """`live` with a note that `target` was applied."""
    said = objects.copied(target)
    metadata = said.setdefault("metadata", {})
    metadata["annotations"] = {
        name: value for name, value in objects.annotations(said).items() if name != hiding.LAST_APPLIED
    }
    note = {hiding.LAST_APPLIED: objects.as_json(said) + "\n"}
    return {**live, "metadata": {**live["metadata"], "annotations": {**objects.annotations(live), **note}}}


def last_applied(live: Json) -> Json | None:
    """The configuration that was applied last, from its note, without the empty map that noting it leaves behind."""
    said = objects.annotations(live).get(hiding.LAST_APPLIED)
    found = json.loads(said) if said else None
    if not isinstance(found, dict):
        return None
    if not objects.annotations(found):
        objects.metadata(found).pop("annotations", None)
    return stored_form(found)


def stored_form(obj: Json) -> Json:
    """A copy as the API server keeps it: a Secret's plain text encoded."""
    return hiding.in_data(obj) if objects.is_secret(obj) else objects.copied(obj)
