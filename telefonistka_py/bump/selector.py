"""What a selector says: the part of yq's language that finds values. `parse` makes it, `evaluate` runs it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Itself:
    """`.`"""


@dataclass(frozen=True)
class Key:
    """`.name`, `."name"`, `["name"]`: the value under a key. `*` and `?` in it stand for any text and any letter."""

    name: str


@dataclass(frozen=True)
class Index:
    """`[0]`; negative numbers count from the end."""

    number: int


@dataclass(frozen=True)
class Each:
    """`[]` and `.*`: every item of a list, every value of a mapping."""


@dataclass(frozen=True)
class Descend:
    """`..`: the value itself and everything below it."""


@dataclass(frozen=True)
class Pipe:
    """`left | right`; a path is a chain of these, too."""

    left: "Selector"
    right: "Selector"


@dataclass(frozen=True)
class Union:
    """`left, right`"""

    left: "Selector"
    right: "Selector"


@dataclass(frozen=True)
class Select:
    """`select(condition)`"""

    condition: "Selector"


@dataclass(frozen=True)
class Equal:
    """`left == right`, or `!=`. `*` and `?` on the right stand for any text and any letter."""

    left: "Selector"
    right: "Selector"
    negated: bool


@dataclass(frozen=True)
class Both:
    """`left and right`"""

    left: "Selector"
    right: "Selector"


@dataclass(frozen=True)
class Either:
    """`left or right`"""

    left: "Selector"
    right: "Selector"


@dataclass(frozen=True)
class Literally:
    """A value that is written out. `text` None is `null`."""

    text: str | None


Predicate = Literal["has", "test", "contains", "startswith", "endswith"]


@dataclass(frozen=True)
class Ask:
    """`test("…")` and its like: a question about the value before it."""

    what: Predicate
    argument: "Selector"


Property = Literal["not", "key", "tag", "di"]


@dataclass(frozen=True)
class Tell:
    """`not`, `key`, `tag` or `di`: something about the value before it."""

    what: Property


Selector = (
    Itself | Key | Index | Each | Descend | Pipe | Union | Select | Equal | Both | Either | Literally | Ask | Tell
)
