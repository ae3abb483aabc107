"""What Kubernetes knows of a field, as far as it decides what a changed manifest does to the live object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Merge(Enum):
    """How a list takes in another one."""

    ATOMIC = "atomic"
    """It is replaced as a whole."""
    KEYED = "keyed"
    """Entry by entry, told apart by `Shape.keys`."""
    SET = "set"
    """Entries are added and taken out."""


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING = _Nothing.NOTHING
"""No default is known."""


@dataclass(frozen=True)
class Shape:
    """One field: a map, a list or a single value."""

    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    """What is known of a map's own fields."""
    entries: "Shape | None" = None
    """What all values of a map, or all entries of a list, are."""
    merge: Merge = Merge.ATOMIC
    keys: tuple[str, ...] = ()
    retain: bool = False
    """Of a map: where it changes, fields that the manifest does not name go (`patchStrategy: retainKeys`)."""
    quantity: bool = False
    default: Any = NOTHING
    """What the API server writes where a manifest says nothing."""
    typed: bool = True
    """Whether the API server drops an empty list here, as it does in all of its own kinds."""
    empty_is_absent: bool = False
    """Of a map: whether `{}` says nothing."""
    by_key_only: bool = False
    """Of a map: it never goes as a whole, as others write into it too."""

    def child(self, key: str) -> "Shape":
        """The field `key` of a map."""
        known = self.fields.get(key)
        if known is not None:
            return known
        return self.entry

    @property
    def entry(self) -> "Shape":
        """Any value of a map, any entry of a list."""
        if self.entries is not None:
            return self.entries
        return PLAIN if self.typed else OPAQUE


PLAIN = Shape()
"""A field of which nothing else is known."""

OPAQUE = Shape(typed=False)
"""A field whose kind the API server takes as it is, such as those of a custom resource."""


def keyed(*keys: str, entry: Shape = PLAIN) -> Shape:
    """A list whose entries `keys` tell apart."""
    return Shape(merge=Merge.KEYED, keys=keys, entries=entry)


def listed(entry: Shape) -> Shape:
    """An atomic list."""
    return Shape(entries=entry)


def struct(**fields: Shape) -> Shape:
    """A map with these fields among others."""
    return Shape(fields)


def default(value: Any) -> Shape:
    """A single value that the API server fills in."""
    return Shape(default=value)


def says_nothing(value: Any, shape: Shape) -> bool:
    """Whether writing `value` into a manifest comes to the same as leaving it out."""
    if value is None:
        return True
    if isinstance(value, dict):
        # Empty, or nothing but what is filled in anyway.
        return shape.empty_is_absent and all(says_nothing(each, shape.child(key)) for key, each in value.items())
    if isinstance(value, list):
        return shape.typed and not value
    return shape.default is not NOTHING and type(value) is type(shape.default) and bool(value == shape.default)
