"""The reference names every key that the models have, with what the schema says of it."""

import re
from typing import Any

import pytest

from telefonistka_py.cli import main
from telefonistka_py.config import model, reference, schema


def rows() -> dict[str, list[str]]:
    """Each row by its key's path: value, default, meaning."""
    found = {}
    for line in reference.text().splitlines():
        if line.startswith("| `"):
            path, *cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found[path.strip("`")] = cells
    return found


def test_every_key_of_every_section_has_a_row() -> None:
    sections = [
        each
        for each in vars(model).values()
        if isinstance(each, type) and issubclass(each, model.Section) and each is not model.Section
    ]
    keys = {field.alias or name for section in sections for name, field in section.model_fields.items()}
    assert {path.rpartition(".")[2].removesuffix("[]") for path in rows()} == keys


def test_a_row_says_what_can_be_written() -> None:
    assert rows()["promotionPaths[].sourcePath"][:2] == ["text", "required"]
    assert rows()["promotionPaths[].componentPathExtraDepth"][:2] == ["whole number, 0 to 50", "`0`"]
    assert rows()["promotionPaths[].promotionPrs[].targetPaths[]"][:2] == ["list of texts", "required"]
    assert rows()["mergeMethod"][:2] == ["`merge`, `squash`, `rebase`", ""]
    assert rows()["supersedePromotionPrs"][:2] == ["`comment`, `close`", "`comment`"]
    assert rows()["dryRunMode"][:2] == ["`true` or `false`", "`false`"]
    assert rows()["toggleCommitStatus"][:2] == ["texts by name", ""]
    assert rows()["argocd"][:2] == ["section", ""]


@pytest.mark.parametrize("made", [schema.root(), schema.component()])
def test_a_row_says_what_the_schema_says(made: dict[str, Any]) -> None:
    for key, value in made["properties"].items():
        listed = f"{key}[]" if "items" in value else key
        assert rows()[listed][2] == value["description"].replace("|", "\\|")


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["schema", "--markdown"]) == 0
    assert capsys.readouterr().out == reference.text()
    assert main.run(["schema", "--markdown", "--component"]) == 2
