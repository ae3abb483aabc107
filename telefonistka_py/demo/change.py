"""What alice changes: something that the repository's own configuration promotes."""

from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py.config import read
from telefonistka_py.config.problem import Invalid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import route
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.repository import Repo


@dataclass(frozen=True)
class Change:
    """`files`: path → content, None for one that goes."""

    component: RepoPath
    title: str
    branch: str
    files: dict[str, Content | None]
    labels: tuple[str, ...] = ()


def in_example(files: Mapping[str, Content]) -> Change:
    """One file changed, one added, one deleted, in the repository that holds `files`."""
    values = files["workspace/nginx/values.yaml"]
    assert isinstance(values, bytes)
    return Change(
        RepoPath("workspace/nginx"),
        "nginx: two more replicas, and a budget for disruptions",
        "nginx-replicas",
        {
            "workspace/nginx/values.yaml": values.replace(b"replicaCount: 2", b"replicaCount: 4"),
            "workspace/nginx/templates/budget.yaml": (
                "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: nginx\nspec:\n  minAvailable: 2\n"
            ),
            "workspace/nginx/README.md": None,
        },
    )


async def in_own(repo: Repo) -> Change:
    """A small new file in the first component that the first usable flow of the repository's configuration carries.

    Raises `RepoMistake` when there is no configuration, a wrong one, or one that promotes nothing that exists.
    """
    text = await repo.read(repo.default_branch, read.ROOT)
    if text is None:
        raise RepoMistake(
            f"the default branch {repo.default_branch} of {repo.short_name} has no {read.ROOT} at its root; "
            "write one, commit it, and try again"
        )
    config = read.root(text)
    if isinstance(config, Invalid):
        raise RepoMistake("\n".join(str(problem) for problem in config.problems))
    paths = [RepoPath(path) for path in await repo.tree(repo.default_branch)]
    wanted = [flow.conditions.pr_has_labels or () for flow in config.value.promotion_paths]
    routes = route.find(config.value, paths, frozenset(label for labels in wanted for label in labels))
    if not routes.lots:
        raise RepoMistake(f"no directory of {repo.default_branch} is a component of any flow in {read.ROOT}")
    lot = routes.lots[0]
    component = lot.components[0].path
    return Change(
        component,
        f"Try {component}",
        "telefonistka-demo",
        {f"{component}/telefonistka-demo.md": "A file that Telefonistka's demo added to see it promoted.\n"},
        wanted[lot.flow][:1],
    )
