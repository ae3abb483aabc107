"""Where the App is installed, and on what, however many pages that takes (N22)."""

import pytest

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github.credentials import Token
from telefonistka_py.names import RepoName
from telefonistka_py.sandbox import Repo, births
from tests.doors.github.conftest import Line


def install_on(line: Line, count: int) -> None:
    """Installs the App on further accounts, without repositories."""
    for number in range(count):
        births.install(line.hub, line.app, line.hub.add_user(f"org{number}", kind="Organization"), None)


async def test_all_installations_are_listed_page_by_page_but_suspended_ones(line: Line) -> None:
    install_on(line, 204)
    line.hub.suspend("org7")
    found = await line.connection().installations()
    accounts = [each.account for each in found]
    assert len(set(accounts)) == len(accounts) == 204
    assert "acme" in accounts
    assert "org203" in accounts
    assert "org7" not in accounts
    assert len(line.requests("/app/installations?")) == 3


async def test_a_repository_of_an_installation_on_page_two_is_found_at_once(line: Line) -> None:
    install_on(line, 150)
    await line.hub.add_repo("late/repo", files={"a": "b"})
    repository = await line.connection().repository(RepoName("late/repo"), None)
    assert (await repository.viewer()) == "telefonistka[bot]"
    assert [each.path.removeprefix("/api/v3") for each in line.requests("installation")][:1] == [
        "/repos/late/repo/installation"
    ]
    assert not line.requests("/app/installations?")


async def test_a_personal_token_has_no_installations(line: Line) -> None:
    with pytest.raises(OperatorMistake, match="only a GitHub App"):
        await line.connection(Token(line.hub.user("alice").token)).installations()


async def test_the_repositories_of_an_installation_are_all_listed_but_archived_ones(line: Line) -> None:
    bare = line.hub.repo("acme/gitops").git
    for number in range(150):
        name = f"acme/r{number}"
        repo = line.hub.repos[name] = Repo(
            line.hub, line.hub.next_id(), name, line.hub.user("acme"), bare, "trunk" if number == 149 else "main"
        )
        repo.archived = number == 3
    found = await line.connection().repositories(line.installation())
    names = [each.name for each in found]
    assert len(set(names)) == len(names) == 150
    assert "acme/r3" not in names
    assert found[-1].name == "acme/r149"
    assert found[-1].default_branch == "trunk"
    assert found[-1].html_url == f"{line.hub.url}/acme/r149"


async def test_a_list_that_is_too_short_is_an_error(line: Line) -> None:
    def shorter(real: dict[str, object]) -> dict[str, object]:
        return real | {"repositories": []}

    line.hub.will_answer(200, path="/installation/repositories", body=shorter, after_effect=True)
    with pytest.raises(WorldUnwell, match="changed while it was read"):
        await line.connection().repositories(line.installation())


async def test_an_app_that_was_installed_anew_is_found_again(line: Line) -> None:
    connection = line.connection()
    name = RepoName("acme/gitops")
    await (await connection.repository(name, None)).viewer()
    old = line.installation()
    line.hub.installations.pop(old)
    line.hub.tokens.clear()
    births.install(line.hub, line.app, line.hub.user("acme"), None)
    with pytest.raises(OperatorMistake, match=f"no installation {old}"):
        await (await connection.repository(name, None)).viewer()
    assert await (await connection.repository(name, None)).viewer()
