"""Sets values in a YAML file and leaves every other byte as it is.

The selector finds nodes, the nodes know where they stand, and only the characters of their scalars are replaced. What
results is read again and compared with what was there: if anything else differs, nothing is changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from telefonistka_py.bump import document, evaluate, glob, parse, spans
from telefonistka_py.bump.document import Documents
from telefonistka_py.bump.items import Item, Made, Missing, Place
from telefonistka_py.bump.model import BadOption, Edit, Edited, Refused
from telefonistka_py.bump.selector import Selector
from telefonistka_py.bump.spans import Splice


class _Cannot(ValueError):
    """It can't be done; the text says why."""


@dataclass
class _Found:
    """What a selector leads to, each thing once, by the identity of its node."""

    scalars: dict[int, Place] = field(default_factory=dict)
    missing: dict[tuple[int, str], Missing] = field(default_factory=dict)


def edit(content: bytes, selector: str, value: str) -> Edit:
    """`content` with `value` wherever `selector` leads. Raises `BadOption` for a selector that can't be read."""
    parse.parse(selector)
    read = document.read(content)
    return read if isinstance(read, Refused) else edit_documents(read, selector, value)


def edit_documents(read: Documents, selector: str, value: str) -> Edit:
    """`edit`, of a file that was read already."""
    parsed = parse.parse(selector)
    try:
        found = _sorted_out(_run(parsed, read), selector)
        return _done(read, found, value)
    except (_Cannot, spans.NoPlace, evaluate.TooSlow) as error:
        return Refused(str(error))


def holds(read: Documents, selector: str, value: str) -> bool:
    """Whether all that `selector` finds is `value`; so it is where it finds nothing."""
    try:
        found = _sorted_out(_run(parse.parse(selector), read), selector)
    except (_Cannot, evaluate.TooSlow):
        return True
    return not found.missing and all(_holds(place.node, value) for place in found.scalars.values())


def check(value: str) -> None:
    """Raises `BadOption` for a value that no file can hold."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadOption("the new value is not UTF-8") from None


def _run(parsed: Selector, read: Documents) -> list[list[Item]]:
    """What is found in each document."""
    if not read.roots:
        raise _Cannot("it holds no YAML document")
    return [evaluate.run(parsed, Place(root, number)) for number, root in enumerate(read.roots)]


def _sorted_out(results: list[list[Item]], selector: str) -> _Found:
    found = _Found()
    for items in results:
        for item in items:
            match item:
                case Place():
                    _check(item, selector)
                    found.scalars[id(item.node)] = item
                case Missing(below=MappingNode() as below, key=key) if not glob.is_glob(key):
                    found.missing[id(below), key] = item
                case Made():
                    raise _Cannot(f"`{selector}` leads to no place in the file; it must end with what to change")
    standing = {place.document for place in found.scalars.values()}
    if standing:  # in a document where nothing of it stands, it is not meant
        found.missing = {key: item for key, item in found.missing.items() if item.document in standing}
    for item in found.missing.values():
        _check_missing(item)
    if len({item.document for item in found.missing.values()}) > 1:
        raise _Cannot(f"`{selector}` does not exist, and several documents could get it; name one: select(di == 0) | …")
    if not found.scalars and not found.missing:
        raise _Cannot(f"nothing in it matches `{selector}`{_deeper(results)}")
    return found


def _check(place: Place, selector: str) -> None:
    if place.blocked:
        raise _Cannot(place.blocked)
    node = place.node
    if not isinstance(node, ScalarNode):
        kind = "mapping" if isinstance(node, MappingNode) else "list"
        raise _Cannot(f"`{selector}` leads to the {kind} in line {document.line(node)}; only a single value can be set")
    if node.style in ("|", ">"):
        raise _Cannot(
            f"the value in line {document.line(node)} is a block (`{node.style}`); only values on a line can be set"
        )


def _check_missing(item: Missing) -> None:
    if item.blocked:
        raise _Cannot(item.blocked)
    if item.wide:
        raise _Cannot(f'`..` finds places without the key `{item.key}`; narrow it with select(has("{item.key}"))')


def _deeper(results: list[list[Item]]) -> str:
    absent = [item for items in results for item in items if isinstance(item, Missing)]
    return "; of keys that are missing, only the last one can be added" if absent else ""


def _done(read: Documents, found: _Found, value: str) -> Edit:
    splices = [_replacing(read, place, value) for place in found.scalars.values() if not _holds(place.node, value)]
    added: dict[int, dict[str, str]] = {}
    for (mapping, key), item in found.missing.items():
        assert item.below is not None
        if mapping in added:
            raise _Cannot(f"several keys are missing in line {document.line(item.below)}; add them one after another")
        splices.append(spans.adding(read.text, item.below, key, value))
        added[mapping] = {key: value}
    content = (read.bom + _spliced(read.text, splices)).encode("utf-8")
    _prove(read, content, dict.fromkeys(found.scalars, value), added)
    return Edited(content, len(found.scalars) + len(found.missing), tuple(_notes(read, found)))


def _holds(node: object, value: str) -> bool:
    return (
        isinstance(node, ScalarNode)
        and node.value == value
        and (node.tag == document.STR or document.is_custom(node.tag))
    )


def _replacing(read: Documents, place: Place, value: str) -> Splice:
    node, within = place.node, place.within
    assert isinstance(node, ScalarNode)
    if spans.tagged(read.text, node) and node.tag != document.STR and not document.is_custom(node.tag):
        raise _Cannot(f"the value in line {document.line(node)} carries a tag ({_short(node.tag)}); remove the tag")
    flow = document.in_brackets(within)
    return spans.replacing(read.text, node, value, flow=flow, quoted=flow and _like_json(within))


def _like_json(within: Node | None) -> bool:
    """Whether what stands in these brackets or braces is written in double quotes."""
    match within:
        case MappingNode(value=[(key, _), *_]):
            return bool(key.style == '"') if isinstance(key, ScalarNode) else False
        case SequenceNode(value=found):
            return any(isinstance(each, ScalarNode) and each.style == '"' for each in found)
    return False


def _short(tag: str) -> str:
    return f"!!{tag.rpartition(':')[2]}"


def _spliced(text: str, splices: Iterable[Splice]) -> str:
    pieces: list[str] = []
    end = 0
    for splice in sorted(splices, key=lambda each: each.start):
        if pieces and splice.start <= end:
            raise _Cannot("two of the changes touch each other; make them one after another")
        pieces += [text[end : splice.start], splice.text]
        end = splice.end
    return "".join(pieces) + text[end:]


def _prove(read: Documents, content: bytes, wanted: dict[int, str], added: dict[int, dict[str, str]]) -> None:
    after = document.read(content)
    if isinstance(after, Refused) or not document.same(read.roots, after.roots, wanted, added):
        raise _Cannot("it can't be changed there without changing the meaning of something else; change it by hand")


def _notes(read: Documents, found: _Found) -> Iterator[str]:
    for place in found.scalars.values():
        if isinstance(place.node, ScalarNode) and spans.anchored(read.text, place.node):
            line = document.line(place.node)
            yield f"the value in line {line} has an anchor: it changes wherever an alias stands for it"
    for item in found.missing.values():
        if item.below is not None:
            yield f"the key `{item.key}` was not there: it is added to the mapping in line {document.line(item.below)}"
