"""GraphQL nodes of git's objects. Trees read all they will be asked for in one go, however deep the query is."""

import base64
import posixpath
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode
from graphql.language import SelectionNode

from telefonistka_py.sandbox import commits, diffs, profiles, pulls
from telefonistka_py.sandbox.commits import Commit, Person
from telefonistka_py.sandbox.git import EMPTY_TREE, Entry, Object
from telefonistka_py.sandbox.model import node_id
from telefonistka_py.sandbox.refusal import Json
from telefonistka_py.sandbox.resolvers import View, account, connection

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

LARGEST_TEXT = 512_000
"""Bytes of text that GraphQL gives; more is cut, and `isTruncated` says so."""


async def object_at(view: View, repo: "Repo", expression: str) -> Any:
    """What a revision expression means (`main`, `SHA:dir/file`); None when there is no such thing."""
    revision, colon, path = expression.partition(":")
    if not colon:
        sha = await repo.git.resolve(expression)
        return await git_object(view, repo, sha) if sha else None
    root = await repo.git.tree_of(revision) if revision else None
    path = path.rstrip("/")
    found = await repo.git.entry(root, path) if root else None
    if found is None or found.kind == "commit":
        return None
    return await git_object(view, repo, found.sha, path)


async def git_object(view: View, repo: "Repo", sha: str, path: str = "") -> Any:
    found = await repo.git.object(sha) if sha != EMPTY_TREE else Object(sha, "tree", 0, b"")
    return _node(view, repo, found, path) if found else None


def _node(view: View, repo: "Repo", found: Object, path: str) -> Any:
    match found.kind:
        case "commit":
            return CommitNode(view, repo, commits.parse(found.sha, found.data))
        case "tree":
            return TreeNode(view, repo, found.sha, path)
        case "blob":
            return BlobNode(repo, found)
        case _:
            return TagNode(view, repo, found)


class _Node:
    def __init__(self, repo: "Repo", kind: str, sha: str) -> None:
        self.oid, self.abbreviated_oid = sha, sha[:7]
        self.id = node_id(kind, repo.id, sha)
        self.commit_url = f"{repo.html_url}/commit/{sha}"


class TagNode(_Node):
    typename = "Tag"

    def __init__(self, view: View, repo: "Repo", found: Object) -> None:
        super().__init__(repo, "TA", found.sha)
        head, _, message = found.data.decode("utf-8", "replace").partition("\n\n")
        fields = dict(line.partition(" ")[::2] for line in head.split("\n"))
        self.view, self.repo, self.name, self.message = view, repo, fields.get("tag", ""), message
        self._target = fields["object"]

    async def target(self) -> Any:
        return await git_object(self.view, self.repo, self._target)


class BlobNode(_Node):
    typename = "Blob"

    def __init__(self, repo: "Repo", found: Object) -> None:
        super().__init__(repo, "B", found.sha)
        self.byte_size, self._data = found.size, found.data

    @property
    def is_binary(self) -> bool:
        return b"\0" in self._data[:8000]

    @property
    def is_truncated(self) -> bool:
        return not self.is_binary and self.byte_size > LARGEST_TEXT

    @property
    def text(self) -> str | None:
        return None if self.is_binary else self._data[:LARGEST_TEXT].decode("utf-8", "replace")


class CommitNode(_Node):
    typename = "Commit"

    def __init__(self, view: View, repo: "Repo", commit: Commit) -> None:
        super().__init__(repo, "C", commit.sha)
        self.view, self.repo, self.commit = view, repo, commit
        self.message, self.message_headline = commit.message, commit.headline
        self.message_body = commit.message.partition("\n")[2].strip()
        self.committed_date = profiles.stamp(commit.committer.when)
        self.authored_date = profiles.stamp(commit.author.when)
        self.url = self.commit_url

    def author(self) -> Json:
        return self._person(self.commit.author)

    def committer(self) -> Json:
        return self._person(self.commit.committer)

    def _person(self, who: Person) -> Json:
        user = self.view.hub.by_email(who.email)
        known = account(self.view, user) if user is not None and user.kind == "User" else None
        return {"name": who.name, "email": who.email, "date": who.when.isoformat(), "user": known}

    def tree(self) -> "TreeNode":
        return TreeNode(self.view, self.repo, self.commit.tree, "")

    async def file(self, info: "GraphQLResolveInfo[Any]", path: str) -> "EntryNode | None":
        found = await self.repo.git.entry(self.commit.tree, path.strip("/")) if path.strip("/") else None
        if found is None:
            return None
        made = await _entries(self.view, self.repo, [found], posixpath.dirname(path.strip("/")), info)
        return made[0]

    async def parents(self, first: int | None = None, last: int | None = None, after: str | None = None) -> Json:
        return await self._listed(self.commit.parents, {"first": first, "last": last, "after": after})

    async def history(
        self, first: int | None = None, last: int | None = None, after: str | None = None, path: str | None = None
    ) -> Json:
        below = ["--", f":(literal){path}"] if path else []
        out = await self.repo.git.run("rev-list", "--date-order", self.oid, *below)
        return await self._listed(out.decode().split(), {"first": first, "last": last, "after": after})

    async def _listed(self, shas: Sequence[str], page: Json) -> Json:
        found = connection(shas, page)
        made = {each.sha: each for each in await commits.read_all(self.repo.git, found["nodes"])}
        nodes = [CommitNode(self.view, self.repo, made[sha]) for sha in found["nodes"]]
        edges = [edge | {"node": node} for edge, node in zip(found["edges"], nodes, strict=True)]
        return found | {"nodes": nodes, "edges": edges}

    async def associated_pull_requests(
        self, first: int | None = None, last: int | None = None, after: str | None = None, order_by: Json | None = None
    ) -> Json:
        from telefonistka_py.sandbox.pull_nodes import pull_connection

        every = self.repo.pulls()
        own = {pull.number: await pulls.commits(self.repo, pull) for pull in every}
        found = pulls.containing(every, self.oid, own)
        return pull_connection(self.view, self.repo, found, {"first": first, "last": last, "after": after}, order_by)

    async def _changes(self) -> list[diffs.Changed]:
        parent = self.commit.parents[0] if self.commit.parents else None
        return await diffs.files(self.repo.git, parent, self.oid)

    async def changed_files_if_available(self) -> int:
        return len(await self._changes())

    async def additions(self) -> int:
        return sum(each.additions for each in await self._changes())

    async def deletions(self) -> int:
        return sum(each.deletions for each in await self._changes())

    def status(self) -> Any:
        from telefonistka_py.sandbox import check_nodes

        return check_nodes.status(self.view, self.repo, self.oid)

    def status_check_rollup(self) -> Any:
        from telefonistka_py.sandbox import check_nodes

        return check_nodes.rollup(self.view, self.repo, self.oid)


class TreeNode(_Node):
    typename = "Tree"

    def __init__(self, view: View, repo: "Repo", sha: str, path: str) -> None:
        super().__init__(repo, "T", sha)
        self.view, self.repo, self.path = view, repo, path

    async def entries(self, info: "GraphQLResolveInfo[Any]") -> "list[EntryNode]":
        found = await self.repo.git.tree(self.oid) or ()
        return await _entries(self.view, self.repo, found, self.path, info)


class EntryNode:
    typename = "TreeEntry"

    __slots__ = ("_entry", "_folder", "mode", "object", "oid", "size", "submodule", "type")

    def __init__(self, entry: Entry, folder: str, size: int, object: Any) -> None:
        self._entry, self._folder, self.size, self.object = entry, folder, size, object
        self.mode, self.oid, self.type = int(entry.mode, 8), entry.sha, entry.kind
        self.submodule = self._submodule() if entry.kind == "commit" else None

    @property
    def name(self) -> str:
        return self._entry.name.decode("utf-8", "replace")

    @property
    def name_raw(self) -> str:
        return base64.b64encode(self._entry.name).decode()

    @property
    def path(self) -> str:
        return posixpath.join(self._folder, self.name)

    @property
    def path_raw(self) -> str:
        raw = posixpath.join(self._folder.encode("utf-8", "surrogateescape"), self._entry.name)
        return base64.b64encode(raw).decode()

    @property
    def extension(self) -> str:
        return posixpath.splitext(self.name)[1]

    def _submodule(self) -> Json:
        names = {"name": self.name, "name_raw": self.name_raw, "path": self.path, "path_raw": self.path_raw}
        return names | {"subproject_commit_oid": self.oid}


async def _entries(
    view: View, repo: "Repo", found: Sequence[Entry], folder: str, info: "GraphQLResolveInfo[Any]"
) -> list[EntryNode]:
    """The entries with all that the query below them needs: sizes, contents, the next level of trees."""
    asked = _asked(info)
    blobs = [each.sha for each in found if each.kind == "blob"]
    data: dict[str, Object | None] = {}
    if "object" in asked and asked & {"text", "isBinary", "isTruncated"}:
        data = dict(zip(blobs, await repo.git.objects(blobs), strict=True))
    elif asked & {"object", "size"}:
        data = dict(zip(blobs, await repo.git.info(blobs), strict=True))
    if "entries" in asked:
        await repo.git.trees([each.sha for each in found if each.kind == "tree"])
    made = []
    for each in found:
        blob = data.get(each.sha)
        below: Any = None
        if "object" in asked and each.kind == "tree":
            below = TreeNode(view, repo, each.sha, posixpath.join(folder, each.name.decode("utf-8", "surrogateescape")))
        elif "object" in asked and blob is not None:
            below = BlobNode(repo, blob)
        made.append(EntryNode(each, folder, blob.size if blob else 0, below))
    return made


def _asked(info: "GraphQLResolveInfo[Any]") -> set[str]:
    """Names of the fields asked of the entries, and of their `object`, through fragments too."""
    asked: set[str] = set()
    for node in _fields(info, _selected(info.field_nodes)):
        asked.add(node.name.value)
        if node.name.value == "object":
            asked |= {each.name.value for each in _fields(info, _selected([node]))}
    return asked


def _selected(nodes: Iterable[FieldNode]) -> list[SelectionNode]:
    return [each for node in nodes if node.selection_set for each in node.selection_set.selections]


def _fields(info: "GraphQLResolveInfo[Any]", selections: Iterable[SelectionNode]) -> list[FieldNode]:
    found: list[FieldNode] = []
    for each in selections:
        if isinstance(each, FieldNode):
            found.append(each)
        elif isinstance(each, InlineFragmentNode):
            found += _fields(info, each.selection_set.selections)
        elif isinstance(each, FragmentSpreadNode):
            found += _fields(info, info.fragments[each.name.value].selection_set.selections)
    return found
