"""What an app followed before people set it to a pull request's branch; as durable as the deliveries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py.argocd.applications import Ref
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.names import Branch, RepoName

_START = "argocd-branch:"


@dataclass(frozen=True)
class Memory:
    """One app that we set to a branch."""

    instance: str
    ref: Ref
    repo: RepoName
    number: int
    """The pull request's."""
    branch: Branch
    revisions: Mapping[int, str]
    """By the source's place, from 1; empty for none at all."""
    earlier: tuple[Branch, ...] = ()
    """Branches of other pull requests that we set it to since; it may stand there still, as a change may fail."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.instance, self.ref.namespace, self.ref.name


async def all_of(inbox: Inbox | None) -> dict[tuple[str, str, str], Memory]:
    """Everything that is remembered, by instance, namespace and name. Without an inbox nothing is."""
    if inbox is None:
        return {}
    found = (_read(text) for text in (await inbox.notes(_START)).values())
    return {each.key: each for each in found if each is not None}


async def keep(inbox: Inbox | None, memory: Memory) -> None:
    if inbox is not None:
        await inbox.note(_key(memory.key), _written(memory))


async def forget(inbox: Inbox | None, key: tuple[str, str, str]) -> None:
    if inbox is not None:
        await inbox.note(_key(key), None)


def _key(key: tuple[str, str, str]) -> str:
    return _START + "/".join(key)


def _written(memory: Memory) -> str:
    return json.dumps(
        {
            "instance": memory.instance,
            "namespace": memory.ref.namespace,
            "name": memory.ref.name,
            "project": memory.ref.project,
            "repo": memory.repo,
            "number": memory.number,
            "branch": memory.branch,
            "earlier": list(memory.earlier),
            "revisions": {str(place): revision for place, revision in memory.revisions.items()},
        }
    )


def _read(text: str) -> Memory | None:
    """None for what another version wrote, of which nothing can be made."""
    try:
        said = json.loads(text)
        return Memory(
            said["instance"],
            Ref(said["name"], said["namespace"], said["project"]),
            RepoName(said["repo"]),
            said["number"],
            Branch(said["branch"]),
            {int(place): str(revision) for place, revision in said["revisions"].items()},
            tuple(Branch(each) for each in said.get("earlier", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
