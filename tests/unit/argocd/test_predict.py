"""The three-way merge, for any objects: nothing changes where nothing was changed, and twice is as once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.argocd import changes, keys, values
from telefonistka_py.argocd.predict import joined, predict
from telefonistka_py.argocd.shapes import OPAQUE, PLAIN, Merge, Shape, keyed, listed, struct

TREE = struct(
    keyed=keyed("name", entry=struct(inner=keyed("name"))),
    atomic=listed(PLAIN),
    set=Shape(merge=Merge.SET),
    amount=Shape(quantity=True),
    both=keyed("port", "protocol", entry=struct(protocol=Shape(default="TCP"))),
)
WORDS = st.sampled_from(["a", "b", "c", "1", "1000m", ""])
SCALARS = WORDS | st.integers(0, 3) | st.booleans() | st.none()
ENTRIES = st.fixed_dictionaries({"name": WORDS}, optional={"value": SCALARS, "more": SCALARS})
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "keyed": st.lists(
            st.fixed_dictionaries(
                {"name": WORDS}, optional={"value": ANYTHING, "inner": st.lists(ENTRIES, max_size=3)}
            ),
            max_size=3,
        ),
        "atomic": st.lists(ANYTHING, max_size=3),
        "set": st.lists(WORDS, max_size=3, unique=True),
        "amount": WORDS | st.integers(0, 3),
        "both": st.lists(
            st.fixed_dictionaries({"port": st.integers(1, 2)}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}),
            max_size=3,
        ),
        "other": ANYTHING,
    },
)
SHAPES = st.sampled_from([TREE, OPAQUE])


def filled_in(draw: st.DrawFn, wanted: Any) -> Any:
    """`wanted`, as a server would keep it: without nulls, with fields that nobody named."""
    if isinstance(wanted, dict):
        made = {key: filled_in(draw, value) for key, value in wanted.items() if value is not None}
        return made | (draw(st.just({}) | st.just({"filled": "in"})))
    return [filled_in(draw, each) for each in wanted] if isinstance(wanted, list) else wanted


@st.composite
def applied(draw: st.DrawFn) -> tuple[Any, Any]:
    """What was wanted, and what the server made of it."""
    wanted = draw(OBJECTS)
    return wanted, filled_in(draw, wanted)


@given(applied(), SHAPES)
def test_what_was_applied_and_is_wanted_still_changes_nothing(both: tuple[Any, Any], shape: Shape) -> None:
    last, live = both
    assert not list(changes.between(live, predict(live, last, last, shape, explained=True), shape))


@given(applied(), OBJECTS, SHAPES, st.booleans())
def test_a_second_time_changes_nothing_more(both: tuple[Any, Any], new: Any, shape: Shape, explained: bool) -> None:
    last, live = both
    once = predict(live, last, new, shape, explained=explained)
    assert not list(changes.between(once, predict(once, new, new, shape), shape)) or has_unknown_extras(once)


def has_unknown_extras(value: Any) -> bool:
    """In atomic lists only what is explained may stay; the second look has nobody who explains."""
    return "filled" in str(value)


@given(applied(), OBJECTS, SHAPES, st.booleans())
def test_every_field_that_is_wanted_is_there_afterwards(
    both: tuple[Any, Any], new: Any, shape: Shape, explained: bool
) -> None:
    """Never a false "no changes"."""
    last, live = both
    missing(new, predict(live, last, new, shape, explained=explained), shape)


def missing(new: Any, after: Any, shape: Shape) -> None:
    if isinstance(new, dict):
        assert isinstance(after, dict)
        for key, value in new.items():
            if value is not None and not (value == [] and shape.child(key).typed) and key in after:
                missing(value, after[key], shape.child(key))
            elif value not in (None, []):
                assert key in after or shape.child(key).default == value
    elif isinstance(new, list):
        assert isinstance(after, list)
        kept, wanted = values.by_key(after, shape), values.by_key(new, shape)
        if wanted is not None and kept is not None:
            assert wanted.keys() <= kept.keys()
            for key, value in wanted.items():
                missing(value, kept[key], shape.entry)
        elif shape.merge is not Merge.SET:
            assert len(new) == len(after)
            for one, other in zip(new, after, strict=True):
                missing(one, other, shape.entry)
    else:
        assert values.same(after, new, shape)


@given(applied(), SHAPES)
def test_what_only_the_last_target_had_goes(both: tuple[Any, Any], shape: Shape) -> None:
    last, live = both
    after = predict(live, last, {}, shape)
    assert all(key not in after or value in (None, []) for key, value in last.items())


def test_fields_of_others_stay() -> None:
    assert predict({"a": 1, "x": {"y": 2}}, {"a": 1}, {"a": 1}, PLAIN) == {"a": 1, "x": {"y": 2}}


@pytest.mark.parametrize(
    ("live", "last", "new", "expected"),
    [
        ({"x": 1}, {}, {"x": None}, {}),
        ({"x": 1}, {"x": 1}, {"x": None}, {}),
        ({"x": 1}, {"x": None}, {"x": None}, {"x": 1}),
        ({}, {}, {"x": None}, {}),
        ({}, {}, {"x": {"y": None, "z": 1}}, {"x": {"z": 1}}),
    ],
    ids=["new", "in place of a value", "as before", "of nothing", "deep"],
)
def test_a_null(live: Any, last: Any, new: Any, expected: Any) -> None:
    assert predict(live, last, new, OPAQUE) == expected


@pytest.mark.parametrize(("value", "filled_in"), [(True, True), (1, False), ("1", False)])
def test_a_default_is_one_only_in_its_own_kind(value: Any, filled_in: bool) -> None:
    shape = struct(x=Shape(default=True))
    assert predict({}, {}, {"x": value}, shape) == ({} if filled_in else {"x": value})


def entries(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("live", "last", "new", "expected"),
    [
        ("abx", "ab", "ab", "abx"),
        ("xab", "ab", "ba", "xba"),
        ("ab", "ab", "acb", "acb"),
        ("axb", "ab", "cab", "caxb"),
        ("abx", "ab", "b", "bx"),
        ("x", "", "ab", "abx"),
    ],
)
def test_the_order_of_a_keyed_list(live: str, last: str, new: str, expected: str) -> None:
    after = predict(entries(*live), entries(*last), entries(*new), keyed("name"))
    assert "".join(each["name"] for each in after) == expected


def test_a_keyed_list_with_the_same_key_twice_is_taken_as_a_whole() -> None:
    """As an environment with a variable that is named twice: the second counts."""
    live, new = entries("a", "b"), [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
    assert predict(live, live, new, keyed("name")) == new
    assert predict(entries("a", "b"), entries("a", "b", "b"), entries("a"), keyed("name")) == entries("a")


LIVE = [{"a": 1, "d": 0}, {"a": 2, "d": 0}, {"a": 3, "d": 0}]
LAST = [{"a": 1}, {"a": 2}, {"a": 3}]
RULES = listed(struct(d=Shape(default=0)))


@pytest.mark.parametrize("explained", [True, False])
@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ([{"a": 1}, {"a": 3}], [LIVE[0], LIVE[2]]),
        ([{"a": 9}, {"a": 1}, {"a": 2}, {"a": 3}], [{"a": 9}, *LIVE]),
        ([{"a": 1}, {"a": 5}, {"a": 3}], [LIVE[0], {"a": 5, "d": 0}, LIVE[2]]),
        ([{"a": 1}, {"a": 2, "d": 7}, {"a": 3}], [LIVE[0], {"a": 2, "d": 7}, LIVE[2]]),
        ([{"a": 1}, {"a": 2, "d": 0}, {"a": 3}], LIVE),
        ([], []),
    ],
    ids=["one less", "one more", "another", "not the default", "the default", "none"],
)
def test_entries_of_an_atomic_list_keep_what_was_filled_in(new: Any, expected: Any, explained: bool) -> None:
    assert predict(LIVE, LAST, new, RULES, explained=explained) == expected


def test_what_somebody_wrote_into_an_atomic_list_goes() -> None:
    """An apply replaces the list; where Argo CD says that all is in step, it was the API server who wrote it."""
    live, last = [{"a": 1, "by hand": 2}], [{"a": 1}]
    assert predict(live, last, last, listed(PLAIN)) == last
    assert predict(live, last, last, listed(PLAIN), explained=True) == live


def test_a_field_that_an_entry_no_longer_wants_goes_even_where_the_rest_is_explained() -> None:
    live, last = [{"a": 1, "b": 2, "filled": 3}], [{"a": 1, "b": 2}]
    assert predict(live, last, [{"a": 1}], OPAQUE, explained=True) == [{"a": 1, "filled": 3}]
    assert predict([{"a": 1, "b": 2}], [{"a": 1, "b": 2}], [{"a": 1}], OPAQUE) == [{"a": 1}]


def test_either_note_of_what_was_applied_last_makes_a_field_go() -> None:
    last = joined({"a": 1, "l": entries("x")}, {"b": 2, "l": entries("y")}, struct(l=keyed("name")))
    assert last == {"a": 1, "b": 2, "l": entries("x", "y")}
    assert predict({"a": 1, "b": 2, "c": 3}, last, {}, PLAIN) == {"c": 3}


def test_a_new_entry_has_no_nulls() -> None:
    assert predict([], [], [{"name": "a", "x": None}], keyed("name")) == entries("a")


def test_an_object_as_deep_as_is_read_is_followed_and_a_list_as_long_as_fits_takes_no_time() -> None:
    """N27"""
    one: Any = 1
    other: Any = 2
    for level in range(values.DEEPEST - 1):
        one, other = ([one], [other]) if level % 2 else ({"a": one}, {"a": other})
    assert not values.is_too_deep(one)
    assert values.is_too_deep([[one]])
    assert len(list(changes.between(one, predict(one, one, other, OPAQUE), OPAQUE))) == 1
    many = entries(*map(str, range(20_000)))
    assert len(predict(many[:5], many[:5], many, keyed("name"))) == 20_000
    names = list(map(str, range(20_000)))
    assert predict(names, names, names[::2], Shape(merge=Merge.SET)) == names[::2]


def test_deployments_know_their_fields() -> None:
    shape = keys.shape("apps", "Deployment").child("spec").child("template").child("spec")
    assert shape.child("containers").keys == ("name",)
    assert shape.child("containers").entry.child("ports").keys == ("containerPort", "protocol")
    assert shape.child("tolerations").merge is Merge.ATOMIC
    assert not keys.shape("acme.example", "Deployment").typed
