"""No command shows a part of the database's password, however it is written (N30)."""

from pathlib import Path

import pytest

from telefonistka_py.cli import main
from tests.unit.inbox.test_address import ODD


@pytest.mark.parametrize(
    "command", [["server"], ["migrate"], ["inbox", "list"], ["doctor", "--json"], ["fanout", "list"]]
)
@pytest.mark.parametrize("url", ODD[:5])
def test_a_password_that_is_not_written_in_codes_is_not_shown(
    command: list[str], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEFONISTKA_DATABASE_URL", url)
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "a secret of the tests")
    monkeypatch.setenv("GITHUB_OAUTH_TOKEN", "ghp_sometokenthatisnone")
    monkeypatch.chdir(tmp_path)
    assert main.run(command) == 2
    said = "".join(capsys.readouterr())
    assert "TELEFONISTKA_DATABASE_URL" in said
    assert "%2F for /" in said
    assert "S3cret" not in said
    assert "Sup3r" not in said
