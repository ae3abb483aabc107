"""Version bumps from CI: one commit that was built, one pull request that carries its version, whatever happens."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from telefonistka_py.bump import draft, flow
from telefonistka_py.bump.draft import Trigger
from telefonistka_py.bump.flow import Order, Outcome
from telefonistka_py.bump.model import Change, Overwrite, Replace, Set
from telefonistka_py.cli import main
from telefonistka_py.errors import RepoMistake, WorldUnwell
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import Token
from telefonistka_py.names import Login, RepoName, RepoPath
from telefonistka_py.pulls.flow import WrongTree
from telefonistka_py.sandbox.content import Content, File, Link
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import House

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
BRANCH = f"artifact_version_bump/acme/app/{SHA}"
WEB, JOBS = "dev/web/values.yaml", "dev/jobs/values.yaml"
FILES: dict[str, Content] = {
    WEB: "image:\n  tag: v1  # the release\n",
    JOBS: "jobs:\n  - {name: sync, tag: v1}\n",
    "run.sh": File("#!/bin/sh\nrun v1\n", "100755"),
    "link.yaml": Link(WEB),
}
TAG = ("bump-yaml", "-f", WEB, "--address", ".image.tag", "-n", "v2")


@dataclass
class Job:
    """A job of GitHub Actions that runs the commands. It acts as bob, unless told otherwise."""

    house: House
    repo: Repo
    folder: Path
    capsys: pytest.CaptureFixture[str]
    environ: dict[str, str] = field(default_factory=dict)
    out: str = ""
    err: str = ""

    async def run(self, *arguments: str) -> int:
        """The exit code; what was printed is in `out` and `err`, what was asked of GitHub in the hub's exchanges."""
        self.house.hub.exchanges.clear()
        with Environment(self.environ):
            code = await asyncio.to_thread(main.run, list(arguments))
        self.out, self.err = self.capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def asked(self) -> list[Exchange]:
        """Requests, those for tokens aside."""
        return [
            each for each in self.house.hub.exchanges if "/app/" not in each.path and "/installation" not in each.path
        ]

    def outputs(self) -> dict[str, str]:
        """What the last run told GitHub Actions."""
        lines = (self.folder / "output").read_text().splitlines()[-2:]
        return dict(line.split("=", 1) for line in lines)

    async def content(self, path: str, ref: str = BRANCH) -> bytes | None:
        return await self.repo.read(ref, path)


class Environment:
    """`os.environ` is exactly this, and then what it was."""

    def __init__(self, wanted: dict[str, str]) -> None:
        self._wanted, self._before = wanted, dict(os.environ)

    def __enter__(self) -> None:
        os.environ.clear()
        os.environ.update(self._wanted)

    def __exit__(self, *_: object) -> None:
        os.environ.clear()
        os.environ.update(self._before)


@pytest.fixture
async def job(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    repo = await house.repo(FILES)
    environ = {
        "GITHUB_HOST": house.hub.url,
        "GITHUB_OAUTH_TOKEN": house.hub.user("bob").token,
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_SHA": SHA,
        "GITHUB_ACTOR": "alice",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "TARGET_REPO": repo.name,
    }
    return Job(house, repo, tmp_path, capsys, environ)


async def commits(repo: Repo, branch: str = BRANCH) -> list[str]:
    """Messages of what `branch` has beyond the default branch, newest first."""
    out = await repo.git.run("log", "--format=%s", f"{repo.default_branch}..{branch}")
    return out.decode().splitlines()


# What people see


async def test_a_version_is_proposed_in_the_words_of_the_go_server(job: Job) -> None:
    assert await job.run(*TAG) == 0
    [pull] = job.repo.pulls()
    assert pull.title == f"acme/app🚠 Bumping version @ {WEB}"
    assert pull.body == f"Bumping version triggered by acme/app@{SHA}"
    assert (pull.head_ref, pull.base_ref) == (BRANCH, "main")
    assert pull.labels == ["promotion"]
    assert [user.login for user in pull.assignees] == ["alice"]
    assert await commits(job.repo) == [f"Bumping version @ {WEB}"]
    assert await job.content(WEB) == b"image:\n  tag: v2  # the release\n"
    url = f"{job.repo.html_url}/pull/{pull.number}"
    assert job.out.splitlines()[-1] == url
    assert "-  tag: v1  # the release\n+  tag: v2  # the release\n" in job.out
    assert job.outputs() == {"pr-url": url, "changed": "true"}


async def test_quiet_prints_the_url_alone(job: Job) -> None:
    assert await job.run(*TAG, "--quiet") == 0
    assert job.out == f"{job.repo.html_url}/pull/1\n"


async def test_the_base_is_the_default_branch_whatever_its_name(job: Job) -> None:
    repo = await job.house.hub.add_repo(
        "acme/other", files=FILES, default_branch="trunk", collaborators={"bob": "write"}
    )
    assert await job.run(*TAG, "-t", "acme/other") == 0
    assert repo.pull(1).base_ref == "trunk"


async def test_an_app_and_the_token_of_actions_do_as_well(job: Job) -> None:
    token = job.environ.pop("GITHUB_OAUTH_TOKEN")
    key = job.folder / "app.pem"
    key.write_text(job.house.app.private_key_pem)
    app = {"GITHUB_APP_ID": str(job.house.app.id), "GITHUB_APP_PRIVATE_KEY_PATH": str(key)}
    job.environ |= app
    assert await job.run(*TAG) == 0
    assert job.repo.pull(1).author is job.house.app.bot
    for name in app:
        del job.environ[name]
    job.environ["GITHUB_TOKEN"] = token
    assert await job.run(*TAG, "-s", "0ddba11") == 0
    assert job.repo.pull(2).author.login == "bob"


async def test_the_host_can_be_an_option(job: Job) -> None:
    host = job.environ.pop("GITHUB_HOST")
    assert await job.run(*TAG, "--github-host", host) == 0
    assert len(job.repo.pulls()) == 1


async def test_what_a_regular_expression_matches_is_replaced_and_the_mode_stays(job: Job) -> None:
    assert await job.run("bump-regex", "-f", "run.sh", "-r", r"(run )v\d+", "-n", "${1}v2") == 0
    assert await job.content("run.sh") == b"#!/bin/sh\nrun v2\n"
    assert (await job.repo.tree(BRANCH))["run.sh"][0] == "100755"


@pytest.mark.parametrize(
    ("path", "content"),
    [("new/folder/file.txt", b"one\r\ntwo"), (WEB, b""), ("run.sh", b"\0\xff binary"), ("new.bin", b"\xff\xfe")],
)
async def test_a_file_is_overwritten_or_made_byte_for_byte(job: Job, path: str, content: bytes) -> None:
    local = job.folder / "local"
    local.write_bytes(content)
    before = await job.repo.tree("main")
    empty = () if content else ("--allow-empty",)
    assert await job.run("bump-overwrite", "-f", path, "-c", str(local), *empty) == 0
    assert await job.content(path) == content
    after = await job.repo.tree(BRANCH)
    assert {name for name in after if after[name] != before.get(name)} == {path}
    assert after[path][0] == ("100755" if path == "run.sh" else "100644")
    assert len(job.asked()) <= 7


async def test_one_release_is_one_pull_request_and_one_commit(job: Job) -> None:
    edits = ("-e", f"{WEB}:.image.tag=v2", "-e", f'{JOBS}:.jobs[] | select(.name == "sync").tag=v2')
    assert await job.run("bump", *edits) == 0
    assert await job.content(WEB) == b"image:\n  tag: v2  # the release\n"
    assert await job.content(JOBS) == b"jobs:\n  - {name: sync, tag: v2}\n"
    assert await commits(job.repo) == [f"Bumping version @ {WEB}, {JOBS}"]
    assert len(job.asked()) <= 7


async def test_of_several_edits_all_are_made_or_none(job: Job) -> None:
    assert await job.run("bump", "-e", f"{WEB}:.image.tag=v2", "-e", f"{JOBS}:.jobs[].image.tag=v2") == 1
    assert job.err == (
        f"Error: {JOBS}: nothing in it matches `.jobs[].image.tag`; of keys that are missing, only the last one can "
        "be added\n"
    )
    assert [each.method for each in job.asked()] == ["POST"], "nothing but the question what is there"
    assert job.repo.pulls() == []


# What it costs


@pytest.mark.parametrize("merging", [(), ("--auto-merge",)], ids=["", "auto-merge"])
async def test_a_bump_costs_at_most_7_requests_and_again_1(job: Job, merging: tuple[str, ...]) -> None:
    assert await job.run(*TAG, *merging) == 0
    assert len(job.asked()) <= 6 + len(merging)
    assert await job.run(*TAG) == 0
    assert len(job.asked()) == 1


async def test_a_file_that_graphql_cuts_is_read_whole_within_7_requests(job: Job) -> None:
    """N2: the text is proven by its git hash."""
    long = "".join(f"key{number}: &a{number} value{number} # é\n" for number in range(30_000)) + "tag: v1\n"
    await job.repo.commit("alice", "main", {"long.yaml": long})
    assert await job.run("bump-yaml", "-f", "long.yaml", "--address", ".tag", "-n", "v2") == 0
    assert await job.content("long.yaml") == long.replace("tag: v1", "tag: v2").encode()
    assert len(job.asked()) <= 7


# Nothing twice, nothing lost


async def test_run_twice_it_is_the_same_pull_request_and_the_same_commit(job: Job) -> None:
    """N12."""
    assert await job.run(*TAG) == 0
    before = (await job.repo.branches(), job.outputs())
    assert await job.run(*TAG) == 0
    assert (await job.repo.branches(), job.outputs()) == before
    assert len(job.repo.pulls()) == 1
    assert job.err == "#1 holds it already\n"


async def test_another_file_for_the_same_commit_is_one_more_commit_on_the_same_pull_request(job: Job) -> None:
    assert await job.run(*TAG) == 0
    assert await job.run("bump-yaml", "-f", JOBS, "--address", ".jobs[].tag", "-n", "v2") == 0
    assert job.err == "one more commit on #1\n"
    assert await commits(job.repo) == [f"Bumping version @ {JOBS}", f"Bumping version @ {WEB}"]
    assert await job.content(WEB) == b"image:\n  tag: v2  # the release\n"
    assert len(job.repo.pulls()) == 1
    assert await job.run(*TAG) == 0
    assert len(await commits(job.repo)) == 2


async def test_two_edits_of_one_file_in_two_runs_both_hold(job: Job) -> None:
    assert await job.run(*TAG) == 0
    assert await job.run("bump-yaml", "-f", WEB, "--address", ".image.digest", "-n", "sha256:1") == 0
    assert await job.run(*TAG) == 0
    assert await job.content(WEB) == b"image:\n  tag: v2  # the release\n  digest: sha256:1\n"
    assert len(await commits(job.repo)) == 2


async def test_a_pattern_that_matches_its_own_result_is_not_applied_twice(job: Job) -> None:
    """N12."""
    grow = ("bump-regex", "-f", WEB, "-r", "v1", "-n", "v1-b")
    assert await job.run(*grow) == 0
    assert await job.run(*grow) == 0
    assert await job.content(WEB) == b"image:\n  tag: v1-b  # the release\n"
    await job.repo.merge("alice", 1)
    assert await job.run(*grow) == 1
    assert "#1 of the same commit was merged already" in job.err


async def test_another_commit_is_another_pull_request(job: Job) -> None:
    assert await job.run(*TAG) == 0
    assert await job.run(*TAG, "-s", "fedcba") == 0
    assert [pull.head_ref for pull in job.repo.pulls()] == [BRANCH, "artifact_version_bump/acme/app/fedcba"]


@pytest.mark.parametrize("method", ["merge", "squash"])
@pytest.mark.parametrize("kept", [True, False], ids=["branch kept", "branch deleted"])
async def test_merged_and_run_again_there_is_nothing_to_change(job: Job, kept: bool, method: str) -> None:
    job.repo.delete_branch_on_merge = not kept
    assert await job.run(*TAG) == 0
    await job.repo.merge("alice", 1, method=method)
    assert await job.run(*TAG) == 0
    assert (job.out, job.err) == ("", "nothing to change: main of acme/gitops holds it already\n")
    assert job.outputs() == {"pr-url": "", "changed": "false"}
    assert len(job.repo.pulls()) == 1
    assert await job.run("bump-yaml", "-f", JOBS, "--address", ".jobs[].tag", "-n", "v2") == 0
    assert [pull.merged for pull in job.repo.pulls()] == [True, False]
    assert await commits(job.repo) == [f"Bumping version @ {JOBS}"]


async def test_labels_that_people_added_stay_and_ours_come_back(job: Job) -> None:
    assert await job.run(*TAG) == 0
    await job.repo.label("alice", 1, "urgent")
    await job.repo.unlabel("alice", 1, "promotion")
    assert await job.run(*TAG) == 0
    assert set(job.repo.pull(1).labels) == {"urgent", "promotion"}


# The flow itself, without the command's waiting


def order(path: str = WEB, selector: str = ".image.tag", *, auto_merge: bool = False) -> Order:
    changes = (Change(RepoPath(path), Set(selector, "v2")),)
    return Order(changes, draft.wanted(Trigger("acme/app", SHA, Login("alice")), changes), auto_merge)


@asynccontextmanager
async def github(house: House) -> AsyncIterator[Callable[[Order], Any]]:
    """Runs an order once, as bob."""
    async with aiohttp.ClientSession() as session:
        connection = Connection(
            session,
            Token(house.hub.user("bob").token),
            rest_url=f"{house.hub.url}/api/v3",
            graphql_url=f"{house.hub.url}/api/graphql",
            clock=lambda: datetime.now(UTC),
            observe=lambda *_: None,
        )

        async def run(wanted: Order) -> Outcome:
            return await flow.run(await connection.repository(RepoName("acme/gitops"), None), wanted)

        yield run


STEPS = [(r"graphql$", "POST"), (r"/git/trees$", "POST"), (r"/git/commits$", "POST"), (r"/git/refs$", "POST"),
         (r"/pulls$", "POST"), (r"/issues/\d+$", "PATCH"), (r"/merge$", "PUT")]  # fmt: skip


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("path", "method"), STEPS, ids=[path.strip("$\\/") for path, _ in STEPS])
async def test_stopped_at_any_request_the_next_run_completes_it(
    house: House, path: str, method: str, after_effect: bool
) -> None:
    """N13."""
    repo = await house.repo(FILES)
    async with github(house) as run:
        house.hub.will_answer(502, method=method, path=path, after_effect=after_effect)
        with pytest.raises(WorldUnwell):
            await run(order(auto_merge=True))
        await run(order(auto_merge=True))
        assert house.hub.faults.waiting == []
    [pull] = repo.pulls()
    assert pull.merged
    assert pull.labels == ["promotion"]
    assert await repo.read("main", WEB) == b"image:\n  tag: v2  # the release\n"


async def test_jobs_for_the_same_commit_that_run_at_once_share_one_pull_request(house: House) -> None:
    """N12: a matrix of a build."""
    paths = [f"dev/{number}/values.yaml" for number in range(4)]
    repo = await house.repo(dict.fromkeys(paths, "tag: v1\n"))
    async with github(house) as run:
        outcomes = await asyncio.gather(*(run(order(path, ".tag")) for path in paths))
    [pull] = repo.pulls()
    assert {outcome.url for outcome in outcomes} == {f"{repo.html_url}/pull/{pull.number}"}
    assert [await repo.read(BRANCH, path) for path in paths] == [b"tag: v2\n"] * 4
    assert len(await commits(repo)) == 4


async def test_jobs_that_run_at_once_after_the_merge_share_one_pull_request_too(house: House) -> None:
    paths = [f"dev/{number}/values.yaml" for number in range(3)]
    repo = await house.repo({**dict.fromkeys(paths, "tag: v1\n"), **FILES})
    async with github(house) as run:
        await run(order())
        await repo.merge("alice", 1)
        await asyncio.gather(*(run(order(path, ".tag")) for path in paths))
    assert [pull.merged for pull in repo.pulls()] == [True, False]
    assert [await repo.read(BRANCH, path) for path in paths] == [b"tag: v2\n"] * 3


async def test_a_listing_that_was_cut_short_changes_nothing(house: House) -> None:
    """N2."""
    repo = await house.repo(FILES)

    def cut(real: Any) -> Any:
        for node in real["data"]["repository"].values():
            if isinstance(node, dict) and len(node.get("entries") or ()) > 1:
                node["entries"].pop()
        return real

    async with github(house) as run:
        house.hub.will_answer(200, path="graphql$", body=cut, after_effect=True)
        with pytest.raises(WorldUnwell, match="incomplete or wrong"):
            await run(order())
    assert repo.pulls() == []
    assert list(await repo.branches()) == ["main"]


async def test_a_tree_that_is_not_the_one_that_was_meant_is_never_committed(house: House) -> None:
    repo = await house.repo(FILES)
    wrong = await repo.tree_sha("main")
    async with github(house) as run:
        house.hub.will_answer(201, path="/git/trees$", body=lambda real: {**real, "sha": wrong}, after_effect=True)
        with pytest.raises(WrongTree):
            await run(order())
    assert list(await repo.branches()) == ["main"]


async def test_bytes_that_are_not_the_files_own_are_not_edited(house: House) -> None:
    """N1."""
    repo = await house.repo({WEB: b"# \xff\nimage: {tag: v1}\n"})
    changes = (Change(RepoPath(WEB), Overwrite(b"new\n")),)
    wanted = replace(order(), changes=changes)
    async with github(house) as run:
        house.hub.will_answer(
            200, path="/git/blobs/", body=lambda real: {**real, "content": "bm90IGl0"}, after_effect=True
        )
        with pytest.raises(WorldUnwell, match="other bytes"):
            await run(wanted)
    assert repo.pulls() == []


async def test_the_default_branch_may_move_at_any_moment(house: House) -> None:
    """N4: what is committed rests on the commit that was read."""
    repo = await house.repo(FILES)
    seen: list[str] = []

    async def moves(exchange: Exchange, when: str) -> None:
        if when == "before" and not exchange.path.endswith(tuple(seen)):
            seen.append(exchange.path)
            await repo.commit(
                "alice", "main", {f"other-{len(seen)}": "x\n", WEB: f"image:\n  tag: v1  # {len(seen)}\n"}
            )

    house.hub.on_request = moves
    async with github(house) as run:
        await run(order())
    house.hub.on_request = None
    changed = await repo.git.run("diff", "--name-only", f"{BRANCH}^", BRANCH)
    assert changed.decode().split() == [WEB]
    assert len(repo.pulls()) == 1


# Merging


async def test_auto_merge_merges_at_once_what_nothing_holds(job: Job) -> None:
    assert await job.run(*TAG, "--auto-merge=true") == 0
    assert job.repo.pull(1).merged
    assert await job.content(WEB, "main") == b"image:\n  tag: v2  # the release\n"
    assert job.err == "opened #1 and merged it\n"


async def test_what_required_checks_hold_is_left_to_githubs_own_auto_merge(job: Job) -> None:
    job.repo.allow_auto_merge = True
    job.repo.protect("main", checks=("ci/test",))
    assert await job.run(*TAG, "--auto-merge") == 0
    assert "GitHub merges it once what holds it is met" in job.err
    assert await job.run(*TAG, "--auto-merge") == 0, "asked again, it is left as it is"
    await job.repo.set_status("alice", job.repo.pull(1).head_sha, "ci/test", "success")
    assert job.repo.pull(1).merged


async def test_a_protected_branch_that_nothing_can_merge_into_is_told(job: Job) -> None:
    """N15."""
    job.repo.protect("main", reviews=1)
    assert await job.run(*TAG, "--auto-merge") == 1
    assert job.err.startswith("Error: #1 was not merged: ")
    assert "approving review is required" in job.err
    assert job.outputs()["changed"] == "true"
    assert not job.repo.pull(1).merged


async def test_what_people_pushed_to_the_branch_is_not_merged_by_itself(job: Job) -> None:
    """N5."""
    assert await job.run(*TAG) == 0
    await job.repo.commit("alice", BRANCH, {"extra": "x\n"})
    assert await job.run(*TAG, "--auto-merge") == 1
    assert job.err == "Error: #1 was not merged: its branch holds more than this bump\n"
    assert not job.repo.pull(1).merged


async def test_a_commit_that_holds_more_than_this_bump_is_not_merged_by_itself(job: Job) -> None:
    """N25: whoever may push can give a commit of theirs the message of a bump."""
    assert await job.run("bump", "-e", f"{WEB}:.image.tag=v2", "-e", f"{JOBS}:.jobs[].tag=v9") == 0
    assert await job.run(*TAG, "--auto-merge") == 1
    assert job.err == "Error: #1 was not merged: its branch holds more than this bump\n"


async def test_what_people_push_at_the_last_moment_is_not_merged(house: House) -> None:
    """N5: the merge names the commit that was decided on."""
    repo = await house.repo(FILES)

    async def pushes(exchange: Exchange, when: str) -> None:
        if when == "before" and exchange.path.endswith("/merge"):
            await repo.commit("alice", BRANCH, {"extra": "x\n"})

    house.hub.on_request = pushes
    async with github(house) as run:
        outcome = await run(order(auto_merge=True))
    house.hub.on_request = None
    assert outcome.unmerged == "#1 was not merged: somebody pushed to it after it was opened; it is left to people"
    assert not repo.pull(1).merged


async def test_an_open_pull_request_of_this_very_bump_is_merged_although_the_default_branch_moved(job: Job) -> None:
    assert await job.run(*TAG) == 0
    await job.repo.commit("alice", "main", {"other": "x\n"})
    assert await job.run(*TAG, "--auto-merge") == 0
    assert job.repo.pull(1).merged


# What can't be done: one sentence, and nothing is changed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bump-yaml", "-f", "nowhere.yaml", "--address", ".a", "-n", "x"), "nowhere.yaml: there is no such file"),
        (("bump-yaml", "-f", "run.sh", "--address", ".a", "-n", "x"), "run.sh: "),
        (("bump-yaml", "-f", "link.yaml", "--address", ".image.tag", "-n", "x"), "link.yaml is a symlink"),
        (("bump-yaml", "-f", "dev", "--address", ".a", "-n", "x"), "dev is a directory; name a plain file"),
        (("bump-overwrite", "-f", f"{WEB}/below", "-c", __file__), f"{WEB} is no directory"),
        ((*TAG, "-t", "acme/nowhere"), "acme/nowhere does not exist, or these credentials can't see it"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    job: Job, arguments: tuple[str, ...], said: str
) -> None:
    assert await job.run(*arguments) == 1
    assert said in job.err
    assert job.err.startswith("Error: ")
    assert job.err.count("\n") == 1
    assert job.out == ""
    assert job.repo.pulls() == []
    assert list(await job.repo.branches()) == ["main"]


async def test_an_expression_that_matches_nothing_opens_nothing(job: Job) -> None:
    nothing = ("bump-regex", "-f", WEB, "-r", "v9", "-n", "v2")
    assert await job.run(*nothing) == 0
    note = f"Note: {WEB}: nothing in it matches the pattern 'v9'\n"
    assert (job.out, job.err) == ("", f"{note}nothing to change: nothing matches\n")
    assert job.outputs() == {"pr-url": "", "changed": "false"}
    assert job.repo.pulls() == []
    assert await job.run(*TAG) == 0
    assert await job.run(*nothing) == 0
    assert (job.out, job.err) == ("", f"{note}nothing to change: nothing matches\n"), "beside an open pull request"
    assert len(await commits(job.repo)) == 1


async def test_a_server_without_tls_is_told_at_once(job: Job) -> None:
    host = job.house.hub.url.removeprefix("http://")
    assert await job.run(*TAG, "-g", host) == 1
    assert job.err == f"Error: {host} does not speak TLS; give its address as http://{host}\n"


async def test_a_pull_request_that_people_closed_is_not_opened_again(job: Job) -> None:
    assert await job.run(*TAG) == 0
    await job.repo.close("alice", 1)
    assert await job.run(*TAG) == 1
    assert "/pull/1 was closed without being merged; reopen it, and run this again" in job.err
    await job.repo.reopen("alice", 1)
    assert await job.run(*TAG) == 0


async def test_a_branch_of_somebody_else_is_left_alone(job: Job) -> None:
    """N25."""
    await job.repo.commit("alice", BRANCH, {WEB: "image: {tag: evil}\n"}, message="looks fine")
    before = await job.repo.branches()
    assert await job.run(*TAG, "--auto-merge") == 1
    assert "commits that are not of a bump" in job.err
    await job.repo.open_pull("alice", head=BRANCH, title="Mine")
    assert await job.run(*TAG, "--auto-merge") == 1
    assert "which somebody else opened, uses the branch" in job.err
    assert await job.repo.branches() == before


async def test_a_token_that_is_refused_is_told_and_not_shown(job: Job) -> None:
    """N30."""
    job.environ["GITHUB_OAUTH_TOKEN"] = "ghp_wrongwrongwrongwrongwrongwrongwrong1"
    assert await job.run(*TAG) == 1
    assert "401" in job.err
    assert "ghp_wrong" not in job.out + job.err


async def test_a_token_that_may_only_read_is_told(job: Job) -> None:
    job.house.hub.add_user("carol", access={"acme/gitops": "read"})
    job.environ["GITHUB_OAUTH_TOKEN"] = job.house.hub.user("carol").token
    assert await job.run(*TAG) == 1
    assert job.err.startswith("Error: GitHub answered 40")
    assert job.repo.pulls() == []


async def test_a_template_that_grows_is_refused_where_it_cannot_be_told(house: House) -> None:
    """N12."""
    repo = await house.repo(FILES)
    changes = (Change(RepoPath(WEB), Replace("v1", "v1-b")),)
    async with github(house) as run:
        await run(replace(order(), changes=changes))
        await repo.commit("alice", BRANCH, {WEB: "image:\n  tag: v1-b  # by hand\n"})
        with pytest.raises(RepoMistake, match="the branch holds another change of the file already"):
            await run(replace(order(), changes=changes))
