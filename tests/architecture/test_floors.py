"""Imports go down: a module sees its own folder and the floors below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "telefonistka_py"

FLOORS = {
    "cli": 9,
    "demo": 9,
    "server": 8,
    "setup": 8,
    "doctor": 8,
    "app": 7,
    "reactions": 7,
    "settings": 7,
    "census": 6,
    "drift": 6,
    "recovery": 6,
    "argocd": 6,
    "fanout": 6,
    "bump": 6,
    "commands": 6,
    "suggest": 6,
    "promotion": 5,
    "feedback": 4,
    "pulls": 4,
    "github": 3,
    "localgit": 3,
    "inbox": 3,
    "observability": 2,
    "environment": 2,
    "tree": 1,
    "config": 1,
    "needs": 1,
    "variables": 1,
    "events": 1,
    "templates": 1,
    "textdiff": 1,
    "errors": 0,
    "names": 0,
    "markdown": 0,
    "counted": 0,
}
BESIDE = {"app": {"reactions", "settings"}, "cli": {"demo"}, "__main__": {"cli"}}
"""What a folder may import from its own floor: wiring needs what it wires, and a command what it shows."""

APART = "sandbox"
ON_THE_SANDBOX = {"cli", "demo"}
DOORS_OF_PROMOTION = {"carry", "checking", "flow", "gather", "held", "landed", "offline"}
"""The modules of `promotion` that gather and act; all others there are plain functions."""

ENTRANCES = {"__init__": -1, "__main__": 9}
"""Modules of the package itself; `python -m` starts the second."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(PACKAGE).with_suffix("").parts)


each_module = pytest.mark.parametrize("module", MODULES, ids=name_of)


def room(module: Path) -> str:
    """The folder, or the single module, that stands on a floor."""
    return name_of(module).partition(".")[0]


def imports(module: Path) -> Iterator[str]:
    """What the module imports of this package, without the package's own name: `tree.model`, `names`."""
    here = ["telefonistka_py", *module.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=source, names=names, level=level):
                above = here[: len(here) - level + 1] if level else []
                path = ".".join([*above, *([source] if source else [])])
                found = [f"{path}.{alias.name}" for alias in names]
            case _:
                continue
        yield from (path.removeprefix("telefonistka_py.") for path in found if path.startswith("telefonistka_py."))


def asynchronous(module: Path) -> list[int]:
    tree = ast.parse(module.read_text("utf-8"))
    kinds = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    return [node.lineno for node in ast.walk(tree) if isinstance(node, kinds)]


def floor(name: str) -> int:
    return ENTRANCES[name] if name in ENTRANCES else FLOORS[name]


def test_every_folder_stands_on_a_floor() -> None:
    assert {room(module) for module in MODULES} <= FLOORS.keys() | ENTRANCES.keys() | {APART}


@each_module
def test_imports_go_down(module: Path) -> None:
    here = room(module)
    for imported in imports(module):
        there = imported.partition(".")[0]
        if there == here:
            continue
        if here == APART:
            pytest.fail(f"{name_of(module)} imports {imported}: the sandbox shares nothing with what it tests")
        if there == APART:
            assert here in ON_THE_SANDBOX, f"{name_of(module)} imports {imported}: only commands start the sandbox"
            continue
        if there in BESIDE.get(here, ()):
            continue
        assert floor(there) < floor(here), f"{name_of(module)} imports {imported}, which is not on a floor below"


@each_module
def test_what_decides_never_awaits(module: Path) -> None:
    """A function that never awaits cannot do I/O, so purity is visible."""
    here = room(module)
    pure = here in FLOORS and FLOORS[here] <= 1
    if pure or (here == "promotion" and module.stem not in DOORS_OF_PROMOTION):
        assert asynchronous(module) == []


def test_the_checks_see_what_they_look_for(tmp_path: Path) -> None:
    source = PACKAGE / "promotion" / "route.py"
    assert {"config.patterns", "names.RepoPath"} <= set(imports(source))
    waiting = tmp_path / "waiting.py"
    waiting.write_text("async def f():\n    await g()\n")
    assert asynchronous(waiting) == [1, 2]
