"""What a person does with the buttons of a page: what the API would let them do, and nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.content import File
from telefonistka_py.sandbox.model import Issue, Pull, User
from telefonistka_py.sandbox.pages import files
from telefonistka_py.sandbox.refusal import Refusal, SandboxError

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

Fields = Mapping[str, str]

NEEDS = {"merge": "write", "label": "triage", "unlabel": "triage", "comment": "read", "approve": "read"}
"""The access that a person needs; closing and reopening need `triage`, or to be the author."""


class NoSuchDeed(LookupError):
    """A page has no such button."""


async def do(repo: "Repo", by: User, issue: Issue, deed: str, fields: Fields) -> None:
    """Raises `Refusal` or `SandboxError` with what GitHub would say, and `NoSuchDeed`."""
    _check_access(repo, by, issue, deed)
    login, number = by.login, issue.number
    if deed == "comment":
        await repo.comment(login, number, _text(fields, "body", "Write something first."))
    elif deed == "close":
        await repo.close(login, number)
    elif deed == "reopen":
        await repo.reopen(login, number)
    elif deed == "label":
        await repo.label(login, number, _text(fields, "name", "Name a label first."))
    elif deed == "unlabel":
        await repo.unlabel(login, number, fields.get("name", ""))
    elif deed == "merge" and isinstance(issue, Pull):
        await _merge(repo, by, issue, fields)
    elif deed == "approve" and isinstance(issue, Pull):
        await repo.review(login, number, "APPROVE")
    else:
        raise NoSuchDeed(deed)


async def _merge(repo: "Repo", by: User, pull: Pull, fields: Fields) -> None:
    # The page showed one head; another that came meanwhile was seen by nobody.
    if fields.get("head") != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    await repo.merge(by.login, pull.number, method=fields.get("method", "merge"))


async def propose(repo: "Repo", by: User, fields: Fields) -> Pull:
    """Changes one file on a branch of its own, and opens the pull request.

    Raises `Refusal` or `SandboxError` when that can't be.
    """
    _check(repo, by, "write")
    path, base = fields.get("path", ""), repo.default_branch
    tip = (await repo.branches()).get(base)
    found = await files.file(repo, tip, path) if tip else None
    if tip is None or found is None:
        raise SandboxError(f"There is no file {path!r} on {base}.")
    entry, before = found
    content = _as_before(fields.get("content", ""), before.data)
    if content == before.data:
        raise SandboxError("Nothing was changed.")
    branch = await _free_branch(repo, by)
    title = fields.get("title", "").strip() or f"Update {path}"
    await repo.commit(by.login, branch, {path: File(content, entry.mode)}, message=title, start=tip)
    return await repo.open_pull(by.login, head=branch, title=title, body="", base=base)


def _as_before(typed: str, before: bytes) -> bytes:
    """Browsers send every line's end as CRLF; the file keeps its own."""
    text = typed.replace("\r\n", "\n")
    text = text.replace("\n", "\r\n") if b"\r\n" in before else text
    return text.encode()


async def _free_branch(repo: "Repo", by: User) -> str:
    taken, number = await repo.branches(), 1
    while f"{by.login}-patch-{number}" in taken:
        number += 1
    return f"{by.login}-patch-{number}"


def _check_access(repo: "Repo", by: User, issue: Issue, deed: str) -> None:
    if deed in ("close", "reopen") and issue.author is by:
        return
    _check(repo, by, NEEDS.get(deed, "triage"))


def _check(repo: "Repo", by: User, level: str) -> None:
    if not repo.allows(by.login, level):
        raise Refusal(403, f"{by.login} needs {level} access to {repo.name} for this.")
    if repo.archived:
        raise Refusal(403, "Repository was archived so is read-only.")


def _text(fields: Fields, name: str, otherwise: str) -> str:
    value = fields.get(name, "").replace("\r\n", "\n")
    if not value.strip():
        raise SandboxError(otherwise)
    return value
