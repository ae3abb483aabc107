"""`telefonistka migrate`: what it says. What it makes is in `doors/inbox/test_postgres.py`."""

import pytest

from telefonistka_py.cli import main


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEFONISTKA_DATABASE_URL", raising=False)


def test_without_the_variable_one_is_told_to_set_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["migrate"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: TELEFONISTKA_DATABASE_URL is missing: set it to postgresql://")
    assert "An inbox in a file needs no migration" in err


@pytest.mark.parametrize("url", ["mysql://bot:open-sesame@db/inbox", "postgresql://bot:open-sesame@127.0.0.1:1/inbox"])
def test_a_database_that_cant_be_used_is_one_sentence_without_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEFONISTKA_DATABASE_URL", url)
    assert main.run(["migrate"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "TELEFONISTKA_DATABASE_URL" in said
    assert "sesame" not in said
