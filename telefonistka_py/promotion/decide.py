"""The whole decision on the contents of one commit: which files to read, what is planned, and the trees that result."""

from dataclasses import dataclass, replace

from telefonistka_py.config import read
from telefonistka_py.config.model import Component
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import effect, plan
from telefonistka_py.promotion.model import Plan, Promotion, Routes
from telefonistka_py.tree import graft
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader

_NAMES: dict[int, str] = {Mode.DIRECTORY: "a directory", Mode.SYMLINK: "a symlink", Mode.SUBMODULE: "a submodule"}


@dataclass(frozen=True)
class Decision:
    """`grafts` has one for each of the plan's promotions, in the same order."""

    plan: Plan
    grafts: tuple[Graft | RepoMistake, ...]
    """A mistake where GitHub's API can't express one promotion's files; the others go on (N14)."""


def component_files(reader: Reader, root: Sha, routes: Routes) -> dict[RepoPath, Entry]:
    """Component path → its own configuration file, for the changed components that have one below the tree `root`."""
    found: dict[RepoPath, Entry] = {}
    for lot in routes.lots:
        for changed in lot.components:
            if entry := reader.find(root, plan.component_file(changed.path)):
                found[changed.path] = entry
    return found


def read_component(component: RepoPath, entry: Entry, content: bytes | None) -> Valid[Component] | Invalid:
    """A component's file, read. `content` None: it is no file whose content can be had."""
    path = plan.component_file(component)
    if not entry.is_file or content is None:
        return Invalid((Problem(path, "", None, None, f"must be a plain file, not {_NAMES.get(entry.mode, 'this')}"),))
    return read.component(content, path)


def on(reader: Reader, root: Sha, routes: Routes, files: plan.ComponentFiles) -> Decision:
    """What `routes` lead to on the tree `root`."""
    made = plan.make(routes, files, lambda path: reader.find(root, path))
    grafts = tuple(_graft(reader, root, promotion) for promotion in made.promotions)
    promotions = tuple(replace(each, effects=effect.of(reader, root, each)) for each in made.promotions)
    return Decision(replace(made, promotions=promotions), grafts)


def _graft(reader: Reader, root: Sha, promotion: Promotion) -> Graft | RepoMistake:
    wanted = {target: reader.find(root, source) for target, source in promotion.sync.items()}
    try:
        return graft.make(reader, root, wanted)
    except RepoMistake as mistake:
        return mistake
