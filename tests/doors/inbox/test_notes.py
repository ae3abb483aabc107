"""What is worth remembering beside the deliveries is as durable as they are."""

from telefonistka_py.inbox.model import Inbox
from tests.doors.inbox.conftest import Reopen


async def test_what_is_noted_survives_a_restart_and_the_last_word_holds(reopen: Reopen) -> None:
    inbox = await reopen()
    await inbox.note("fanout:https://argo.example.com/", '{"failing": true}')
    await inbox.note("fanout:https://argo.example.com/", '{"failing": false}')
    assert await (await reopen()).notes() == {"fanout:https://argo.example.com/": '{"failing": false}'}


async def test_notes_are_found_by_the_start_of_their_key_and_nothing_in_it_is_a_pattern(inbox: Inbox) -> None:
    for key in ("a%:2", "a%:1", "ab:1", "b", "A%:1"):
        await inbox.note(key, key)
    assert list(await inbox.notes("a%:")) == ["a%:1", "a%:2"]
    assert list(await inbox.notes("c")) == []


async def test_a_note_is_forgotten(inbox: Inbox) -> None:
    await inbox.note("a", "x")
    await inbox.note("a", None)
    await inbox.note("never", None)
    assert await inbox.notes() == {}
