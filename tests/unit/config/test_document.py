"""Reading YAML: what is refused, where, and how little a bomb costs."""

import time
from typing import Any

import pytest

from telefonistka_py.config import document
from telefonistka_py.config.document import Place, Unreadable


def refused(content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        document.parse(content)
    return caught.value


def test_a_document_is_plain_values_with_the_place_of_every_key() -> None:
    parsed = document.parse(b"a: 1\nb:\n  - x: yes\n  - 'two'\n")

    assert parsed.value == {"a": 1, "b": [{"x": True}, "two"]}
    assert parsed.places[("a",)] == Place(1, 1)
    assert parsed.places[("b", 0, "x")] == Place(3, 5)
    assert parsed.place(("b", 1)) == Place(4, 5)
    assert parsed.place(("b", 0, "x", "deeper", 7)) == Place(3, 5), "the nearest thing around it"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_holds_nothing(content: bytes) -> None:
    assert document.parse(content).value is None


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfa: 1\nb: 2\n", b"a: 1\r\nb: 2\r\n", b"a: 1\nb: 2"])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(content: bytes) -> None:
    parsed = document.parse(content)
    assert parsed.value == {"a": 1, "b": 2}
    assert parsed.places[("b",)] == Place(2, 1)


@pytest.mark.parametrize("null", ["", "~", "null"])
def test_a_key_whose_value_is_null_is_as_if_it_were_not_there(null: str) -> None:
    assert document.parse(f"a: {null}\nb: 1\n".encode()).value == {"b": 1}


def test_keys_are_taken_as_they_are_written() -> None:
    """YAML 1.1 would read `on` as true and `010` as eight."""
    assert document.parse(b"on: a\n010: b\n1.0: c\n").value == {"on": "a", "010": "b", "1.0": "c"}


@pytest.mark.parametrize(
    ("content", "line", "column", "said"),
    [
        (b"a: 1\nb: [1,\n", 3, 1, "is not valid YAML"),
        (b"a: 'x\n", 2, 1, "is not valid YAML"),
        (b"a:\n\t- b\n", 2, 1, "is not valid YAML"),
        (b"a: b: c\n", 1, 5, "is not valid YAML"),
        (b"a: 1\n---\nb: [\n", 4, 1, "is not valid YAML"),
        (b"a: *nowhere\n", 1, 4, "undefined alias"),
        (b"a: 1\nb: x\x00y\n", 2, 5, "U+0000"),
        (b"\xff\xfea\x00", 1, 1, "is not UTF-8"),
        (b"a: 1\nb: caf\xe9\n", 2, 1, "is not UTF-8"),
        (b"a: 1\nb: 2\na: 3\n", 3, 1, "names the key 'a' twice"),
        (b"1: a\n'1': b\n", 2, 1, "names the key '1' twice"),
        (b"x:\n  - b: 1\n    b: 2\n", 3, 5, "names the key 'b' twice"),
        (b"a: 1\n? [b, c]\n: 1\n", 2, 3, "has a key that is not plain text"),
        (b"a: !!python/object:os.system x\n", 1, 4, "can't be read"),
        (b"a: !!int x\n", 1, 4, "can't be read"),
        (b"a: 2020-13-45\n", 1, 4, "can't be read"),
        (b"a: " + b"9" * 5000 + b"\n", 1, 4, "can't be read"),
        (b"<<: text\n", 1, 5, "no mapping"),
        (b"<<: [{a: 1}, 2]\n", 1, 14, "no mapping"),
        (b'a: "\\ud800"\n', 1, 7, "is not valid YAML"),
    ],
)
def test_what_is_no_usable_yaml_is_refused_with_line_and_column(
    content: bytes, line: int, column: int, said: str
) -> None:
    error = refused(content)
    assert said in str(error)
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize(
    ("content", "beyond"),
    [
        (b"a: 1\n---\n", None),
        (b"---\na: 1\n...\n---\n# the end\n", None),
        (b"a: 1\n---\n---\n...\n", None),
        (b"a: 1\n---\nb: 2\n", Place(2, 1)),
        (b"a: 1\n\n--- text\n", Place(3, 1)),
        (b"a: 1\n---\n---\nb: 2\n---\nc: 3\n", Place(3, 1)),
        (b"a: 1\n---\n''\n", Place(2, 1)),
        (b"a: &x 1\n---\nb: *x\n", Place(2, 1)),
    ],
)
def test_of_several_documents_the_first_is_read_as_the_go_server_does(content: bytes, beyond: Place | None) -> None:
    parsed = document.parse(content)
    assert parsed.value == {"a": 1}
    assert parsed.beyond == beyond


def test_own_keys_win_over_merged_ones_and_earlier_merges_over_later() -> None:
    content = b"x-a: &a {one: 1, two: 1}\nx-b: &b {two: 2, three: 2}\nc: {<<: [*a, *b], one: own}\nd:\n  <<: *b\n"
    parsed = document.parse(content)
    assert parsed.value["c"] == {"one": "own", "two": 1, "three": 2}
    assert parsed.value["d"] == {"two": 2, "three": 2}
    assert parsed.place(("d", "two")) == Place(2, 10), "where it is written"


def test_an_alias_may_be_used_twice() -> None:
    parsed: Any = document.parse(b"a: &x [one]\nb: *x\nc: *x\n").value
    assert parsed == {"a": ["one"], "b": ["one"], "c": ["one"]}


def bomb(levels: int) -> bytes:
    lines = ["x0: &x0 [a, b]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def merge_bomb(levels: int) -> bytes:
    lines = ["defs:", "- &x0 {a: 1, b: 2}"]
    lines += [f"- &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return "\n".join([*lines, f"<<: *x{levels - 1}"]).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bomb(10), "grows too large"),
        (merge_bomb(12), "grows too large"),
        (b"a: &a [*a]\n", "grows too large"),
        (b"a: &a {b: *a}\n", "grows too large"),
        (b"&a {<<: *a}\n", "grows too large"),
        (b"[" * 100_000, "nested deeper"),
        (b"a: " * 10_000, "is not valid YAML"),
        (b"- " * 100_000, "nested deeper"),
        (b"[" + b"1," * 300_000 + b"1]", "parts"),
        (b"a: " + b"x" * 10_000_000, "bytes long"),
        (b"---\n" * 150_000, "parts"),
        (b"a: 1\n---\n" + b"[" * 100_000, "nested deeper"),
    ],
    ids=["aliases", "merge keys", "itself in a list", "itself in a mapping", "itself merged", "brackets", "colons",
         "dashes", "parts", "10 MB", "documents", "a second document"],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_is_unpacked(content: bytes, said: str) -> None:
    """N27."""
    started = time.monotonic()
    error = refused(content)
    assert said in str(error)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("content", [b"a:\n\tb: 1\n", b"a:\n  - b\n \t- c: [\n"])
def test_a_tab_is_called_a_tab(content: bytes) -> None:
    assert "is indented with a tab" in str(refused(content))


def test_other_mistakes_are_not_put_down_to_tabs() -> None:
    assert "tab" not in str(refused(b"a: [\n"))
