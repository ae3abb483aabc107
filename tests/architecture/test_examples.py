"""Each example is read without a warning, and does what its text says with a small change."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from telefonistka_py.config import model, read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Valid
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, route
from tests import builders

EXAMPLES = Path(__file__).parents[2] / "config-examples"
DEMO = EXAMPLES / "demo"
ROOT_FILES = sorted(file.name for file in EXAMPLES.glob("*.yaml") if file.name != "component.yaml")

PLANS: dict[str, list[tuple[list[str], set[str], list[list[str]]]]] = {
    # file: (changed files, labels, one list of target components for each pull request)
    "workspace-to-production.yaml": [
        (
            ["workspace/nginx/values.yaml"],
            set(),
            [["clusters/dev/nginx", "clusters/lab/nginx", "clusters/staging/nginx"]],
        ),
        (
            ["clusters/staging/nginx/values.yaml"],
            set(),
            [["clusters/production/us-east4/c1/nginx"], ["clusters/production/europe-west4/c1/nginx"]],
        ),
        (["clusters/dev/nginx/values.yaml", "workspace/README.md"], set(), []),
    ],
    "regex-sources.yaml": [
        (
            ["clusters/staging/us-central1/c1/nginx/values.yaml"],
            set(),
            [
                [
                    "clusters/production/europe-west4/c1/nginx",
                    "clusters/production/us-east4/c1/nginx",
                    "clusters/production/us-west1/c2/nginx",
                ]
            ],
        ),
        (
            ["env/lab/nginx/values.yaml"],
            set(),
            [["clusters/staging/europe-west1/c2/nginx", "clusters/staging/us-central1/c1/nginx"]],
        ),
    ],
    "nested-components.yaml": [
        (["workspace/payments/api/values.yaml"], set(), [["clusters/staging/payments/api"]]),
        (["clusters/staging/payments/api/values.yaml"], set(), [["clusters/production/payments/api"]]),
        (["workspace/payments/OWNERS"], set(), []),
    ],
    "fast-track.yaml": [
        (["workspace/nginx/values.yaml"], {"hotfix"}, [["clusters/production/nginx", "clusters/staging/nginx"]]),
        (["workspace/nginx/values.yaml"], {"docs"}, [["clusters/staging/nginx"]]),
        (["clusters/staging/nginx/values.yaml"], set(), [["clusters/production/nginx"]]),
    ],
    "one-pr-per-cluster.yaml": [
        (["workspace/nginx/values.yaml"], set(), [["clusters/dev/nginx", "clusters/lab/nginx"]]),
        (
            ["clusters/lab/nginx/values.yaml"],
            set(),
            [
                ["clusters/production/us-east4/c1/nginx"],
                ["clusters/production/us-west1/c1/nginx"],
                ["clusters/production/europe-west4/c1/nginx"],
            ],
        ),
    ],
    "reference.yaml": [
        (["workspace/nginx/values.yaml"], {"promote"}, [["clusters/dev/nginx", "clusters/staging/nginx"]]),
        (["workspace/nginx/values.yaml"], set(), []),
    ],
}


def config(name: str) -> Config:
    found = read.root((EXAMPLES / name).read_bytes())
    assert isinstance(found, Valid), found
    assert found.warnings == ()
    return found.value


def test_every_example_is_planned_here() -> None:
    assert sorted(PLANS) == ROOT_FILES


@pytest.mark.parametrize("name", ROOT_FILES)
def test_an_example_does_what_it_says(name: str) -> None:
    for changed, labels, expected in PLANS[name]:
        reader, root = builders.reader(dict.fromkeys(changed, "x"))
        routes = route.find(config(name), [RepoPath(path) for path in changed], frozenset(labels))
        made = plan.make(routes, {}, lambda path, reader=reader, root=root: reader.find(root, path))  # type: ignore[misc]
        assert [list(promotion.sync) for promotion in made.promotions] == expected


def test_the_components_example_does_what_it_says() -> None:
    found = read.component((EXAMPLES / "component.yaml").read_bytes(), RepoPath("component.yaml"))
    assert isinstance(found, Valid)
    assert found.warnings == ()
    targets = ["clusters/dev/", "clusters/production/us-east4/c1/", "clusters/production/us-west1/c1/", "elsewhere/"]
    routes = route.find(builders.config(builders.flow("w/", targets)), [RepoPath("w/nginx/f")], frozenset())
    [promotion] = plan.make(routes, {RepoPath("w/nginx"): found}, lambda path: None).promotions
    assert list(promotion.sync) == ["clusters/dev/nginx", "clusters/production/us-west1/c1/nginx"]


def keys(section: type[model.Section]) -> set[str]:
    return {field.alias or name for name, field in section.model_fields.items()}


def test_the_reference_names_every_key() -> None:
    written: Any = yaml.safe_load((EXAMPLES / "reference.yaml").read_text("utf-8"))
    [flow] = written["promotionPaths"]
    assert set(written) == keys(model.Config)
    assert set(flow) == keys(model.PromotionPath)
    assert set(flow["conditions"]) == keys(model.Conditions)
    assert set(flow["promotionPrs"][0]) == keys(model.PromotionPr)
    assert set(written["argocd"]) == keys(model.ArgoCd)
    assert set(written["webhookEndpointRegexs"][0]) == keys(model.WebhookEndpoint)
    component = yaml.safe_load((EXAMPLES / "component.yaml").read_text("utf-8"))
    assert set(component) == keys(model.Component)


def test_the_readme_names_every_file() -> None:
    named = set(re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text("utf-8")))
    assert named == {file.name for file in EXAMPLES.glob("*.yaml")}


def test_the_demo_repository_uses_the_first_example() -> None:
    assert (DEMO / "telefonistka.yaml").read_bytes() == (EXAMPLES / "workspace-to-production.yaml").read_bytes()


def demo_files() -> dict[str, builders.File]:
    """The demo repository as git would store it."""
    found = {}
    for path in DEMO.rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            mode = 0o100755 if path.stat().st_mode & stat.S_IXUSR else 0o100644
            found[str(path.relative_to(DEMO))] = builders.File(path.read_bytes(), mode)
    return found


def test_the_demo_repository_is_in_step_everywhere() -> None:
    reader, root = builders.reader(demo_files())
    flows = config("workspace-to-production.yaml").promotion_paths
    targets = [target for flow in flows for promotion in flow.promotion_prs for target in promotion.target_paths]
    source = reader.find(root, RepoPath("workspace"))
    assert source is not None
    assert len(targets) == 5
    for target in targets:
        assert reader.find(root, RepoPath(target.rstrip("/"))) == source


def test_the_demo_repository_has_what_the_demo_shows() -> None:
    files = demo_files()
    for name in ("nginx", "payments", "metrics"):
        assert {f"workspace/{name}/Chart.yaml", f"workspace/{name}/values.yaml"} <= set(files)
        assert any(path.startswith(f"workspace/{name}/templates/") for path in files)
        yaml.safe_load(files[f"workspace/{name}/values.yaml"].content)
    assert [path for path, file in files.items() if file.mode == 0o100755 and path.startswith("workspace/")] == [
        "workspace/nginx/scripts/smoke-test.sh"
    ]
