"""What keeps chores from going well until whoever runs the server acts.

It lies in the inbox, so that of several servers each can tell it, and the one on which the chore goes well again takes
it back.
"""

from telefonistka_py.inbox.model import Inbox

NOTES = "trouble:"
"""The keys of the inbox's notes begin with this; a chore's id follows."""


async def remember(inbox: Inbox, chore: str, why: str) -> None:
    """`why` is what is to be done, as a sentence; empty: nothing. Raises `WorldUnwell` when it can't be kept."""
    key = f"{NOTES}{chore}"
    if (await inbox.notes(key)).get(key, "") != why:
        await inbox.note(key, why or None)


async def told(inbox: Inbox) -> tuple[str, ...]:
    """What is to be done, a sentence for each chore. Raises `WorldUnwell` when the inbox can't be read."""
    return tuple((await inbox.notes(NOTES)).values())
