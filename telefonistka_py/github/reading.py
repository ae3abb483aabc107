"""What the house reads in a repository at GitHub. No read turns a failure into an empty answer."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events import parse
from telefonistka_py.events.model import PullRequest
from telefonistka_py.github import answers, documents
from telefonistka_py.github.documents import Look
from telefonistka_py.github.facts import (
    Blob,
    Existing,
    File,
    FilesStart,
    LandingState,
    OpenPull,
    OwnComment,
    OwnIssue,
    Pin,
    Start,
    Tip,
    Touch,
)
from telefonistka_py.github.failure import Lacking, Refused
from telefonistka_py.github.transport import Transport
from telefonistka_py.names import Branch, Login, RepoName, RepoPath, Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.model import Entry, Mode, ancestors
from telefonistka_py.tree.reading import Answer, Reader, Trees, Wanted, attempt

PER_PAGE = 100
MOST_FILES = 3_000
"""GitHub lists no more files of a pull request (https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files)."""

_NO_TEXT = b"\xff"
"""Its reader says that it is not UTF-8, which is all there is to say."""

LARGEST_FILE = 1_000_000
"""Bytes of a configuration file that is fetched at all (N27)."""

_PER_LOOK = 60
"""Objects per query: small enough that GitHub answers well within its ten seconds."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Seen:
    """What one look brought back."""

    texts: dict[RepoPath, Any]
    """The files asked for, as GraphQL gave them; `Repository.content` makes bytes of one."""
    existing: dict[str, Existing]
    """By branch name."""
    comments: tuple[OwnComment, ...]
    state: str
    """The pull request's, whose comments these are."""
    open_pulls: tuple[OpenPull, ...]


class Reads:
    """Reads raise the house's errors; none turns a failure into an empty answer."""

    def __init__(self, transport: Transport, name: RepoName) -> None:
        self.name = name
        self._transport = transport
        self._owner, _, self._repo = name.partition("/")

    async def start(self, trees: Trees, number: int) -> Start:
        """The default branch now, its root listing (kept in `trees`), and how pull request `number` stands now."""
        values = {"owner": self._owner, "name": self._repo, "number": number}
        data = await self._transport.query("Pin", documents.PIN, values)
        repository = data["repository"]
        ref = repository["defaultBranchRef"]
        if ref is None:
            raise WorldUnwell(f"{self.name} has no default branch: it is empty, or being made")
        target = ref["target"]
        pin = Pin(Branch(ref["name"]), Sha(target["oid"]), Sha(target["tree"]["oid"]), answers.methods(repository))
        _keep(trees, target["tree"])
        newest = max((int(each["number"]) for each in repository["pullRequests"]["nodes"]), default=number)
        return Start(pin, await self._file(target["file"]), repository["pullRequest"]["state"], max(newest, number))

    async def tip(self) -> Tip:
        """The default branch now."""
        data = await self._transport.query("Tip", documents.TIP, {"owner": self._owner, "name": self._repo})
        ref = data["repository"]["defaultBranchRef"]
        if ref is None:
            raise WorldUnwell(f"{self.name} has no default branch: it is empty, or being made")
        target = ref["target"]
        return Tip(
            Branch(ref["name"]), Sha(target["oid"]), Sha(target["tree"]["oid"]), await self._file(target["file"])
        )

    async def _file(self, node: Mapping[str, Any] | None) -> File | None:
        if node is None:
            return None
        entry = Entry(node["mode"], Sha(node["oid"]))
        return File(entry, await self._content(node["object"], entry))

    async def changed_paths(self, number: int, count: int | None) -> list[RepoPath] | None:
        """The files that pull request `number` changes, renames under both names; `count` is how many it says it has.

        None when GitHub does not list them all: the caller compares the trees.
        """
        if count is not None and count > MOST_FILES:
            return None
        pages = range(1, max(1, -(-(count or 1) // PER_PAGE)) + 1)
        found = [file for page in await together(self._files(number, page) for page in pages) for file in page]
        page = len(pages)
        while len(found) == page * PER_PAGE and len(found) < MOST_FILES:
            page += 1
            found += await self._files(number, page)
        if len(found) >= MOST_FILES or (count is not None and len(found) < count):
            return None
        names = (name for file in found for name in (file["filename"], file.get("previous_filename")) if name)
        return list(dict.fromkeys(RepoPath(name) for name in names))

    async def _files(self, number: int, page: int) -> list[dict[str, Any]]:
        url = f"/repos/{self.name}/pulls/{number}/files?per_page={PER_PAGE}&page={page}"
        answer = await self._transport.get(url)
        if not isinstance(answer, list):
            raise WorldUnwell(f"GitHub's list of the files of {self.name}#{number} is no list")
        return answer

    async def merge_base(self, base: Sha, head: Sha) -> Sha:
        """The commit that two have in common."""
        return Sha((await self._compare(base, head))["merge_base_commit"]["sha"])

    async def contains(self, branch: Sha, commit: Sha) -> bool:
        """Whether `commit` is in the history of `branch`, or that history was rewritten without it.

        False means that `branch` is older than `commit`: GitHub answered from a copy that lags behind.
        """
        return branch == commit or (await self._compare(commit, branch))["status"] != "behind"

    async def is_ancestor(self, commit: Sha, of: Sha) -> bool:
        """Whether `commit` is in the history of `of`."""
        return commit == of or (await self._compare(commit, of))["status"] == "ahead"

    async def _compare(self, base: Sha, head: Sha) -> dict[str, Any]:
        answer = await self._transport.get(f"/repos/{self.name}/compare/{base}...{head}?per_page=1&page=1")
        if not isinstance(answer, dict):
            raise WorldUnwell(f"GitHub's comparison of two commits of {self.name} is no JSON object")
        return answer

    async def trees_of(self, commits: Sequence[Sha]) -> list[Sha]:
        """The root tree of each commit."""
        look = Look()
        aliases = [look.add_commit(commit) for commit in commits]
        found = await self._look(look)
        nodes = [found[alias] for alias in aliases]
        for commit, node in zip(commits, nodes, strict=True):
            if not node or "tree" not in node:
                raise WorldUnwell(f"GitHub has no commit {commit} in {self.name}")
        return [Sha(node["tree"]["oid"]) for node in nodes]

    async def tree_if_known(self, commit: Sha) -> Sha | None:
        """The root tree of a commit; None when GitHub has it no more, as when a forced push left it behind."""
        look = Look()
        alias = look.add_commit(commit)
        node = (await self._look(look))[alias]
        return Sha(node["tree"]["oid"]) if node and "tree" in node else None

    async def look(
        self,
        pin: Pin,
        trees: Trees,
        *,
        flat: Iterable[RepoPath],
        deep: Iterable[RepoPath],
        files: Iterable[RepoPath],
        branches: Iterable[str],
        comments_of: int,
        label: str,
        files_at: Sha | None = None,
    ) -> Seen:
        """One round trip for all that a plan needs to know of the pinned commit, and of what was done before.

        Directories go into `trees` (those `deep` with what lies below them). `files` are read at the commit `files_at`,
        if that is another one.
        """
        asks: list[Callable[[Look], None]] = []
        keys: dict[tuple[str, str], tuple[int, str]] = {}

        def ask(kind: str, key: str, add: Callable[[Look], str]) -> None:
            place = len(asks)
            asks.append(lambda look: keys.__setitem__((kind, key), (place // _PER_LOOK, add(look))))

        for path in flat:
            ask("directory", path, lambda look, path=path: look.add_directory(f"{pin.commit}:{path}", deep=False))  # type: ignore[misc]
        for path in deep:
            ask("directory", path, lambda look, path=path: look.add_directory(f"{pin.commit}:{path}", deep=True))  # type: ignore[misc]
        for path in files:
            ask("file", path, lambda look, path=path: look.add_file(f"{files_at or pin.commit}:{path}"))  # type: ignore[misc]
        if files_at:
            ask("commit", files_at, lambda look: look.add_commit(files_at))
        for name in branches:
            ask("branch", name, lambda look, name=name: look.add_branch(name))  # type: ignore[misc]
            ask("pulls", name, lambda look, name=name: look.add_pulls(name))  # type: ignore[misc]
        ask("comments", "", lambda look: look.add_comments(comments_of))
        ask("open", "", lambda look: look.add_open_pulls(label))
        ask("newest", "", lambda look: look.add_newest_open_pulls())
        found = await self._chunks(asks)
        answer = {key: found[chunk][alias] for key, (chunk, alias) in keys.items()}
        if files_at and not answer["commit", files_at]:
            raise WorldUnwell(f"GitHub has no commit {files_at} in {self.name}")
        for (kind, _), node in answer.items():
            if kind == "directory" and node:
                _keep(trees, node)
        existing = {
            name: Existing(answers.branch(answer["branch", name]), answers.pulls(answer["pulls", name]))
            for kind, name in keys
            if kind == "branch"
        }
        return Seen(
            texts={RepoPath(path): answer[kind, path] for kind, path in keys if kind == "file"},
            existing=existing,
            comments=answers.own_comments(answer["comments", ""]["comments"]),
            state=answer["comments", ""]["state"],
            open_pulls=answers.open_pulls(answer["open", ""], answer["newest", ""]),
        )

    async def walk(self, trees: Trees, ask: Callable[[Reader], Answer]) -> Answer:
        """`ask`'s answer, fetching the directories that it turns out to need."""
        while isinstance(answer := attempt(trees, ask), Wanted):
            found = await self._chunks([lambda look, sha=sha: look.add_tree(sha) for sha in answer.shas])  # type: ignore[misc]
            for node in (node for chunk in found for node in chunk.values()):
                _keep(trees, node or {})
            if missing := [sha for sha in answer.shas if trees.get(sha) is None]:
                raise WorldUnwell(f"GitHub has no directory listing for the git tree {missing[0]} of {self.name}")
        return answer

    async def content(self, node: Mapping[str, Any] | None, entry: Entry) -> bytes | None:
        """The bytes of the file `entry`, whose text a query gave as `node`; None for what is no plain file."""
        return await self._content(node, entry)

    async def _content(self, node: Mapping[str, Any] | None, entry: Entry) -> bytes | None:
        if entry.kind != "blob":
            return None
        if (exact := answers.text(node, entry.sha)) is not None:
            return exact
        if node and node.get("byteSize", 0) > LARGEST_FILE:
            return b"#" * (LARGEST_FILE + 1)  # its reader says that it is too long, which is all there is to say
        # Not UTF-8, or long: REST gives the bytes themselves (https://docs.github.com/en/rest/git/blobs#get-a-blob).
        answer = await self._transport.get(f"/repos/{self.name}/git/blobs/{entry.sha}")
        return base64.b64decode(answer["content"])

    async def texts(self, shas: Sequence[Sha], most_bytes: int) -> dict[Sha, Blob]:
        """Files by their object ids, in one query; a further request each for those that GraphQL can't give exactly.

        The content of files that are binary, or longer than `most_bytes`, is not read.
        """
        look = Look()
        aliases = [look.add_blob(sha) for sha in shas]
        found = await self._look(look, "Texts")
        read = [self._blob(sha, found[alias], most_bytes) for sha, alias in zip(shas, aliases, strict=True)]
        return dict(zip(shas, await together(read), strict=True))

    async def _blob(self, sha: Sha, node: Mapping[str, Any] | None, most_bytes: int) -> Blob:
        if not node or "byteSize" not in node:
            raise WorldUnwell(f"GitHub has no file with git id {sha} in {self.name}")
        size, binary = int(node["byteSize"]), node["isBinary"]
        if binary or size > most_bytes:
            return Blob(size, binary, None)
        return Blob(size, binary, await self._content(node, Entry(Mode.FILE, sha)))

    async def traces(
        self, commit: Sha, paths: Sequence[RepoPath], elsewhere: Sequence[tuple[Sha, RepoPath]]
    ) -> tuple[list[Touch | None], list[Sha | None]]:
        """In one query: the newest commit, from `commit` back, that touched each of `paths`; and what stands at places
        of other commits, None where nothing does."""
        look = Look()
        touches = [look.add_last_commit(commit, path) for path in paths]
        there = [look.add_object(f"{head}:{path}") for head, path in elsewhere]
        found = await self._look(look, "Traces")
        return (
            [answers.touch(found[alias]) for alias in touches],
            [Sha(found[alias]["oid"]) if found[alias] else None for alias in there],
        )

    async def files_start(self, trees: Trees, paths: Sequence[RepoPath], branch: str) -> FilesStart:
        """The default branch now; what stands at `paths` there and on `branch`, and the pull requests of `branch`.

        The listings of the directories that lead to `paths` go into `trees`. They are asked for by the branches' names,
        so one that moved meanwhile gives newer ones: whoever walks from the pinned tree finds what is missing.
        """
        folders = list(dict.fromkeys(above for path in paths for above in ancestors(path)))
        revisions = ("HEAD", f"refs/heads/{branch}")
        places = [f"{revision}:{folder}" for revision in revisions for folder in folders]
        files = [f"{revision}:{path}" for revision in revisions for path in paths]
        start: list[Callable[[Look], str]] = [
            lambda look: look.add_default_branch(),
            lambda look: look.add_branch(branch),
            lambda look: look.add_pulls(branch),
        ]
        start += [lambda look, place=place: look.add_directory(place, deep=False) for place in places]  # type: ignore[misc]
        start += [lambda look, file=file: look.add_file(file) for file in files]  # type: ignore[misc]
        chunks = await self._chunks(start)
        nodes = [chunks[at // _PER_LOOK][f"f{at % _PER_LOOK}"] for at in range(len(start))]
        ref = nodes[0]
        if ref is None:
            raise OperatorMistake(f"{self.name} has no default branch: it is empty")
        for node in (ref["target"]["tree"], *nodes[3 : 3 + len(places)]):
            if node:
                _keep(trees, node)
        target = ref["target"]
        return FilesStart(
            Pin(
                Branch(ref["name"]), Sha(target["oid"]), Sha(target["tree"]["oid"]), answers.methods(ref["repository"])
            ),
            Existing(answers.branch(nodes[1]), answers.pulls(nodes[2])),
            {Sha(node["oid"]): node for node in nodes[3 + len(places) :] if node},
        )

    async def file_bytes(self, sha: Sha, node: Mapping[str, Any] | None) -> bytes:
        """The very bytes of a file: what a query gave as `node` if its hash proves it, else read anew. At most 100 MB
        (https://docs.github.com/en/rest/git/blobs#get-a-blob)."""
        if (exact := answers.text(node, sha)) is not None:
            return exact
        answer = await self._transport.get(f"/repos/{self.name}/git/blobs/{sha}")
        content = base64.b64decode(answer["content"])
        if proof.blob_sha(content, like=sha) != sha:
            raise WorldUnwell(f"GitHub gave other bytes than those of the file with git id {sha} in {self.name}")
        return content

    async def own_comments(self, number: int) -> tuple[OwnComment, ...]:
        """Our comments among the last 100 of a pull request, oldest first."""
        look = Look()
        alias = look.add_comments(number)
        return answers.own_comments((await self._look(look))[alias]["comments"])

    async def open_pulls(self, label: str) -> tuple[OpenPull, ...]:
        """Our open pull requests with this label, and those opened last that may not carry it yet; newest first."""
        look = Look()
        labelled, newest = look.add_open_pulls(label), look.add_newest_open_pulls()
        found = await self._look(look)
        return answers.open_pulls(found[labelled], found[newest])

    async def merge_commits(self, numbers: Sequence[int]) -> dict[int, Sha | None]:
        """What each pull request became on its base, in one query; None for one that is not merged."""
        look = Look()
        aliases = {number: look.add_merge_commit(number) for number in numbers}
        found = await self._look(look)
        commits = {number: found[alias]["mergeCommit"] for number, alias in aliases.items()}
        return {number: Sha(commit["oid"]) if commit else None for number, commit in commits.items()}

    async def landing(self, number: int) -> LandingState:
        """How a pull request that is to be merged stands now."""
        variables = {"owner": self._owner, "name": self._repo, "number": number}
        try:
            data = await self._transport.query("Landing", documents.landing(), variables)
        except Lacking as older:
            if not older.fields <= documents.NEWER_FIELDS.keys():
                raise
            data = await self._transport.query("Landing", documents.landing(older.fields), variables)
        return answers.landing(data["repository"])

    async def files(self, commit: Sha) -> dict[RepoPath, Entry] | None:
        """Every file of a commit; None when GitHub does not list them all at once: over 100,000, or 7 MB
        (https://docs.github.com/en/rest/git/trees#get-a-tree)."""
        found, whole = await self.everything(commit)
        return {path: entry for path, entry in found.items() if not entry.is_directory} if whole else None

    async def everything(self, tree: Sha) -> tuple[dict[RepoPath, Entry], bool]:
        """All that lies below a tree or commit, directories included, and whether GitHub listed it to the end."""
        answer = await self._transport.get(f"/repos/{self.name}/git/trees/{tree}?recursive=1")
        found = {RepoPath(item["path"]): Entry(int(item["mode"], 8), Sha(item["sha"])) for item in answer["tree"]}
        return found, not answer["truncated"]

    async def own_issues(self, label: str) -> list[OwnIssue]:
        """Our issues with this label among the newest 100, open or closed, newest first; no pull requests."""
        us = await self.viewer()
        answer = await self._transport.get(
            f"/repos/{self.name}/issues?state=all&labels={quote(label)}&per_page={PER_PAGE}"
        )
        if not isinstance(answer, list):
            raise WorldUnwell(f"GitHub's list of the issues of {self.name} is no list")
        return [
            OwnIssue(int(each["number"]), each["title"], each["body"] or "", each["state"] == "open")
            for each in answer
            if "pull_request" not in each and each["user"] and each["user"]["login"] == us
        ]

    async def entries_now(self, branch: Branch, paths: Sequence[RepoPath]) -> list[Sha | None]:
        """What stands at each of `paths` on `branch` now; None where nothing does."""
        return await self._entries(f"refs/heads/{branch}", paths)

    async def file_at(self, commit: Sha, path: RepoPath) -> bytes | None:
        """A file of a commit; None when there is none."""
        look = Look()
        there, alias = look.add_commit(commit), look.add_file(f"{commit}:{path}")
        found = await self._look(look)
        if not found[there]:
            raise WorldUnwell(f"GitHub has no commit {commit} in {self.name}")
        node = found[alias]
        return await self._content(node, Entry(Mode.FILE, Sha(node["oid"]))) if node else None

    async def blobs(self, shas: Iterable[Sha]) -> dict[Sha, bytes]:
        """The contents of configuration files, many to a query.

        What is no text is not fetched (`_NO_TEXT` stands for it), so that nobody can spend our requests with it (N24).
        """
        wanted = list(dict.fromkeys(shas))
        found = await self._chunks([lambda look, sha=sha: look.add_blob(sha) for sha in wanted])  # type: ignore[misc]
        nodes = [node for chunk in found for node in chunk.values()]
        contents = {}
        for sha, node in zip(wanted, nodes, strict=True):
            exact = answers.text(node, sha)
            truncated = exact is None and node and node["isTruncated"]
            content = await self._content(node, Entry(Mode.FILE, sha)) if truncated else exact
            contents[sha] = _NO_TEXT if content is None else content
        return contents

    async def entries(self, commit: Sha, paths: Sequence[RepoPath]) -> list[Sha | None]:
        """What stands at each of `paths` in `commit`; None where nothing does."""
        return await self._entries(commit, paths)

    async def _entries(self, revision: str, paths: Sequence[RepoPath]) -> list[Sha | None]:
        # The root proves that the revision itself was found: without it, nothing would look like an absent path (N1).
        asks = [lambda look, path=path: look.add_object(f"{revision}:{path}") for path in ("", *paths)]
        root, *nodes = [node for chunk in await self._chunks(asks) for node in chunk.values()]
        if not root:
            raise WorldUnwell(f"GitHub has no {revision} in {self.name}")
        return [Sha(node["oid"]) if node else None for node in nodes]

    async def approved(self, number: int, sha: Sha) -> bool:
        """Whether we approved the pull request at its head `sha`."""
        look = Look()
        alias = look.add_approvals(number)
        reviews = (await self._look(look))[alias]["reviews"]["nodes"]
        return any(review["viewerDidAuthor"] and review["commit"]["oid"] == sha for review in reviews)

    async def pull(self, number: int) -> PullRequest:
        """A pull request as it is now."""
        answer = await self._transport.get(f"/repos/{self.name}/pulls/{number}")
        try:
            return parse.pull(json.dumps(answer).encode())
        except parse.MalformedEvent as error:
            raise WorldUnwell(f"GitHub's answer about {self.name}#{number} can't be read: {error}") from error

    async def viewer(self) -> Login:
        """Who we are."""
        data = await self._transport.query("Viewer", documents.VIEWER, {})
        return Login(data["viewer"]["login"])

    async def may_write(self, login: Login) -> bool:
        """Whether `login` may push to the repository
        (https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user)."""
        try:
            answer = await self._transport.get(f"/repos/{self.name}/collaborators/{quote(login)}/permission")
        except Refused as error:
            if error.status != 404:
                raise
            return False  # no such person, or nobody here
        return answer["permission"] in ("admin", "write")

    async def status_of(self, sha: Sha, context: str) -> tuple[str, str] | None:
        """State and target URL of one commit status; None when the commit has no status of that context."""
        page, seen = 1, 0
        while True:
            answer = await self._transport.get(f"/repos/{self.name}/commits/{sha}/status?per_page=100&page={page}")
            for each in answer["statuses"]:
                if each["context"] == context:
                    return str(each["state"]), str(each["target_url"] or "")
            seen += len(answer["statuses"])
            if not answer["statuses"] or seen >= answer["total_count"]:
                return None
            page += 1

    async def _chunks(self, asks: Sequence[Callable[[Look], object]]) -> list[dict[str, Any]]:
        looks = []
        for start in range(0, len(asks), _PER_LOOK):
            look = Look()
            for add in asks[start : start + _PER_LOOK]:
                add(look)
            looks.append(look)
        return await together(self._look(look) for look in looks)

    async def _look(self, look: Look, operation: str = "Look") -> dict[str, Any]:
        document = look.document(self._owner, self._repo, operation)
        data = await self._transport.query(document.operation, document.text, document.variables)
        repository = data["repository"]
        assert isinstance(repository, dict)
        return repository


def _keep(trees: Trees, node: Mapping[str, Any]) -> None:
    for sha, listing in answers.trees(node):
        trees.add(sha, listing)


async def together(work: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results in order; when some fail, the first failure, once all have ended: nothing goes on unseen."""
    done = await asyncio.gather(*work, return_exceptions=True)
    results: list[Result] = []
    for result in done:
        if isinstance(result, BaseException):
            raise result
        results.append(result)
    return results
