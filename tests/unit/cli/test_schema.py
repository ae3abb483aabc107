"""`telefonistka schema` prints what editors need."""

import json

import pytest

from telefonistka_py.cli import main
from telefonistka_py.config import schema


@pytest.mark.parametrize(("arguments", "made"), [((), schema.root()), (("--component",), schema.component())])
def test_the_schema_is_printed(arguments: tuple[str, ...], made: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["schema", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == made
