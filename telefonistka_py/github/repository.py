"""One repository at GitHub: what the house reads there (`reading`), and what it does there. One method, one purpose."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github import documents
from telefonistka_py.github.facts import (
    Inline,
    MadePull,
    OwnComment,
)
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.reading import Reads
from telefonistka_py.names import Branch, Login, Sha
from telefonistka_py.tree.graft import Write

LARGEST_INLINE = 10_000_000
"""Bytes of a file that goes out inside the request for its tree."""


class Repository(Reads):
    """Mutations go one after another, as `Transport` sees to it."""

    async def create_tree(self, base: Sha, writes: Sequence[Write]) -> Sha:
        """A tree like `base` with `writes` in it (https://docs.github.com/en/rest/git/trees#create-a-tree)."""
        entries = [
            {"path": write.path, "mode": f"{write.mode:06o}", "type": write.kind, "sha": write.sha} for write in writes
        ]
        return Sha((await self._do("POST", "git/trees", {"base_tree": base, "tree": entries}))["sha"])

    async def create_tree_of(self, base: Sha, files: Sequence[Inline]) -> Sha:
        """A tree like `base` with `files` in it. Text goes out with the tree; what is none, or very long, before it."""
        entries: list[dict[str, Any]] = []
        for file in files:
            entry = {"path": file.path, "mode": f"{file.entry.mode:06o}", "type": "blob"}
            if (text := _inline(file.content)) is not None:
                entries.append({**entry, "content": text})
            else:
                entries.append({**entry, "sha": await self._create_blob(file.content)})
        return Sha((await self._do("POST", "git/trees", {"base_tree": base, "tree": entries}))["sha"])

    async def _create_blob(self, content: bytes) -> Sha:
        data = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        return Sha((await self._do("POST", "git/blobs", data))["sha"])

    async def create_commit(self, message: str, tree: Sha, parent: Sha) -> Sha:
        """A commit by us; GitHub signs those of an App."""
        data = {"message": message, "tree": tree, "parents": [parent]}
        return Sha((await self._do("POST", "git/commits", data))["sha"])

    async def create_branch(self, name: str, commit: Sha) -> None:
        await self._do("POST", "git/refs", {"ref": f"refs/heads/{name}", "sha": commit})

    async def move_branch(self, name: str, commit: Sha) -> None:
        """Points the branch elsewhere, whatever it pointed at."""
        await self._do("PATCH", f"git/refs/heads/{quote(name)}", {"sha": commit, "force": True})

    async def advance_branch(self, name: str, commit: Sha) -> None:
        """Points the branch at a commit that follows upon its newest. Raises `Refused` when it does not."""
        await self._do("PATCH", f"git/refs/heads/{quote(name)}", {"sha": commit, "force": False})

    async def create_pull(self, *, title: str, body: str, head: str, base: Branch) -> MadePull:
        """Opens a pull request."""
        made = await self._do("POST", "pulls", {"title": title, "body": body, "head": head, "base": base})
        return MadePull(int(made["number"]), made["node_id"], made["html_url"], Sha(made["head"]["sha"]))

    async def approve(self, number: int, sha: Sha) -> None:
        """Approves the pull request at its head `sha`."""
        await self._do("POST", f"pulls/{number}/reviews", {"event": "APPROVE", "commit_id": sha})

    async def merge(self, number: int, *, sha: Sha, method: str, message: str) -> None:
        """Merges, if the head is still `sha` (N5). Raises `Refused`: 405 held or not mergeable, 409 other head."""
        data = {"sha": sha, "merge_method": method, "commit_message": message}
        await self._do("PUT", f"pulls/{number}/merge", data)

    async def arm(self, node_id: str, *, sha: Sha, method: str, message: str) -> None:
        """Has GitHub merge the pull request once what holds it is met. Raises `Refused` when it can't."""
        values = {"pull": node_id, "sha": sha, "method": method.upper(), "body": message}
        await self._transport.change("Arm", documents.ARM, values)

    async def disarm(self, node_id: str) -> None:
        """Takes GitHub's own auto-merge back. Raises `Refused` when it is not ordered."""
        await self._transport.change("Disarm", documents.DISARM, {"pull": node_id})

    async def enqueue(self, node_id: str, *, sha: Sha) -> None:
        """Puts the pull request into the merge queue. Raises `Refused` when it can't."""
        await self._transport.change("Enqueue", documents.ENQUEUE, {"pull": node_id, "sha": sha})

    async def dequeue(self, node_id: str) -> None:
        """Takes the pull request out of the merge queue. Raises `Refused` when it is not in it."""
        await self._transport.change("Dequeue", documents.DEQUEUE, {"pull": node_id})

    async def close(self, number: int) -> None:
        """Closes a pull request without merging it."""
        await self._do("PATCH", f"pulls/{number}", {"state": "closed"})

    async def delete_branch(self, name: str) -> None:
        """Deletes a branch; one that is gone already is fine."""
        try:
            await self._transport.mutate("DELETE", f"/repos/{self.name}/git/refs/heads/{quote(name)}")
        except Refused as error:
            if error.status not in (404, 422):
                raise

    async def minimize(self, comment: OwnComment) -> None:
        """Folds a comment away as outdated."""
        await self._transport.change("Minimize", documents.MINIMIZE, {"comment": comment.node_id})

    async def mark(self, number: int, *, labels: Iterable[str], assignees: Iterable[Login]) -> None:
        """Sets labels and assignees of a pull request in one request. GitHub drops those who can't be assigned."""
        names, people = list(labels), list(assignees)
        try:
            await self._do("PATCH", f"issues/{number}", {"labels": names, **({"assignees": people} if people else {})})
        except Refused as error:
            if error.status != 422 or not people:
                raise
            # Some logins can't be assigned, a bot's for one; that must not cost the labels.
            await self._do("PATCH", f"issues/{number}", {"labels": names})

    async def add_label(self, number: int, name: str) -> None:
        """Adds one label; others stay, whoever sets them meanwhile."""
        await self._transport.mutate("POST", f"/repos/{self.name}/issues/{number}/labels", {"labels": [name]})

    async def remove_label(self, number: int, name: str) -> None:
        """Takes one label off; one that is not there is fine."""
        try:
            await self._transport.mutate("DELETE", f"/repos/{self.name}/issues/{number}/labels/{quote(name, safe='')}")
        except Refused as error:
            if error.status != 404:
                raise

    async def create_status(self, sha: Sha, *, state: str, context: str, description: str, target_url: str) -> None:
        data = {"state": state, "context": context, "description": description, "target_url": target_url}
        await self._do("POST", f"statuses/{sha}", data)

    async def create_issue(self, *, title: str, body: str, label: str) -> int:
        """Opens an issue; its number."""
        return int((await self._do("POST", "issues", {"title": title, "body": body, "labels": [label]}))["number"])

    async def edit_issue(self, number: int, **changes: str) -> None:
        """Changes `title`, `body` or `state` (`open`, `closed`) of an issue."""
        await self._do("PATCH", f"issues/{number}", changes)

    async def create_comment(self, number: int, body: str) -> OwnComment:
        made = await self._do("POST", f"issues/{number}/comments", {"body": body})
        return OwnComment(int(made["id"]), made["node_id"], body, False, made["html_url"])

    async def edit_comment(self, comment: int, body: str) -> None:
        await self._do("PATCH", f"issues/comments/{comment}", {"body": body})

    async def react(self, comment: int, content: str) -> None:
        """Puts the reaction `content` (`eyes`, `rocket`, …) on a comment, where each identity has one of a kind.

        https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
        """
        await self._do("POST", f"issues/comments/{comment}/reactions", {"content": content})

    async def _do(self, method: str, path: str, data: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self._transport.mutate(method, f"/repos/{self.name}/{path}", data)
        if not isinstance(answer, dict):
            raise WorldUnwell(f"GitHub's answer to {method} {path} of {self.name} is no JSON object")
        return answer


def _inline(content: bytes) -> str | None:
    if len(content) > LARGEST_INLINE or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
