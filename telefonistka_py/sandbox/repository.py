"""A repository of the sandbox: its git, what GitHub remembers beside it, and what people do to it."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import (
    automerge,
    checks,
    commits,
    diffs,
    issues,
    merges,
    protection,
    pulls,
    queue,
    refs,
    reviews,
    statuses,
    trees,
)
from telefonistka_py.sandbox.content import Content, Submodule, mode_and_bytes
from telefonistka_py.sandbox.git import EMPTY_TREE, Entry, Git
from telefonistka_py.sandbox.model import Comment, Issue, Label, Pull, Review, Status, User
from telefonistka_py.sandbox.refusal import SandboxError

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

ACCESS = ("none", "read", "triage", "write", "maintain", "admin")
"""GitHub's permission levels, the weakest first."""


class Repo:
    """One repository. The methods named after verbs are people's actions and fire GitHub's webhooks."""

    def __init__(self, hub: "Hub", id: int, name: str, owner: User, git: Git, default_branch: str) -> None:
        self.hub, self.id, self.name, self.owner, self.git = hub, id, name, owner, git
        self.default_branch = default_branch
        self.private = True
        self.archived = False
        self.allow_merge_commit = self.allow_squash_merge = self.allow_rebase_merge = True
        self.allow_auto_merge = False
        self.delete_branch_on_merge = False
        self.fork_of: str | None = None
        self.access: dict[str, str] = {}
        """Login to permission level, for those who have one."""
        self.labels: dict[str, Label] = {}
        """By lower-case name: GitHub's labels don't differ by case alone."""
        self.issues: dict[int, Issue] = {}
        self.status_log: dict[str, list[Status]] = {}
        self.suites: dict[str, list[checks.Suite]] = {}
        """Check suites by commit."""
        self.protections: dict[str, protection.Protection] = {}
        """By branch name."""
        self.queues: dict[str, list[queue.Entry]] = {}
        """Merge queues by branch name."""
        self.queue_blocks = False
        """Whether `mergeStateStatus` is `BLOCKED` where a merge queue is demanded, also when nothing is missing."""
        self.undecided = 0
        """For how many more requests that ask GitHub is still computing whether a pull request can be merged."""
        self._undecided_at = -1
        self.created_at: datetime = hub.clock()
        self.pushed_at: datetime = self.created_at
        self.lock = asyncio.Lock()
        """Held while refs move, so that events tell the truth in order."""

    @property
    def short_name(self) -> str:
        return self.name.split("/", 1)[1]

    @property
    def html_url(self) -> str:
        return f"{self.hub.url}/{self.name}"

    @property
    def clone_url(self) -> str:
        return f"{self.html_url}.git"

    def access_of(self, login: str) -> str:
        """`none`, `read`, `triage`, `write`, `maintain` or `admin`."""
        if login == self.owner.login:
            return "admin"
        return self.access.get(login, "none" if self.private else "read")

    def allows(self, login: str, level: str) -> bool:
        return ACCESS.index(self.access_of(login)) >= ACCESS.index(level)

    def set_access(self, login: str, level: str) -> None:
        """Gives `login` the permission level, or takes it away with `none`."""
        if level not in ACCESS:
            raise SandboxError(f"{level!r} is no permission level; use one of {', '.join(ACCESS)}.")
        self.access[self.hub.user(login).login] = level

    def protect(
        self,
        branch: str,
        *,
        checks: Iterable[str] = (),
        reviews: int = 0,
        queue: bool = False,
        strict: bool = False,
        dismiss_stale: bool = False,
    ) -> None:
        """Demands of changes to `branch` what `Protection` says, instead of what was demanded before."""
        self.protections[branch] = protection.Protection(tuple(checks), reviews, queue, strict, dismiss_stale)

    def unprotect(self, branch: str) -> None:
        self.protections.pop(branch, None)

    def is_undecided(self) -> bool:
        """Whether GitHub is still computing; one request, however often it asks, uses up one of `undecided`."""
        at = len(self.hub.exchanges)
        if at == self._undecided_at:
            return True
        if self.undecided > 0:
            self.undecided, self._undecided_at = self.undecided - 1, at
            return True
        return False

    async def settle(self) -> None:
        """Lets GitHub's auto-merge look whether what it waits for is met."""
        async with self.lock:
            await automerge.settle(self)

    # What people do

    async def commit(
        self, login: str, branch: str, files: Mapping[str, Content | None], *, message: str = "", start: str = ""
    ) -> str:
        """Commits `files` (None removes a file or directory) and pushes; makes the branch at `start` when missing."""
        by = self.hub.user(login)
        async with self.lock:
            before = await refs.read(self, f"refs/heads/{branch}")
            parent = before or await self.git.resolve(f"{start or self.default_branch}^{{commit}}")
            if parent is None and (start or await self.branches()):
                raise SandboxError(f"There is no {start or self.default_branch!r} in {self.name} to start from.")
            base = await self.git.tree_of(parent) if parent else None
            entries = {path: self._stored(path, content) for path, content in files.items()}
            sha = commits.write(
                self.git,
                tree=await trees.overlay(self.git, base, entries),
                parents=[parent] if parent else [],
                author=commits.person(by, self.hub.clock()),
                committer=commits.person(by, self.hub.clock()),
                message=message or f"Change {', '.join(list(files)[:3])}",
            )
            await refs.move(self, by, f"refs/heads/{branch}", before, sha)
        return sha

    def _stored(self, path: str, content: Content | None) -> Entry | None:
        name = path.rsplit("/", 1)[-1].encode("utf-8", "surrogateescape")
        if content is None:
            return None
        mode, body = mode_and_bytes(content)
        if isinstance(content, Submodule) or body is None:
            assert isinstance(content, Submodule)
            return Entry(mode, name, content.sha)
        return Entry(mode, name, self.git.write("blob", body))

    async def push(self, login: str, branch: str, sha: str | None, *, force: bool = False) -> None:
        """Points `branch` at a commit that the repository holds; None deletes the branch."""
        async with self.lock:
            await refs.change(self, self.hub.user(login), f"refs/heads/{branch}", sha, force=force)

    async def open_pull(
        self,
        login: str,
        *,
        head: str,
        title: str,
        body: str | None = "",
        base: str = "",
        labels: Iterable[str] = (),
        draft: bool = False,
    ) -> Pull:
        by = self.hub.user(login)
        base = base or self.default_branch
        pull = await pulls.open(self, by, title=title, body=body, head=head, base=base, draft=draft)
        if labels:
            await issues.label(self, by, pull, list(labels))
        return pull

    async def merge(self, login: str, number: int, *, method: str = "merge", message: str | None = None) -> str:
        """Merges as a person would; answers the commit. Raises `Refusal` when GitHub would refuse."""
        merge = merges.Wish(method, None, message, None)
        return await merges.merge(self, self.hub.user(login), self.pull(number), merge)

    async def review(self, login: str, number: int, event: str, body: str = "") -> Review:
        """`event`: `APPROVE`, `REQUEST_CHANGES` or `COMMENT`."""
        wish = reviews.Wish(event, body or ("" if event == "APPROVE" else "About this."))
        return await reviews.submit(self, self.hub.user(login), self.pull(number), wish)

    async def set_status(self, login: str, sha: str, context: str, state: str, description: str = "") -> Status:
        """A commit status by `login`, who is added when the hub does not know them (a CI server, say)."""
        wish = statuses.Wish(state, context, description or None, None)
        return await statuses.set(self, self.hub.add_user(login), sha, wish)

    async def run_check(self, slug: str, sha: str, name: str, conclusion: str | None = None) -> checks.CheckRun:
        """A check run by the App `slug`, made when the hub has none; without `conclusion` it is in progress.

        A run of that name that is underway is taken on.
        """
        found = (each for each in self.hub.apps.values() if each.slug == slug)
        app = next(found, None) or self.hub.add_app(slug, permissions={"checks": "write"}, events=())
        wish = checks.Wish(name, None if conclusion else "in_progress", conclusion)
        running = (each for each in checks.latest(self, sha) if each.suite.app is app and each.name == name)
        run = next((each for each in running if each.status != "completed"), None)
        return await checks.change(self, run, wish) if run else await checks.make(self, app, sha, wish)

    async def enqueue(self, login: str, number: int, *, jump: bool = False) -> None:
        """Puts a pull request into its merge queue; `jump`: before those that are in it."""
        await queue.enqueue(self, self.hub.user(login), self.pull(number), head=None, jump=jump)

    async def run_queue(self, *, fails: Iterable[int] = (), waits: Iterable[int] = ()) -> list[int]:
        """The merge queues' checks are done, but for `waits`: merges what is in them, but for `fails`. Answers the
        numbers merged."""
        return await queue.run(self, set(fails), set(waits))

    async def close(self, login: str, number: int) -> None:
        await issues.close(self, self.hub.user(login), self.issue(number))

    async def reopen(self, login: str, number: int) -> None:
        await issues.reopen(self, self.hub.user(login), self.issue(number))

    async def edit(
        self, login: str, number: int, *, title: str | None = None, body: str | None = None, base: str | None = None
    ) -> None:
        by, issue = self.hub.user(login), self.issue(number)
        await issues.edit(self, by, issue, title=title, body=body)
        if base is not None:
            await pulls.retarget(self, by, self.pull(number), base)

    async def rename_default_branch(self, login: str, name: str) -> None:
        """Open pull requests into it go into the new one; its protection moves along (docs: Renaming a branch)."""
        old, by = self.default_branch, self.hub.user(login)
        sha = await self.git.resolve(f"refs/heads/{old}")
        assert sha is not None
        await self.git.run("branch", "-m", old, name)
        await self.git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
        self.default_branch = name
        if old in self.protections:
            self.protections[name] = self.protections.pop(old)
        for pull in self.pulls(state="open"):
            if pull.base_ref == old:
                await pulls.retarget(self, by, pull, name)

    async def label(self, login: str, number: int, *names: str) -> None:
        await issues.label(self, self.hub.user(login), self.issue(number), list(names))

    async def unlabel(self, login: str, number: int, name: str) -> None:
        await issues.unlabel(self, self.hub.user(login), self.issue(number), name)

    async def comment(self, login: str, number: int, body: str) -> Comment:
        return await issues.comment(self, self.hub.user(login), self.issue(number), body)

    async def edit_comment(self, login: str, comment_id: int, body: str) -> Comment:
        return await issues.edit_comment(self, self.hub.user(login), self.find_comment(comment_id), body)

    async def open_issue(self, login: str, *, title: str, body: str | None = "") -> Issue:
        return await issues.open(self, self.hub.user(login), title=title, body=body)

    async def fork(self, login: str) -> "Repo":
        """A copy below `login`'s account, from which pull requests can come (`head="login:branch"`)."""
        return await self.hub.fork(self, login)

    # What one can look at

    def issue(self, number: int) -> Issue:
        if number not in self.issues:
            raise SandboxError(f"{self.name} has no issue or pull request {number}.")
        return self.issues[number]

    def pull(self, number: int) -> Pull:
        found = self.issue(number)
        if not isinstance(found, Pull):
            raise SandboxError(f"{self.name}#{number} is an issue, not a pull request.")
        return found

    def pulls(self, *, state: str = "all") -> list[Pull]:
        """Pull requests by number; `state`: `open`, `closed` or `all`."""
        every = [issue for issue in self.issues.values() if isinstance(issue, Pull)]
        return [pull for pull in every if state in ("all", pull.state)]

    def find_comment(self, comment_id: int) -> Comment:
        for issue in self.issues.values():
            for comment in issue.comments:
                if comment.id == comment_id:
                    return comment
        raise SandboxError(f"{self.name} has no comment {comment_id}.")

    def statuses(self, sha: str) -> list[Status]:
        """Every status ever set on the commit, oldest first."""
        return list(self.status_log.get(sha, ()))

    async def branches(self) -> dict[str, str]:
        """Branch name to commit, sorted by name."""
        return {name.removeprefix("refs/heads/"): sha for name, sha in await refs.matching(self, "refs/heads/")}

    async def files(self, number: int) -> list[diffs.Changed]:
        """The files that the pull request changes."""
        return await pulls.files(self, self.pull(number))

    async def tree(self, ref: str) -> dict[str, tuple[str, str, str]]:
        """Every file at `ref`: path to mode, type and id. Directories are not listed."""
        out = await self.git.run("ls-tree", "-r", "-z", ref)
        found = {}
        for line in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            meta, path = line.split("\t", 1)
            mode, kind, sha = meta.split(" ")
            found[path] = (mode, kind, sha)
        return found

    async def tree_sha(self, ref: str, path: str = "") -> str | None:
        """The id of the directory (or file) at `path`; None when nothing is there."""
        root = await self.git.tree_of(ref)
        found = await self.git.entry(root, path.strip("/")) if root else None
        return found.sha if found and found.sha != EMPTY_TREE else None

    async def read(self, ref: str, path: str) -> bytes | None:
        """A file's bytes; None when it doesn't exist."""
        sha = await self.tree_sha(ref, path)
        found = await self.git.object(sha) if sha else None
        return found.data if found and found.kind == "blob" else None
