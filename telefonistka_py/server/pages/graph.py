"""Draws where changes are on their way: environments in layers, from the first change to what is still open.

What a promotion says of its past stands in its body, which people can edit: it decides nothing here but a picture, and
no more is drawn of it than fits one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from telefonistka_py.github.in_flight import InFlight
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Metadata
from telefonistka_py.server.pages import waits

MOST_STEPS = 12
MOST_NODES = 60
MOST_DRAWINGS = 20
_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 236, 56, 64, 14, 8
"""Pixels: a node's size, the room between layers, the room between nodes, the margin."""
_LETTERS = 28


@dataclass(frozen=True)
class Node:
    """An environment. `kind`: `begin`, `done`, `waits` or `trouble`."""

    x: int
    y: int
    path: str
    shown: str
    """The path, short enough for its box."""
    said: str
    kind: str
    url: str
    """Of the open pull request; empty where there is none."""

    width = _WIDTH
    height = _HEIGHT


@dataclass(frozen=True)
class Edge:
    """`d` is an SVG path."""

    d: str
    kind: str


@dataclass(frozen=True)
class Drawing:
    """All that is on its way from one change."""

    heading: str
    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int
    """Environments that did not fit."""


@dataclass
class _Box:
    path: str
    said: str
    kind: str
    url: str = ""


@dataclass
class _Trail:
    """`boxes`: depth → path → box; `links`: from and to, by depth and path."""

    boxes: dict[int, dict[str, _Box]] = field(default_factory=dict)
    links: dict[tuple[int, str, str], str] = field(default_factory=dict)
    left_out: int = 0

    def put(self, depth: int, box: _Box) -> bool:
        layer = self.boxes.setdefault(depth, {})
        known = layer.get(box.path)
        if known is None and sum(map(len, self.boxes.values())) >= MOST_NODES:
            self.left_out += 1
            return False
        if known is None or known.kind == "done":
            layer[box.path] = box
        return True


def draw(pulls: Sequence[InFlight]) -> list[Drawing]:
    """One drawing per change that has promotions open, the newest first; those without metadata are in none."""
    trails: dict[int, _Trail] = {}
    headings: dict[int, str] = {}
    for pull in pulls:
        remembered = _remembered(pull)
        if remembered is None:
            continue
        root = remembered.original_number
        if root not in trails and len(trails) == MOST_DRAWINGS:
            continue
        _follow(trails.setdefault(root, _Trail()), pull, remembered)
        by = f" by {remembered.original_author}" if remembered.original_author else ""
        headings[root] = f"#{root}{by}"
    return [_laid_out(headings[root], trail) for root, trail in trails.items()]


def _remembered(pull: InFlight) -> Metadata | None:
    try:
        found = metadata.read(pull.body)
    except metadata.Broken:
        return None
    return found if found and found.history else None


def _follow(trail: _Trail, pull: InFlight, remembered: Metadata) -> None:
    """Adds the way that `pull` has come. A step is remembered by the pull request whose merge it followed."""
    steps = sorted(remembered.history.items())[-MOST_STEPS:]
    wait = waits.of(pull)
    for depth, (number, step) in enumerate(steps):
        source = step.source.rstrip("/")
        is_last = depth == len(steps) - 1
        trail.put(depth, _Box(source, f"#{number} merged", "begin" if depth == 0 else "done"))
        for target in step.targets:
            path = target.rstrip("/")
            if is_last:
                kind = "trouble" if wait.trouble else "waits"
                box = _Box(path, f"#{pull.number} {wait.why}", kind, pull.url)
            else:
                box = _Box(path, f"#{steps[depth + 1][0]} merged", "done")
            if trail.put(depth + 1, box):
                trail.links[(depth, source, path)] = box.kind


def _laid_out(heading: str, trail: _Trail) -> Drawing:
    places: dict[tuple[int, str], tuple[int, int]] = {}
    nodes = []
    for depth, layer in sorted(trail.boxes.items()):
        for row, box in enumerate(sorted(layer.values(), key=lambda each: each.path)):
            x, y = _EDGE + depth * (_WIDTH + _ACROSS), _EDGE + row * (_HEIGHT + _DOWN)
            places[(depth, box.path)] = (x, y)
            nodes.append(Node(x, y, box.path, _short(box.path), _fits(box.said), box.kind, box.url))
    edges = [
        Edge(_curve(places[(depth, source)], places[(depth + 1, target)]), kind)
        for (depth, source, target), kind in trail.links.items()
        if (depth, source) in places
    ]
    right, low = _far(node.x for node in nodes), _far(node.y for node in nodes)
    return Drawing(heading, right + _WIDTH + _EDGE, low + _HEIGHT + _EDGE, tuple(nodes), tuple(edges), trail.left_out)


def _far(numbers: Iterable[int]) -> int:
    return max(numbers, default=0)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0] - 6, end[1] + _HEIGHT // 2
    half = (x + to_x) // 2
    return f"M{x} {y}C{half} {y} {half} {to_y} {to_x} {to_y}"


def _short(path: str) -> str:
    """The end of a path tells environments apart."""
    return path if len(path) <= _LETTERS else f"…{path[-_LETTERS + 1 :]}"


def _fits(said: str) -> str:
    most = _LETTERS + 6
    return said if len(said) <= most else f"{said[: most - 1]}…"
