"""What teams that come from v1 rely on, case by case (`cases.yaml`)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import draft, metadata, plan, route
from telefonistka_py.promotion.model import Step
from telefonistka_py.templates import Templates
from tests import builders

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text("utf-8"))


def cases(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["note"]) for case in CASES[kind]])


@cases("branch_name")
def test_a_branch_is_named_after_the_pull_request_and_a_hash_of_its_targets(case: dict[str, Any]) -> None:
    assert draft.branch(case["number"], case["ref"], tuple(case["targets"])) == case["branch"]


def test_a_branch_of_a_very_long_ref_stays_within_githubs_limit() -> None:
    name = draft.branch(11, "originBranch" * 100, ("targetPath1", "targetPath2"))

    assert len(name.encode()) <= 250
    assert name.startswith("promotions/11-" + "originBranch" * 16)
    assert name.endswith("-676f02019f18")


@cases("plan")
def test_what_goes_where(case: dict[str, Any]) -> None:
    config = builders.config(*case["promotionPaths"])
    reader, root = builders.reader(dict.fromkeys(case["files"], "x"))

    routes = route.find(config, [RepoPath(path) for path in case["files"]], frozenset(case.get("labels", ())))
    made = plan.make(routes, {}, lambda path: reader.find(root, path))

    assert [promotion.sync for promotion in made.promotions] == case["prs"]


@cases("promotion_body")
def test_the_body_of_a_promotion_is_spelt_as_v1_does(case: dict[str, Any]) -> None:
    step = case["step"]
    history = {number: Step(old["source"], tuple(old["targets"])) for number, old in case["before"].items()}
    promotion = builders.promotion(
        source=step["source"],
        components=tuple(case["components"]),
        targets=tuple(step["targets"]),
        kept_targets=tuple(step["targets"]),
    )
    trigger = builders.trigger(number=step["number"], metadata=builders.metadata(history=history))

    body = draft.write(promotion, trigger, (), Templates()).body

    text, marker, data = body.partition("<!--|Telefonistka data, do not delete|")
    assert text == case["body"].replace("·", "&nbsp;")
    assert marker
    assert data.endswith("|-->")
    read = metadata.read(body)
    assert read is not None
    assert read.history == {**history, step["number"]: Step(step["source"], tuple(step["targets"]))}


@cases("lists")
def test_a_components_lists_choose_its_targets(case: dict[str, Any]) -> None:
    lists = {key: value for key, value in case.items() if key.startswith("promotionTarget")}
    routes = route.find(builders.config(builders.flow("dev/", case["targets"])), [RepoPath("dev/a/f")], frozenset())

    [promotion] = plan.make(routes, {RepoPath("dev/a"): builders.component(**lists)}, lambda path: None).promotions

    assert set(promotion.sync) == {f"{target}a" for target in case["promoted"]}
    assert {skip.target for skip in promotion.skips} == set(case["targets"]) - set(case["promoted"])
