"""The schemas for editors are made from the models, and say what reading a file says."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.config import model, read, schema
from telefonistka_py.config.problem import Invalid
from telefonistka_py.names import RepoPath
from tests import builders

EXAMPLES = Path(__file__).parents[2] / "config-examples"
ROOT = jsonschema_rs.Draft202012Validator(schema.root())
COMPONENT = jsonschema_rs.Draft202012Validator(schema.component())


@pytest.mark.parametrize(("name", "made"), [("telefonistka", schema.root()), ("component", schema.component())])
def test_the_shipped_schemas_are_those_of_the_models(name: str, made: dict[str, Any]) -> None:
    shipped = (EXAMPLES / f"{name}.schema.json").read_text("utf-8")
    again = "telefonistka schema" + (" --component" if name == "component" else "")
    assert shipped == schema.text(made), f"make it again: {again} > config-examples/{name}.schema.json"


@pytest.mark.parametrize("made", [schema.root(), schema.component()])
def test_they_are_schemas_of_the_draft_they_name(made: dict[str, Any]) -> None:
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(made)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_every_example_is_valid(file: Path) -> None:
    validator = COMPONENT if file.name == "component.yaml" else ROOT
    assert [str(error) for error in validator.iter_errors(yaml.safe_load(file.read_text("utf-8")))] == []


def sections(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [made, *made.get("$defs", {}).values()]


@pytest.mark.parametrize("made", [schema.root(), schema.component()])
def test_every_key_says_what_it_is_for(made: dict[str, Any]) -> None:
    for section in sections(made):
        for key, said in section["properties"].items():
            assert said.get("description"), key


def test_the_misspelt_keys_of_v1_are_marked_as_such() -> None:
    properties = schema.root()["properties"]
    assert [key for key, said in properties.items() if said.get("deprecated")] == [
        "promtionPRlables",
        "whProxtSkipTLSVerifyUpstream",
    ]


@pytest.mark.parametrize(
    "content",
    [
        {
            "x-mine": 1,
            "promotionPaths": [{"sourcePath": "w/", "promotionPrs": [], "x-note": "y", "conditions": {"x-z": None}}],
        },
        {"promotionPaths": None, "argocd": None, "dryRunMode": None, "toggleCommitStatus": {"word": None}},
        {"toggleCommitStatus": {"anything": "a context"}},
        {},
    ],
)
def test_what_can_be_read_is_valid(content: Any) -> None:
    assert ROOT.is_valid(content)
    found = read.root(builders.yaml(content))
    assert not isinstance(found, Invalid)
    assert found.warnings == ()


@pytest.mark.parametrize(
    "content",
    [
        {"promotionPath": []},
        {"dryRunMode": "yes"},
        {"promotionPaths": {}},
        {"promotionPaths": [{}]},
        {"promotionPaths": [{"sourcePath": None}]},
        {"promotionPaths": [{"sourcePath": "w/", "componentPathExtraDepth": -1}]},
        {"promotionPaths": [{"sourcePath": "w/", "promotionPrs": [{"targetPaths": []}]}]},
        {"promotionPaths": [{"sourcePath": "w/", "promotionPrs": [{"targetPaths": ["a"], "targetPath": []}]}]},
        {"promotionPaths": [{"sourcePath": "w/", "conditions": {"prHasLabels": [None]}}]},
        {"argocd": {"commentDiffOnPR": True}},
        [],
    ],
)
def test_what_fails_the_check_is_not_valid(content: Any) -> None:
    assert not ROOT.is_valid(content)
    found = read.root(builders.yaml(content))
    assert isinstance(found, Invalid) or any(problem.unknown_key for problem in found.warnings)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 60) | st.sampled_from(["a/", "w", "merge"]),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


def mappings(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any value for these keys, for one of the user's own, and for an unknown one (unless null: that is left out)."""
    known = st.dictionaries(st.sampled_from([*keys, "x-own"]), VALUES, max_size=3)
    return st.builds(lambda one, other: one | other, known, st.just({}) | st.just({"unknown": 1}))


def aliases(section: type[model.Section]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


@given(mappings(*aliases(model.Component)))
def test_the_schema_and_the_reader_agree_on_component_files(content: dict[str, Any]) -> None:
    found = read.component(builders.yaml(content), RepoPath("a/telefonistka.yaml"))
    fine = not isinstance(found, Invalid) and not any(problem.unknown_key for problem in found.warnings)
    assert COMPONENT.is_valid(content) == fine


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "promotionPaths": st.lists(
                mappings(*aliases(model.PromotionPath)) | st.just({"sourcePath": "w/"}), max_size=2
            ),
            "argocd": mappings(*aliases(model.ArgoCd)),
            "promotionPrLabels": VALUES,
            "dryRunMode": VALUES,
            "mergeMethod": VALUES,
        },
    )
)
def test_the_schema_and_the_reader_agree_on_root_files(content: dict[str, Any]) -> None:
    found = read.root(builders.yaml(content))
    fine = not isinstance(found, Invalid) and not any(problem.unknown_key for problem in found.warnings)
    assert ROOT.is_valid(content) == fine


def test_the_text_is_json_with_its_last_line_ended() -> None:
    text = schema.text(schema.root())
    assert json.loads(text) == schema.root()
    assert text.endswith("}\n")
