"""Promotions in flight as a picture: layers of environments, whatever a body claims."""

from datetime import UTC, datetime
from typing import Any

import pytest

from telefonistka_py.github.in_flight import InFlight
from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Metadata, Step
from telefonistka_py.server.pages import graph, waits
from telefonistka_py.server.pages.graph import Drawing


def pull(number: int, *steps: tuple[int, str, tuple[str, ...]], original: int = 1, **changes: Any) -> InFlight:
    """An open promotion that came by `steps`: the pull request that was merged, from where, and to where."""
    history = {merged: Step(source, targets) for merged, source, targets in steps}
    body = metadata.block(Metadata(Login("alice"), original, (RepoPath("x"),), history))
    usual: dict[str, Any] = {
        "number": number,
        "title": "Promotion",
        "url": f"https://github.com/acme/gitops/pull/{number}",
        "body": body,
        "opened_at": datetime(2026, 3, 1, tzinfo=UTC),
        "is_draft": False,
        "merge_state": "CLEAN",
        "review": None,
        "checks": None,
        "by_itself": False,
    }
    return InFlight(**{**usual, **changes})


FIRST = (1, "workspace/", ("dev/", "lab/"))


def layers(drawing: Drawing) -> list[list[tuple[str, str]]]:
    columns = sorted({node.x for node in drawing.nodes})
    return [[(node.path, node.said) for node in drawing.nodes if node.x == x] for x in columns]


def test_environments_stand_in_layers_and_say_where_they_are() -> None:
    [drawing] = graph.draw([pull(3, FIRST, (2, "lab/", ("prod/east/",))), pull(4, FIRST, (2, "lab/", ("prod/west/",)))])
    assert layers(drawing) == [
        [("workspace", "#1 merged")],
        [("dev", "#2 merged"), ("lab", "#2 merged")],
        [("prod/east", "#3 waits to be merged"), ("prod/west", "#4 waits to be merged")],
    ]
    assert drawing.heading == "#1 by alice"
    assert len(drawing.edges) == 4


def test_each_change_has_a_drawing_of_its_own() -> None:
    drawings = graph.draw([pull(9, (7, "workspace/", ("dev/",)), original=7), pull(2, FIRST)])
    assert [each.heading for each in drawings] == ["#7 by alice", "#1 by alice"]


def test_what_is_still_open_is_not_drawn_as_done() -> None:
    for order in (1, -1):
        pulls = [pull(3, FIRST, (2, "lab/", ("prod/",))), pull(2, FIRST)][::order]
        [drawing] = graph.draw(pulls)
        assert [node.kind for node in drawing.nodes if node.path == "dev"] == ["waits"]


def test_boxes_do_not_overlap_and_fit_the_picture() -> None:
    [drawing] = graph.draw([pull(2, (1, "workspace/", tuple(f"env{n}/" for n in range(20))))])
    places = {(node.x, node.y) for node in drawing.nodes}
    assert len(places) == len(drawing.nodes) == 21
    assert max(node.x + node.width for node in drawing.nodes) <= drawing.width
    assert max(node.y + node.height for node in drawing.nodes) <= drawing.height


@pytest.mark.parametrize("body", ["", "no block", "<!--|Telefonistka data, do not delete|!!!!|-->"])
def test_a_body_without_metadata_is_not_drawn(body: str) -> None:
    assert graph.draw([pull(2, FIRST, body=body)]) == []


def test_what_people_write_into_a_body_draws_no_more_than_fits() -> None:
    """N25, N27."""
    wide = (1, "workspace/", tuple(f"env{n}/" for n in range(5_000)))
    [drawing] = graph.draw([pull(2, wide)])
    assert len(drawing.nodes) == graph.MOST_NODES
    assert drawing.left_out == 5_001 - graph.MOST_NODES
    deep = [(n, f"s{n}/", (f"s{n + 1}/",)) for n in range(1, 500)]
    [drawing] = graph.draw([pull(600, *deep)])
    assert len(layers(drawing)) == graph.MOST_STEPS + 1
    many = [pull(n, FIRST, original=n) for n in range(2, 100)]
    assert len(graph.draw(many)) == graph.MOST_DRAWINGS


@pytest.mark.parametrize(
    ("changes", "why", "trouble"),
    [
        ({}, "waits to be merged", False),
        ({"merge_state": "DIRTY", "checks": "FAILURE"}, "conflicts with its base", True),
        ({"checks": "ERROR", "review": "REVIEW_REQUIRED"}, "a check failed", True),
        ({"review": "CHANGES_REQUESTED"}, "changes were requested", True),
        ({"is_draft": True}, "is a draft", False),
        ({"review": "REVIEW_REQUIRED", "checks": "PENDING"}, "waits for a review", False),
        ({"review": "APPROVED", "checks": "PENDING"}, "waits for checks", False),
        ({"by_itself": True}, "GitHub merges it by itself", False),
        ({"merge_state": "BEHIND"}, "its branch is behind its base", False),
        ({"merge_state": "BLOCKED"}, "is held by the branch's rules", False),
    ],
)
def test_the_most_pressing_reason_is_said(changes: dict[str, Any], why: str, trouble: bool) -> None:
    assert waits.of(pull(2, FIRST, **changes)) == waits.Wait(why, trouble)
