"""People read what a promotion does before it reaches an environment: what goes above all (N32)."""

from telefonistka_py.promotion import draft, metadata
from telefonistka_py.sandbox.content import Content
from tests.stories.house import TWO_STAGES, House, component, level

GONE: dict[str, Content | None] = {
    "workspace/nginx/values.yaml": 'tag: "2.0"\n',
    **dict.fromkeys(component("workspace/payments")),
}
AUTO = f"""autoApprovePromotionPrs: true
{TWO_STAGES}"""


def with_payments(config: str = TWO_STAGES) -> dict[str, Content]:
    files = level(config)
    for place in ("workspace", "clusters/dev"):
        files |= component(f"{place}/payments")
    return files


async def test_a_removal_is_said_in_the_report_and_in_the_body(house: House) -> None:
    repo = await house.repo(with_payments())
    async with house.bot():
        pull = await house.change(repo, GONE)
        await house.settle()
        [promotion] = house.promotions(repo)
        [said] = house.said(pull)
        assert (
            f"- 🚀 #{promotion.number} carries `nginx` and the removal of `payments` "
            "to `clusters/dev/`, `clusters/lab/`\n"
            "  🗑 removes `clusters/dev/payments` (3 files)\n"
        ) in f"{said}\n"
        assert (
            "\n\nCarries #1 “Change feature” by alice.\n\n"
            "- 🗑 removes `clusters/dev/payments` (3 files)\n"
            "- changes `clusters/dev/nginx` (1 file: +0 ~1 -0)\n"
            "- changes `clusters/lab/nginx` (1 file: +0 ~1 -0)\n"
            "- `clusters/lab/payments` equals its source already\n\n<!--"
        ) in (promotion.body or "")


async def test_a_removal_alone_is_called_one(house: House) -> None:
    repo = await house.repo(with_payments())
    async with house.bot():
        pull = await house.change(repo, dict.fromkeys(component("workspace/payments")))
        await house.settle()
        assert "carries the removal of `payments` to `clusters/dev/`, `clusters/lab/`\n" in house.said(pull)[0]


async def test_a_removal_that_was_closed_is_still_called_one_and_how_to_have_it_is_said(house: House) -> None:
    repo = await house.repo(with_payments())
    async with house.bot():
        pull = await house.change(repo, dict.fromkeys(component("workspace/payments")))
        await house.settle()
        [promotion] = house.promotions(repo)
        await repo.close("bob", promotion.number)
        await repo.comment("bob", pull.number, "/retrigger")
        await house.settle()
        [said] = house.said(pull)
        assert "carries the removal of `payments` to `clusters/dev/`, `clusters/lab/` (closed; to have it after" in said


async def test_a_removal_is_said_in_the_plan_of_an_open_pull_request(house: House) -> None:
    repo = await house.repo(with_payments())
    async with house.bot():
        await repo.commit("alice", "feature", GONE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.label("alice", pull.number, "show-plan")
        await house.settle()
        [said] = house.said(pull, "plan")
        assert "- 🗑 removes `clusters/dev/payments` (3 files): `workspace/payments` is gone\n" in said
        assert "- ✅ `workspace/nginx` ➡️  `clusters/dev/nginx` (1 file: +0 ~1 -0)\n" in said


async def test_a_removal_is_said_in_dry_run_mode(house: House) -> None:
    repo = await house.repo(with_payments(f"dryRunMode: true\n{TWO_STAGES}"))
    async with house.bot():
        pull = await house.change(repo, {**GONE, **component("workspace/new")})
        await house.settle()
        [said] = house.said(pull, "plan")
        assert "- 🗑 removes `clusters/dev/payments` (3 files): `workspace/payments` is gone\n" in said
        assert "- ✅ `workspace/payments` ➡️  `clusters/lab/payments` (equal already)" in said
        assert "- ✅ `workspace/nginx` ➡️  `clusters/dev/nginx` (1 file: +0 ~1 -0)\n" in said
        assert "- ✅ `workspace/new` ➡️  `clusters/dev/new` (new, 3 files)\n" in said


async def test_what_was_said_of_a_promotion_stays_when_it_is_merged_and_the_work_is_done_again(house: House) -> None:
    repo = await house.repo(with_payments())
    async with house.bot():
        pull = await house.change(repo, GONE)
        await house.settle()
        before = house.said(pull)
        [promotion] = house.promotions(repo)
        await repo.merge("bob", promotion.number)
        await house.settle()
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        assert "🗑 removes" in before[0]
        assert house.said(pull) == before


async def test_the_first_change_is_named_in_every_stage(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await house.settle()
        [first] = house.promotions(repo)
        await repo.merge("bob", first.number)
        await house.settle()
        east, _ = house.promotions(repo, "open")
        assert "\nCarries #1 “Change feature” by alice.\n" in (east.body or "")
        read = metadata.read(east.body or "")
        assert read is not None
        assert (read.original_number, read.original_author) == (1, "alice")


async def test_an_approver_that_is_the_opener_is_told_to_be_another(house: House) -> None:
    house.approver = house.app
    repo = await house.repo(level(AUTO))
    async with house.bot():
        pull = await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await house.settle()
        [said] = house.said(pull)
        assert "the approver is the identity that opened it" in said
        assert "set APPROVER_GITHUB_APP_ID or APPROVER_GITHUB_OAUTH_TOKEN to another identity" in said
        assert "422" not in said
        assert house.states(repo, pull)[-1] == "error"


async def test_a_promotion_that_people_pushed_to_is_left_to_them_and_the_report_says_why(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    repo = await house.repo(level(AUTO))
    async with house.bot():
        pull = await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await house.settle()
        [promotion] = house.promotions(repo)
        await repo.commit("bob", promotion.head_ref, {"clusters/dev/nginx/mine.yaml": "mine\n"})
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        [said] = house.said(pull)
        assert "⚠️ it is not approved by itself: its branch does not hold exactly what this merge promotes" in said
        assert house.states(repo, pull)[-1] == "success"


async def test_a_branch_that_an_earlier_version_left_behind_is_completed(house: House) -> None:
    """Its commit message was one line (N13)."""
    repo = await house.repo(level())
    async with house.bot():
        branch = draft.branch(1, "feature", ("clusters/dev/", "clusters/lab/"))
        await repo.commit("alice", branch, {"clusters/dev/nginx/values.yaml": "x\n"}, message="Syncing from workspace/")
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.head_ref == branch
        assert await repo.tree_sha(promotion.head_sha, "clusters/dev") == await repo.tree_sha("main", "workspace")
