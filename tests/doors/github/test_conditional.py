"""What did not change costs nothing of the limit, and nothing is ever taken for true without asking."""

import asyncio

import pytest

from telefonistka_py.github.credentials import Token
from telefonistka_py.github.etags import MOST_BYTES
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.transport import Transport
from telefonistka_py.names import RepoName
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.content import Content
from tests.doors.github.conftest import Line

REPO = "/repos/acme/gitops"


def left(line: Line) -> int:
    """Of the only installation's limit."""
    [token] = line.hub.tokens.values()
    return line.hub.quota.bucket(Actor(user=token.installation.app.bot, token=token), "core").remaining


async def test_an_answer_that_still_holds_is_asked_about_and_costs_nothing(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    first = await transport.get(f"{REPO}/branches/main")
    before = left(line)
    again = await transport.get(f"{REPO}/branches/main")
    assert again == first
    assert [each.status for each in line.requests("/branches/main")] == [200, 304]
    assert left(line) == before


async def test_a_change_is_seen_at_once(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    first = await transport.get(f"{REPO}/branches/main")
    await line.hub.repo("acme/gitops").commit("alice", "main", {"x": "1"})
    second = await transport.get(f"{REPO}/branches/main")
    assert first["commit"]["sha"] != second["commit"]["sha"]
    assert [each.status for each in line.requests("/branches/main")] == [200, 200]


async def test_what_a_caller_does_to_an_answer_does_not_reach_the_next_one(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    first = await transport.get(REPO)
    first["full_name"] = "changed"
    assert (await transport.get(REPO))["full_name"] == "acme/gitops"


async def test_what_is_gone_is_an_error_although_it_was_kept(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    await transport.get(REPO)
    line.hub.will_answer(404, path=f"{REPO}$")
    with pytest.raises(Refused):
        await transport.get(REPO)


async def test_each_page_is_asked_about_by_itself(line: Line) -> None:
    repo = line.hub.repo("acme/gitops")
    files: dict[str, Content | None] = {f"dir/{number}.yaml": f"x: {number}\n" for number in range(150)}
    await repo.commit("alice", "many", files)
    pull = await repo.open_pull("alice", head="many", title="Many")
    repository = await line.connection().repository(RepoName("acme/gitops"), None)
    first = await repository.changed_paths(pull.number, 150)
    again = await repository.changed_paths(pull.number, 150)
    assert first == again
    assert first is not None
    assert len(first) == 150
    statuses = sorted((each.path[-1], each.status) for each in line.requests("/files"))
    assert statuses == [("1", 200), ("1", 304), ("2", 200), ("2", 304)]


async def test_two_identities_never_share_an_answer(line: Line) -> None:
    await line.connection().transport(line.installation()).get(REPO)
    alice = line.connection(Token(line.hub.user("alice").token)).transport(None)
    await alice.get(REPO)
    assert [each.status for each in line.requests(REPO)] == [200, 200]


async def test_a_new_token_of_the_same_installation_goes_on_asking(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    first = await transport.get(REPO)
    line.clock.move(hours=2)
    assert await transport.get(REPO) == first
    assert len(line.requests("/access_tokens")) == 2


async def test_changes_are_never_conditional(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    await transport.get(f"{REPO}/issues")
    for _ in range(2):
        await transport.mutate("POST", f"{REPO}/issues", {"title": "x"})
    made = [each for each in line.requests("/issues") if each.method == "POST"]
    sent = [{name.lower() for name in each.request_headers} for each in made]
    assert not any("if-none-match" in names for names in sent)


async def test_what_is_kept_stays_small_however_much_is_read(line: Line) -> None:
    """Blobs come as base64, a third larger: a dozen of 0.6 MB, and one of more than 1 MiB."""
    repo = line.hub.repo("acme/gitops")
    files: dict[str, Content | None] = {f"large{number}": f"{number:02d}" * 225_000 for number in range(12)}
    await repo.commit("alice", "main", files | {"huge": "x" * 900_000})
    transport = line.connection().transport(line.installation())
    tree = (await transport.get(f"{REPO}/git/trees/main"))["tree"]
    blobs = {each["path"]: f"{REPO}/git/blobs/{each['sha']}" for each in tree}
    huge = blobs.pop("huge")
    await asyncio.gather(*(transport.get(url) for url in blobs.values()))
    kept = kept_bytes(transport)
    assert 3_000_000 < kept <= MOST_BYTES
    for _ in range(2):
        assert (await transport.get(huge))["size"] == 900_000
    assert kept_bytes(transport) == kept
    assert [each.status for each in line.requests(huge)] == [200, 200]


def kept_bytes(transport: Transport) -> int:
    return transport._etags.bytes
