"""What people do, in steps; after each of them everything settles. One flow for each thing that the bot does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, component, level


@dataclass
class Scene:
    """Where a flow plays."""

    hub: Hub
    house: House
    repo: Repo
    pulls: dict[str, Pull] = field(default_factory=dict)
    """People's pull requests, by branch."""

    @property
    def promotion(self) -> Pull:
        """The bot's newest pull request."""
        return self.house.promotions(self.repo)[-1]


Act = Callable[[Scene], Awaitable[object]]


async def _nothing(scene: Scene) -> None:
    return


@dataclass(frozen=True)
class Flow:
    name: str
    files: Mapping[str, Content]
    steps: tuple[Act, ...]
    prepare: Act = _nothing
    """What is there before the bot is: nobody tells it of that."""
    from_the_start: bool = False
    """Whether what a server does when it starts counts as well, its first tokens among it; elsewhere that is over."""

    def __str__(self) -> str:
        return self.name


# Acts


def opened(
    files: Mapping[str, Content | None], *, branch: str = "feature", labels: tuple[str, ...] = (), check: str = ""
) -> Act:
    """alice opens a pull request; `check` is a commit status that its head is given."""

    async def act(scene: Scene) -> None:
        await scene.repo.commit("alice", branch, files)
        pull = await scene.repo.open_pull("alice", head=branch, title=f"Change {branch}", labels=labels)
        scene.pulls[branch] = pull
        if check:
            await scene.repo.set_status("ci", pull.head_sha, check, "success")

    return act


def merged(branch: str = "feature") -> Act:
    async def act(scene: Scene) -> None:
        await scene.repo.merge("alice", scene.pulls[branch].number)

    return act


def queued(branch: str = "feature") -> Act:
    """alice's pull request goes through the merge queue, before what is in it."""

    async def act(scene: Scene) -> None:
        others = [entry.pull.number for entry in scene.repo.queues.get("main", [])]
        await scene.repo.enqueue("alice", scene.pulls[branch].number, jump=True)
        assert await scene.repo.run_queue(waits=others)

    return act


def labelled(label: str, branch: str = "feature") -> Act:
    async def act(scene: Scene) -> None:
        await scene.repo.label("alice", scene.pulls[branch].number, label)

    return act


def commented(text: str, branch: str = "feature") -> Act:
    async def act(scene: Scene) -> None:
        await scene.repo.comment("bob", scene.pulls[branch].number, text)

    return act


def pushed(branch: str, files: Mapping[str, Content | None]) -> Act:
    async def act(scene: Scene) -> None:
        await scene.repo.commit("alice", branch, files)

    return act


def protected(*, auto_merge: bool = False) -> Act:
    """`main` demands the check `ci/test`."""

    async def act(scene: Scene) -> None:
        scene.repo.protect("main", checks=("ci/test",))
        scene.repo.allow_auto_merge = auto_merge

    return act


async def with_a_queue(scene: Scene) -> None:
    scene.repo.protect("main", queue=True)


async def checked(scene: Scene) -> None:
    """The check of the promotion succeeds."""
    await scene.repo.set_status("ci", scene.promotion.head_sha, "ci/test", "success")


def together(*acts: Act) -> Act:
    """One after the other; nothing settles in between."""

    async def act(scene: Scene) -> None:
        for each in acts:
            await each(scene)

    return act


# Flows

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n', "workspace/nginx/new.yaml": "x\n"}

MERGING = """
autoApprovePromotionPrs: true
promotionPaths:
  - sourcePath: workspace/
    conditions: {autoMerge: true}
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
      - targetPaths: [clusters/prod/east/]
      - targetPaths: [clusters/prod/west/]
"""
HELD = """
autoApprovePromotionPrs: true
promotionPaths:
  - sourcePath: workspace/
    conditions: {autoMerge: true}
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
"""


def drifted() -> dict[str, Content]:
    files = level()
    files["clusters/dev/nginx/values.yaml"] = 'tag: "0.9"\nreplicas: 3\n'
    files["clusters/dev/nginx/only-here.yaml"] = "x\n"
    return files


def far_apart() -> dict[str, Content]:
    """What differs is too long for one comment."""
    files = level()
    for place in ("workspace", "clusters/dev", "clusters/lab"):
        files |= {f"{place}/nginx/f{n}.yaml": f"{place} {n}\n" * 300 for n in range(6)}
    return files


MENDED: dict[str, Content | None] = {
    "clusters/dev/nginx/values.yaml": 'tag: "1.0"\n',
    "clusters/dev/nginx/only-here.yaml": None,
}


def mended(scene: Scene) -> Awaitable[object]:
    return scene.repo.commit("bob", "main", MENDED)


async def _unlabelled(scene: Scene) -> None:
    await scene.repo.unlabel("bob", scene.promotion.number, "promotion")


def gated(scene: Scene) -> Awaitable[object]:
    return scene.repo.set_status("ci", scene.pulls["feature"].head_sha, "ci/gate", "failure")


async def merged_by_bob(scene: Scene) -> None:
    await scene.repo.merge("bob", scene.promotion.number)


FLOWS = (
    Flow(
        "a server that starts, and a merge",
        level(),
        (merged(),),
        opened(CHANGE),
        from_the_start=True,
    ),
    Flow(
        "a merge, promoted by three pull requests that are approved and merged",
        level(MERGING),
        (merged(),),
        opened(CHANGE),
    ),
    Flow(
        "a promotion through two stages",
        level(TWO_STAGES),
        (merged(), merged_by_bob),
        opened(CHANGE),
    ),
    Flow(
        "a merge that checks hold back, by our own patience",
        level(HELD),
        (merged(), checked),
        together(opened(CHANGE, check="ci/test"), protected()),
    ),
    Flow(
        "a merge that checks hold back, by GitHub's auto-merge",
        level(HELD),
        (merged(), checked),
        together(opened(CHANGE, check="ci/test"), protected(auto_merge=True)),
    ),
    Flow(
        "a pull request that changes the configuration, where environments differ",
        drifted(),
        (
            opened({**CHANGE, "telefonistka.yaml": "promotionPaths: nonsense\n"}),
            pushed("feature", {"telefonistka.yaml": TWO_STAGES + "dryRunMode: true\n"}),
        ),
    ),
    Flow(
        "drift that is mended",
        drifted(),
        (opened(CHANGE), together(mended, pushed("feature", {"workspace/nginx/more.yaml": "x\n"}))),
    ),
    Flow(
        "drift that takes several comments",
        far_apart(),
        (opened({**CHANGE}),),
    ),
    Flow(
        "show-plan",
        level(),
        (labelled("show-plan"),),
        opened(CHANGE),
    ),
    Flow(
        "a dry run",
        level("dryRunMode: true\n" + TWO_STAGES),
        (merged(),),
        opened(CHANGE),
    ),
    Flow(
        "/retrigger of an open pull request",
        drifted(),
        (commented("/retrigger"),),
        opened(CHANGE),
    ),
    Flow(
        "/retrigger of a merged pull request, whose promotion lost its label",
        level(HELD.replace("{autoMerge: true}", "{}")),
        (merged(), together(_unlabelled, commented("/retrigger"))),
        opened(CHANGE),
    ),
    Flow(
        "a commit status that a comment flips",
        level("toggleCommitStatus:\n  override: ci/gate\n" + TWO_STAGES),
        (commented("/override"),),
        together(opened(CHANGE), gated),
    ),
    Flow(
        "a commit status that is not there",
        level("toggleCommitStatus:\n  override: ci/gate\n" + TWO_STAGES),
        (commented("/override"),),
        opened(CHANGE),
    ),
    Flow(
        "a newer promotion that closes the older one",
        level("supersedePromotionPrs: close\n" + TWO_STAGES),
        (merged(), merged("second")),
        together(opened(CHANGE), opened({"workspace/nginx/more.yaml": "3\n"}, branch="second")),
    ),
    Flow(
        "a newer promotion that takes the older one's place in the merge queue",
        level(HELD.replace("autoApprovePromotionPrs: true\n", "")),
        (queued(), queued("second")),
        together(opened(CHANGE), opened({"workspace/nginx/more.yaml": "3\n"}, branch="second"), with_a_queue),
    ),
    Flow(
        "a newer promotion that tells the older one",
        level(),
        (merged(), merged("second")),
        together(opened(CHANGE), opened({"workspace/nginx/more.yaml": "3\n"}, branch="second")),
    ),
    Flow(
        "a change by hand that empties a promotion",
        level(),
        (merged(), merged("by-hand")),
        together(
            opened({"workspace/nginx/values.yaml": "2\n"}),
            opened({f"clusters/{place}/nginx/values.yaml": "2\n" for place in ("dev", "lab")}, branch="by-hand"),
        ),
    ),
    Flow(
        "a merge under a configuration that can't be used",
        level("promotionPaths: nonsense\n"),
        (merged(),),
        opened(CHANGE),
    ),
    Flow(
        "a component that is deleted, and one that is kept out of a target",
        level()
        | component("workspace/redis")
        | {"workspace/redis/telefonistka.yaml": "promotionTargetBlockList: [clusters/dev]\n"},
        (merged(),),
        opened({"workspace/nginx": None, "workspace/redis/values.yaml": "3\n"}),
    ),
)
