"""What becomes of a YAML file: the values that a selector finds, and not one byte more."""

import pytest
import yaml

from telefonistka_py.bump import document, yaml_edit
from telefonistka_py.bump.model import BadOption, Edited, Refused


def edited(before: str, selector: str, value: str = "v2") -> str:
    made = yaml_edit.edit(before.encode(), selector, value)
    assert isinstance(made, Edited), made
    return made.content.decode()


def refused(before: str | bytes, selector: str, value: str = "v2") -> str:
    made = yaml_edit.edit(before if isinstance(before, bytes) else before.encode(), selector, value)
    assert isinstance(made, Refused), made
    return made.why


@pytest.fixture(params=["libyaml", "pure Python"])
def loader(request: pytest.FixtureRequest) -> type[yaml.SafeLoader]:
    return yaml.SafeLoader if request.param == "pure Python" else document.LOADER


# What the Go server's users rely on


@pytest.mark.parametrize(
    ("before", "selector", "after"),
    [
        ('tag: "16.1"\n', ".tag", 'tag: "16.2"\n'),
        (
            'image:\n  repository: "postgres"\n  tag: "16.1"\n',
            ".image.tag",
            'image:\n  repository: "postgres"\n  tag: "16.2"\n',
        ),
        (
            'db:\n  - name: "postgres"\n    image:\n      repository: "postgres"\n      tag: "16.1"\n',
            '.db.[] | select(.name == "postgres").image.tag',
            'db:\n  - name: "postgres"\n    image:\n      repository: "postgres"\n      tag: "16.2"\n',
        ),
        (
            'image:\n  repository: "postgres"\n',
            ".image.tag",
            'image:\n  repository: "postgres"\n  tag: "16.2"\n',
        ),
    ],
    ids=["a key", "a path", "a selection", "a missing key is added"],
)
def test_it_sets_what_the_go_server_sets(before: str, selector: str, after: str) -> None:
    assert edited(before, selector, "16.2") == after


# Only the bytes of the value


@pytest.mark.parametrize(
    ("before", "selector", "after"),
    [
        ("a: v1  # why\n\n\nb:   x\n", ".a", "a: v2  # why\n\n\nb:   x\n"),
        ("a: 'v1'\n", ".a", "a: 'v2'\n"),
        ('a: "v1"\n', ".a", 'a: "v2"\n'),
        ("a: &x v1\nb: *x\n", ".a", "a: &x v2\nb: *x\n"),
        ("a: !!str v1\n", ".a", "a: !!str v2\n"),
        ("a: !secret v1\n", ".a", "a: !secret v2\n"),
        ("a: !!str &x\n  # here\n  v1\n", ".a", "a: !!str &x\n  # here\n  v2\n"),
        ("{a: v1, b: [v1, 2]}\n", ".b[0]", "{a: v1, b: [v2, 2]}\n"),
        ('{"a": {"b": 1.5}}', ".a.b", '{"a": {"b": "v2"}}'),
        ('{"a": ["x", 1]}', ".a[1]", '{"a": ["x", "v2"]}'),
        ("\ufeffa: 1\r\nb:\r\n  c: é # ü\r\n", ".b.c", "\ufeffa: 1\r\nb:\r\n  c: v2 # ü\r\n"),
        ("é: 💥\nb: 💥 # 💥\nc: 1", ".b", "é: 💥\nb: v2 # 💥\nc: 1"),
        ("a: 'p\u2028 x'\nb: v1\n", ".b", "a: 'p\u2028 x'\nb: v2\n"),
        ("a:\nb: 1\n", ".a", "a: v2\nb: 1\n"),
        ("a: # later\nb: 1\n", ".a", "a: v2 # later\nb: 1\n"),
        ("a: &x\nb: 1\n", ".a", "a: &x v2\nb: 1\n"),
        ("a: ~\n", ".a", "a: v2\n"),
        ("-\n- b\n", ".[0]", "- v2\n- b\n"),
        ("a: one\n  two # end\nb: 1\n", ".a", "a: v2 # end\nb: 1\n"),
        ('a: "one\n  two"\nb: 1\n', ".a", 'a: "v2"\nb: 1\n'),
        ("? a\n: v1\n", ".a", "? a\n: v2\n"),
        ("%YAML 1.1\n---\na: v1\n...\n---\na: v1\n", "select(di == 1).a", "%YAML 1.1\n---\na: v1\n...\n---\na: v2\n"),
        ("v1\n", ".", "v2\n"),
        ("a:\n- v1\n-   v1 \n", ".a[]", "a:\n- v2\n-   v2 \n"),
        ("a: |\n  keep\n  this\nb: v1\n", ".b", "a: |\n  keep\n  this\nb: v2\n"),
        ("a: 1\nb: 'x'    \n", ".b", "a: 1\nb: 'v2'    \n"),
    ],
)
def test_everything_else_stays_byte_for_byte(
    before: str, selector: str, after: str, loader: type[yaml.SafeLoader]
) -> None:
    read = document.read(before.encode(), loader)
    assert isinstance(read, document.Documents)
    made = yaml_edit.edit_documents(read, selector, "v2")
    assert isinstance(made, Edited), made
    assert made.content.decode() == after


@pytest.mark.parametrize(
    ("value", "plain", "single"),
    [
        ("v1.2.3", "v1.2.3", "'v1.2.3'"),
        ("1.2.3", "1.2.3", "'1.2.3'"),
        ("sha256:0a1b", "sha256:0a1b", "'sha256:0a1b'"),
        ("registry.example.com:5000/a/b:v1", "registry.example.com:5000/a/b:v1", "'registry.example.com:5000/a/b:v1'"),
        ("-Xmx512m", "-Xmx512m", "'-Xmx512m'"),
        ("a b", "a b", "'a b'"),
        ("it's", "it's", "'it''s'"),
        ("16.2", '"16.2"', "'16.2'"),
        ("16", '"16"', "'16'"),
        ("1e3", '"1e3"', "'1e3'"),
        ("1234567", '"1234567"', "'1234567'"),
        ("12e4567", '"12e4567"', "'12e4567'"),
        ("0x1F", '"0x1F"', "'0x1F'"),
        ("0o17", '"0o17"', "'0o17'"),
        ("1_000", '"1_000"', "'1_000'"),
        ("12:30:45", '"12:30:45"', "'12:30:45'"),
        ("2024-01-01", '"2024-01-01"', "'2024-01-01'"),
        ("yes", '"yes"', "'yes'"),
        ("Off", '"Off"', "'Off'"),
        ("y", '"y"', "'y'"),
        ("null", '"null"', "'null'"),
        ("~", '"~"', "'~'"),
        ("", '""', "''"),
        (" x", '" x"', "' x'"),
        ("x: y", '"x: y"', "'x: y'"),
        ("x #y", '"x #y"', "'x #y'"),
        ("x:", '"x:"', "'x:'"),
        ("*x", '"*x"', "'*x'"),
        ("{{ x }}", '"{{ x }}"', "'{{ x }}'"),
        ('say "x" \\', 'say "x" \\', "'say \"x\" \\'"),
        ('"x', '"\\"x"', "'\"x'"),
        ("one\ntwo", '"one\\ntwo"', '"one\\ntwo"'),
        ("\u2028", '"\\u2028"', '"\\u2028"'),
        ("<<", '"<<"', "'<<'"),
        ("💥", "💥", "'💥'"),
    ],
)
def test_a_value_is_quoted_where_yaml_would_read_something_else(value: str, plain: str, single: str) -> None:
    """For every reader of YAML 1.1 and 1.2; quotes that are there stay."""
    assert edited("a: v1 # c\n", ".a", value) == f"a: {plain} # c\n"
    assert edited("a: 'v1'\n", ".a", value) == f"a: {single}\n"
    for before in ("a: v1\n", "a: 'v1'\n", 'a: "v1"\n', "{a: v1}\n", "[{a: v1}, b]\n"):
        selector = ".[0].a" if before.startswith("[") else ".a"
        read = yaml.safe_load(edited(before, selector, value))
        assert (read[0] if isinstance(read, list) else read)["a"] == value


def test_between_brackets_more_is_quoted() -> None:
    assert edited("{a: x, b: y}\n", ".a", "p,q") == '{a: "p,q", b: y}\n'
    assert edited("a: x\n", ".a", "p,q") == "a: p,q\n"


def test_a_number_of_the_same_letters_becomes_text() -> None:
    """`1.10` without quotes is 1.1 to whoever reads it."""
    assert edited("tag: 1.10\n", ".tag", "1.10") == 'tag: "1.10"\n'


def test_what_is_there_already_is_no_change() -> None:
    before = 'a: v2\nb: "v2"\nc: !x v2\n'
    made = yaml_edit.edit(before.encode(), ".*", "v2")
    assert made == Edited(before.encode(), 3)


# Keys that are missing


@pytest.mark.parametrize(
    ("before", "selector", "after"),
    [
        ("a:\n    b: 1\nc: 2\n", ".a.tag", "a:\n    b: 1\n    tag: v2\nc: 2\n"),
        ("a:\r\n  b: 1\r\n", ".a.tag", "a:\r\n  b: 1\r\n  tag: v2\r\n"),
        ("a:\n  b: 1", ".a.tag", "a:\n  b: 1\n  tag: v2"),
        ("a:\n  b: 1 # why\n\n# next\nc: 2\n", ".a.tag", "a:\n  b: 1 # why\n  tag: v2\n\n# next\nc: 2\n"),
        ("- b: 1\n- c: 1\n", ".[0].tag", "- b: 1\n  tag: v2\n- c: 1\n"),
        ("-   b:\n      - x\n-   c: 1\n", ".[0].tag", "-   b:\n      - x\n    tag: v2\n-   c: 1\n"),
        ("a:\n  b: |\n    x\n\n    y\nc: 1\n", ".a.tag", "a:\n  b: |\n    x\n\n    y\n  tag: v2\nc: 1\n"),
        ("a: &x 1\nb:\n  c: *x\nd: 2\n", ".b.tag", "a: &x 1\nb:\n  c: *x\n  tag: v2\nd: 2\n"),
        ("a: {b: 1}\n", ".a.tag", "a: {b: 1, tag: v2}\n"),
        ("a: {}\n", ".a.tag", "a: {tag: v2}\n"),
        ('{"a": {"b": 1}}', ".a.tag", '{"a": {"b": 1, "tag": "v2"}}'),
        ('{"a": {}}', ".a.tag", '{"a": {"tag": "v2"}}'),
        ('{\n  "a": 1,\n  "b": 2\n}\n', ".tag", '{\n  "a": 1,\n  "b": 2,\n  "tag": "v2"\n}\n'),
        ("x: 1\n", '."on"', 'x: 1\n"on": v2\n'),
        ("x: &m {y: 1}\na:\n  <<: *m\n  b: 1\n", ".a.tag", "x: &m {y: 1}\na:\n  <<: *m\n  b: 1\n  tag: v2\n"),
        ("- a: 1\n- tag: v1\n", ".[].tag", "- a: 1\n  tag: v2\n- tag: v2\n"),
        ("tag: v1\n---\nother: 1\n", ".tag", "tag: v2\n---\nother: 1\n"),
        ("kind: A\n---\nkind: B\n", 'select(.kind == "B").tag', "kind: A\n---\nkind: B\ntag: v2\n"),
    ],
)
def test_a_missing_last_key_is_added_like_its_neighbours(before: str, selector: str, after: str) -> None:
    assert edited(before, selector) == after


# What is refused


@pytest.mark.parametrize(
    ("before", "selector", "said"),
    [
        ("a: 1\n", ".b.c", "nothing in it matches `.b.c`; of keys that are missing, only the last one can be added"),
        ("a:\n", ".a.b", "nothing in it matches"),
        ("a: [1]\n", ".a[1]", "nothing in it matches"),
        ("a: 1\n", '.[] | select(. == "x")', "nothing in it matches"),
        ("a: 1\n", ".b*", "nothing in it matches `.b*`"),
        ("a: {b: 1}\n", ".a", "leads to the mapping in line 1; only a single value can be set"),
        ("x: 1\na: [1]\n", ".a", "leads to the list in line 2"),
        ("a: 1\n", "..", "leads to the mapping in line 1"),
        ("a: |\n  x\n", ".a", "the value in line 1 is a block (`|`)"),
        ("a: >-\n  x\n", ".a", "is a block (`>`)"),
        ("a: &x 1\nb: *x\n", ".b", "the value of `b` in line 2 is an alias; change what it stands for in line 1"),
        ("a: &x [1]\nb: *x\n", ".b[0]", "the value of `b` in line 2 is an alias"),
        ("- &x 1\n- *x\n", ".[1]", "item 1 of the list in line 1 is an alias"),
        ("a: &x {t: 1}\nb:\n  <<: *x\n", ".b.t", "`t` comes from the merge key in line 3; change it there"),
        ("a: &x {t: 1}\nb:\n  <<: [*x]\n", ".b[]", "`t` comes from the merge key in line 3"),
        ("a: 1\na: 2\n", ".a", "the key `a` stands twice, again in line 2; remove one"),
        ("a: 1\nb: {c: 1}\na: 2\n", ".*", "the key `a` stands twice"),
        ("a: 1\na: 2\n", "..|select(. == 1)", "the key `a` stands twice"),
        ("a: !!int 3\n", ".a", "the value in line 1 carries a tag (!!int); remove the tag"),
        ("a: {b: 1}\n", '..|select(tag == "!!map").c', "`..` finds places without the key `c`"),
        ("a: 1\n---\na: 2\n", ".b", "several documents could get it; name one: select(di == 0) | …"),
        ("a: {b: 1, # c\n}\n", ".a.c", "ends with a comment or comma; add `c` by hand"),
        ("a: 1\n", ".a == 1", "leads to no place in the file"),
        ("a: 1\n", '"x"', "leads to no place in the file"),
        ("a: 1\n", ".a | key", "leads to no place in the file"),
        ("", ".a", "it holds no YAML document"),
        ("# only a comment\n", ".a", "it holds no YAML document"),
        ("a: [1\nb: 2\n", ".a", "it is not valid YAML in line 2, column"),
        ("a: *nobody\n", ".a", "it is not valid YAML in line 1"),
        ("a: \x00\n", ".a", "it is not valid YAML"),
        (b"a: \xff\n", ".a", "it is not UTF-8: byte 4 belongs to no character"),
        ("[" * 6000, ".a", "it is nested deeper than 5,000 levels"),
        ("- " * 6000 + "a\n", ".a", "it is nested deeper than 5,000 levels"),
    ],
)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(before: str | bytes, selector: str, said: str) -> None:
    assert said in refused(before, selector)


def test_a_pattern_that_backtracks_without_end_is_refused() -> None:
    """N27."""
    said = refused(f"a: {'a' * 60}!\n", '..|select(test("(a|a)*$"))')
    assert "took longer than 1 s; write it simpler" in said


def test_a_place_that_would_change_the_meaning_of_something_else_is_refused() -> None:
    """`{a}` has the key `a` and no value; text behind it would be part of the key."""
    assert "without changing the meaning of something else" in refused("x: {a}\n", ".x.a")


def test_an_anchor_is_told_of() -> None:
    made = yaml_edit.edit(b"a: &x 1\nb: *x\n", ".a", "v2")
    assert isinstance(made, Edited)
    assert made.notes == ("the value in line 1 has an anchor: it changes wherever an alias stands for it",)


def test_several_matches_are_all_changed_and_counted() -> None:
    made = yaml_edit.edit(b"- {n: a, t: 1}\n- {n: b, t: 1}\n- {n: ab, t: 1}\n", '.[] | select(.n == "a*").t', "2.0")
    assert made == Edited(b'- {n: a, t: "2.0"}\n- {n: b, t: 1}\n- {n: ab, t: "2.0"}\n', 2)


def test_a_value_found_twice_is_set_once() -> None:
    made = yaml_edit.edit(b"a: v1\n", '.a, .*, (.. | select(. == "v1"))', "v2")
    assert made == Edited(b"a: v2\n", 1)


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadOption, match="not UTF-8"):
        yaml_edit.check("\udcff")
