"""GitHub in a folder: a real HTTP server over real bare git repositories, for trying things out and for tests.

It speaks the part of GitHub's REST and GraphQL that a bot like ours uses, at `/` and at GitHub Enterprise's
`/api/v3` and `/api/graphql`, and git over HTTP. What it doesn't know it answers with 501 and remembers in
`hub.unknown`. It imports nothing of the rest of this package, so it can't share its mistakes.

    async with Hub.running(folder) as hub:
        repo = await hub.add_repo("acme/gitops", files={"dev/app/a.yaml": "x: 1\\n"}, collaborators={"alice": "write"})
        app = hub.add_app(webhook_url="http://127.0.0.1:8080/webhook", secret="s3cret")
        await repo.commit("alice", "feature", {"dev/app/a.yaml": "x: 2\\n"})
        pull = await repo.open_pull("alice", head="feature", title="Two")
        await repo.merge("alice", pull.number)
        await hub.delivered()

A branch can demand things of its pull requests, which people and Apps then bring about:

    repo.protect("main", checks=("ci/test",), reviews=1)
    repo.allow_auto_merge = True
    await repo.set_status("ci", pull.head_sha, "ci/test", "success")
    await repo.review("bob", pull.number, "APPROVE")

Where GitHub's behaviour is not documented, the sandbox is the stricter of the possibilities.
"""

from telefonistka_py.sandbox.checks import CheckRun
from telefonistka_py.sandbox.content import Content, File, Link, Submodule
from telefonistka_py.sandbox.hub import Hub
from telefonistka_py.sandbox.model import App, Comment, Delivery, Exchange, Issue, Pull, Review, Status, User
from telefonistka_py.sandbox.protection import Protection
from telefonistka_py.sandbox.refusal import Refusal, SandboxError
from telefonistka_py.sandbox.repository import Repo

__all__ = [
    "App",
    "CheckRun",
    "Comment",
    "Content",
    "Delivery",
    "Exchange",
    "File",
    "Hub",
    "Issue",
    "Link",
    "Protection",
    "Pull",
    "Refusal",
    "Repo",
    "Review",
    "SandboxError",
    "Status",
    "Submodule",
    "User",
]
