"""Whatever the file looks like: the values that were asked for change, and nothing else does."""

import json
from dataclasses import dataclass, field

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.bump import scalars, yaml_edit
from telefonistka_py.bump.model import Edited

WORDS = st.text(st.sampled_from("abcxyz019.-_/:é💥 '\"#,&*!%@{}[]\\\n\t"), max_size=8)
KEYS = st.text(st.sampled_from('abcé-_. "#:0'), min_size=1, max_size=6)
STYLES = st.sampled_from(["", "'", '"'])
COMMENTS = st.sampled_from(["", " # why", "   #", "  "])


@dataclass(frozen=True)
class Leaf:
    text: str
    style: str
    comment: str


Tree = Leaf | dict[str, "Tree"] | list["Tree"]
LEAVES = st.builds(Leaf, WORDS, STYLES, COMMENTS)
TREES = st.recursive(
    LEAVES,
    lambda below: st.dictionaries(KEYS, below, min_size=1, max_size=4) | st.lists(below, min_size=1, max_size=3),
    max_leaves=12,
)
ROOTS = st.dictionaries(KEYS, TREES, min_size=1, max_size=4)


@dataclass
class Writer:
    """Writes a tree as YAML and remembers where each value stands, and how a selector gets there."""

    line_break: str
    step: int
    text: str = ""
    places: list[tuple[str, int, int]] = field(default_factory=list)

    def block(self, tree: Tree, indent: int, selector: str) -> None:
        if isinstance(tree, Leaf):
            self.text += " "
            self.leaf(tree, selector)
            self.text += tree.comment + self.line_break
            return
        self.text += self.line_break
        for name, below in tree.items() if isinstance(tree, dict) else enumerate(tree):
            step = json.dumps(name, ensure_ascii=False) if isinstance(name, str) else str(name)
            written = f"{scalars.write(name, '', flow=False)}:" if isinstance(name, str) else "-"
            self.text += " " * indent + written
            self.block(below, indent + self.step, f"{selector}[{step}]")

    def leaf(self, leaf: Leaf, selector: str) -> None:
        written = scalars.write(leaf.text, leaf.style, flow=False)
        self.places.append((selector, len(self.text), len(self.text) + len(written)))
        self.text += written


def data(tree: Tree) -> object:
    match tree:
        case Leaf(text):
            return text
        case dict():
            return {name: data(below) for name, below in tree.items()}
    return [data(below) for below in tree]


def put(whole: object, selector: str, value: str) -> object:
    """`whole` with `value` where the path of a `Writer` leads."""
    path = json.loads(f"[{selector[2:-1].replace('][', ', ')}]")
    here = whole
    for step in path[:-1]:
        here = here[step]  # type: ignore[index]
    here[path[-1]] = value  # type: ignore[index]
    return whole


@settings(max_examples=300, deadline=None)
@given(
    ROOTS,
    WORDS,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from([2, 3, 4]),
    st.data(),
)
def test_one_value_changes_and_every_byte_around_it_stays(
    root: dict[str, Tree], value: str, line_break: str, bom: str, step: int, draw: st.DataObject
) -> None:
    writer = Writer(line_break, step)
    writer.block(root, 0, ".")
    text = writer.text.removeprefix(line_break)
    cut = len(writer.text) - len(text)
    assert yaml.safe_load(text) == data(root), "the test writes what it means"
    selector, start, end = draw.draw(st.sampled_from(writer.places))

    made = yaml_edit.edit((bom + text).encode(), selector, value)
    assert isinstance(made, Edited), made
    after = made.content.decode()
    before, behind = bom + text[: start - cut], text[end - cut :]
    assert after.startswith(before)
    assert after.endswith(behind)
    assert yaml.safe_load(after) == put(data(root), selector, value)
    again = yaml_edit.edit(made.content, selector, value)
    assert again == Edited(made.content, made.places)


@settings(max_examples=200, deadline=None)
@given(ROOTS, KEYS, WORDS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_key_is_added_and_no_byte_goes(
    root: dict[str, Tree], key: str, value: str, line_break: str, ends_open: bool
) -> None:
    writer = Writer(line_break, 2)
    writer.block(root, 0, ".")
    text = writer.text.removeprefix(line_break)
    text = text.rstrip("\r\n") if ends_open else text
    name = key + "+"
    made = yaml_edit.edit(text.encode(), f".[{json.dumps(name, ensure_ascii=False)}]", value)
    assert isinstance(made, Edited), made
    after = made.content.decode()
    assert after.startswith(text)
    assert yaml.safe_load(after) == {**data(root), name: value}  # type: ignore[dict-item]
    assert after.endswith(line_break) is not ends_open


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=12), st.sampled_from(["", "'", '"']))
def test_every_text_is_read_as_that_text(value: str, style: str) -> None:
    for flow, pattern in ((False, "a: {}\n"), (True, "[{}, b]\n")):
        read = yaml.safe_load(pattern.replace("{}", scalars.write(value, style, flow=flow)))
        assert (read["a"] if isinstance(read, dict) else read[0]) == value
