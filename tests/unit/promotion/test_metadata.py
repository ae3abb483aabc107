"""What a body carries from stage to stage. Whoever can edit a body can write anything there (N25)."""

import base64
import json
from typing import Any

import pytest

from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.metadata import Broken
from telefonistka_py.promotion.model import Metadata, Step

WHOLE = Metadata(
    original_author=Login("alice"),
    original_number=1,
    promoted_paths=(RepoPath("a/größe"), RepoPath("b/größe")),
    history={1: Step("workspace/", ("a/", "b/")), 12: Step("a/", ("prod/",))},
)


def block(data: Any) -> str:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return f"<!--|Telefonistka data, do not delete|{base64.b64encode(text).decode()}|-->"


def test_what_is_written_is_read_again() -> None:
    assert metadata.read(f"Some text\n\n{metadata.block(WHOLE)}") == WHOLE


def test_the_block_has_the_keys_of_v1() -> None:
    _, _, encoded, _ = metadata.block(WHOLE).split("|")
    assert json.loads(base64.b64decode(encoded)) == {
        "originalPrAuthor": "alice",
        "originalPrNumber": 1,
        "promotedPaths": ["a/größe", "b/größe"],
        "previousPromotionPaths": {
            "1": {"sourcePath": "workspace/", "targetPaths": ["a/", "b/"]},
            "12": {"sourcePath": "a/", "targetPaths": ["prod/"]},
        },
    }


def test_the_same_is_written_whatever_order_it_came_in() -> None:
    """N6."""
    turned = Metadata(WHOLE.original_author, 1, WHOLE.promoted_paths, dict(reversed(WHOLE.history.items())))
    assert metadata.block(turned) == metadata.block(WHOLE)


@pytest.mark.parametrize(("source", "targets"), [("sourcePath", "targetPaths"), ("SourcePath", "TargetPaths")])
def test_both_spellings_of_v1_are_read(source: str, targets: str) -> None:
    data = {
        "originalPrAuthor": "alice",
        "originalPrNumber": 1,
        "promotedPaths": ["a/nginx"],
        "previousPromotionPaths": {"1": {source: "workspace/", targets: ["a/"]}},
    }
    read = metadata.read(block(data))
    assert read is not None
    assert read.history == {1: Step("workspace/", ("a/",))}


@pytest.mark.parametrize(
    "data", [{}, {"promotedPaths": None, "previousPromotionPaths": None}, {"previousPromotionPaths": {}, "new": [1]}]
)
def test_what_is_left_out_is_empty(data: Any) -> None:
    assert metadata.read(block(data)) == Metadata(Login(""), 0, (), {})


@pytest.mark.parametrize(
    "body", ["", "Just text", "<!-- telefonistka_tag -->", "<!--|Telefonistka data, do not delete|"]
)
def test_a_body_without_a_block_has_none(body: str) -> None:
    assert metadata.read(body) is None


def test_the_last_block_counts() -> None:
    assert metadata.read(f"{block({'originalPrNumber': 7})}\n{metadata.block(WHOLE)}") == WHOLE


@pytest.mark.parametrize("windows", [True, False])
def test_white_space_inside_the_block_does_no_harm(windows: bool) -> None:
    text = metadata.block(WHOLE)
    broken_up = text[:60] + ("\r\n" if windows else "\n") + text[60:]
    assert metadata.read(broken_up) == WHOLE


HOSTILE: dict[str, Any] = {
    "no JSON": b"{",
    "nothing": b"",
    "no UTF-8": b"\xff\xfe\xfa",
    "a list": [],
    "null": None,
    "a text": "x",
    "a number": 1,
    "author a number": {"originalPrAuthor": 7},
    "author a list": {"originalPrAuthor": ["alice"]},
    "author half a surrogate pair": {"originalPrAuthor": "\ud800"},
    "number a bool": {"originalPrNumber": True},
    "number a text": {"originalPrNumber": "1"},
    "number broken": {"originalPrNumber": 1.5},
    "number negative": {"originalPrNumber": -1},
    "number huge": {"originalPrNumber": 10**30},
    "number no number": b'{"originalPrNumber": NaN}',
    "number of 10,000 digits": b'{"originalPrNumber": ' + b"9" * 10_000 + b"}",
    "paths a text": {"promotedPaths": "workspace/"},
    "paths a mapping": {"promotedPaths": {"a": 1}},
    "paths of numbers": {"promotedPaths": [1]},
    "paths nested": {"promotedPaths": [["a"]]},
    "paths half a surrogate pair": {"promotedPaths": ["\ud800"]},
    "history a list": {"previousPromotionPaths": [1]},
    "history a number": {"previousPromotionPaths": 1},
    "history of lists": {"previousPromotionPaths": {"1": []}},
    "history of nulls": {"previousPromotionPaths": {"1": None}},
    "history without a source": {"previousPromotionPaths": {"1": {}}},
    "history by name": {"previousPromotionPaths": {"one": {"sourcePath": "a"}}},
    "history by negative": {"previousPromotionPaths": {"-1": {"sourcePath": "a"}}},
    "source a number": {"previousPromotionPaths": {"1": {"sourcePath": 1}}},
    "targets a text": {"previousPromotionPaths": {"1": {"sourcePath": "a", "targetPaths": "b"}}},
    "a thousand and one steps": {"previousPromotionPaths": {str(n): {"sourcePath": "a"} for n in range(1001)}},
    "deeply nested": b"[" * 100_000,
    "deeply nested inside": b'{"promotedPaths": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_broken_block_is_told_apart_from_none(data: Any) -> None:
    with pytest.raises(Broken):
        metadata.read(block(data))


@pytest.mark.parametrize("inside", ["%%%", "=", "a", "BASE64", "<b>", "é"])
def test_a_block_that_is_no_base64_is_broken(inside: str) -> None:
    with pytest.raises(Broken):
        metadata.read(f"<!--|Telefonistka data, do not delete|{inside}|-->")
