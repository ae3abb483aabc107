"""Reads what GraphQL answered. A shape that the schema does not allow is a failed read, never an empty one."""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.facts import FoundBranch, FoundPull, LandingState, OpenPull, OwnComment, Touch
from telefonistka_py.names import Branch, Login, Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.model import Entry, Listing


def trees(node: Mapping[str, Any]) -> Iterator[tuple[Sha, Listing]]:
    """Every directory whose listing `node` (an object with `oid` and perhaps `entries`) holds, itself and below."""
    if node.get("entries") is None:
        return
    yield Sha(node["oid"]), {_name(entry): Entry(entry["mode"], Sha(entry["oid"])) for entry in node["entries"]}
    for entry in node["entries"]:
        if below := entry.get("object"):
            yield from trees({"oid": entry["oid"], **below})


def _name(entry: Mapping[str, Any]) -> str:
    return base64.b64decode(entry["nameRaw"]).decode("utf-8", "surrogateescape")


def text(node: Mapping[str, Any] | None, sha: Sha) -> bytes | None:
    """A blob's content, proven by its hash; None when GitHub gives none, or not the very bytes."""
    if node is None or node.get("text") is None or node["isTruncated"]:
        return None
    content = str(node["text"]).encode("utf-8", "surrogatepass")
    return content if proof.blob_sha(content, like=sha) == sha else None


def branch(node: Mapping[str, Any] | None) -> FoundBranch | None:
    """A ref's newest commit."""
    if node is None:
        return None
    tip = node["target"]
    if "message" not in tip:
        raise WorldUnwell("a branch of that name points at something that is no commit")
    return FoundBranch(
        commit=Sha(tip["oid"]),
        tree=Sha(tip["tree"]["oid"]),
        message=tip["message"],
        parents=tuple(Sha(parent["oid"]) for parent in tip["parents"]["nodes"]),
    )


def pulls(node: Mapping[str, Any]) -> tuple[FoundPull, ...]:
    """Pull requests of this very repository; a fork may use the same branch name (N26)."""
    return tuple(_pull(pull) for pull in node["nodes"] if not pull["isCrossRepository"])


def open_pulls(*nodes: Mapping[str, Any]) -> tuple[OpenPull, ...]:
    """Open pull requests that we opened ourselves from a branch of this very repository, each once, newest first."""
    found = {pull["number"]: pull for node in nodes for pull in node["nodes"]}
    return tuple(
        OpenPull(
            pull=_pull(pull),
            branch=pull["headRefName"],
            body=pull["body"],
            touched=_touched(pull),
        )
        for _, pull in sorted(found.items(), reverse=True)
        if pull["viewerDidAuthor"] and not pull["isCrossRepository"]
    )


def _touched(pull: Mapping[str, Any]) -> bool:
    """Our commit is the only one, was never amended or rebased, and has no other author."""
    if pull["commits"]["totalCount"] != 1:
        return True
    commit = pull["commits"]["nodes"][0]["commit"]
    author = (commit["author"] or {}).get("user")  # none for an App's own commits
    ours = author is None or author["login"] == (pull["author"] or {}).get("login")
    return not ours or commit["authoredDate"] != commit["committedDate"]


def _pull(pull: Mapping[str, Any]) -> FoundPull:
    return FoundPull(
        node_id=pull["id"],
        number=pull["number"],
        state=pull["state"],
        url=pull["url"],
        title=pull["title"],
        head_sha=Sha(pull["headRefOid"]),
        labels=frozenset(label["name"] for label in pull["labels"]["nodes"]),
        assignees=frozenset(Login(assignee["login"]) for assignee in pull["assignees"]["nodes"]),
        ours=pull["viewerDidAuthor"],
    )


def landing(repository: Mapping[str, Any]) -> LandingState:
    """How a pull request stands on its way to be merged. What a server has no field for is not so."""
    node, default = repository["pullRequest"], repository["defaultBranchRef"]
    status = node.get("mergeStateStatus")
    return LandingState(
        node_id=node["id"],
        state=node["state"],
        head_sha=Sha(node["headRefOid"]),
        base=Branch(node["baseRefName"]),
        default=default is not None and node["baseRefName"] == default["name"],
        armed=bool(node.get("autoMergeRequest")),
        queued=bool(node.get("isInMergeQueue")),
        has_queue=bool(node.get("isMergeQueueEnabled")),
        blocked=status == "BLOCKED",
        conflicting=status == "DIRTY" if status else node["mergeable"] == "CONFLICTING",
        behind=status == "BEHIND",
    )


def methods(repository: Mapping[str, Any]) -> tuple[str, ...]:
    """The merge methods that the repository allows."""
    return tuple(
        name
        for name, key in (("merge", "mergeCommit"), ("squash", "squashMerge"), ("rebase", "rebaseMerge"))
        if repository[f"{key}Allowed"]
    )


def own_comments(node: Mapping[str, Any]) -> tuple[OwnComment, ...]:
    """Those of the comments that we wrote, oldest first."""
    return tuple(
        OwnComment(comment["databaseId"], comment["id"], comment["body"], comment["isMinimized"], comment["url"])
        for comment in node["nodes"]
        if comment["viewerDidAuthor"]
    )


def touch(node: Mapping[str, Any] | None) -> Touch | None:
    """The newest commit of a history; None when nothing ever touched the path."""
    if not node or "history" not in node:
        raise WorldUnwell("GitHub does not know the commit whose history was asked for")
    for commit in node["history"]["nodes"]:
        pull = next(iter(commit["associatedPullRequests"]["nodes"]), None)
        labels = pull["labels"]["nodes"] if pull and pull["viewerDidAuthor"] else ()
        return Touch(
            sha=Sha(commit["oid"]),
            at=datetime.fromisoformat(commit["committedDate"]),
            headline=commit["messageHeadline"],
            pull=pull["number"] if pull else None,
            own_labels=frozenset(label["name"] for label in labels),
        )
    return None
