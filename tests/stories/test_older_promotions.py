"""Promotions that are open already, when something newer comes along."""

from tests.stories.house import TWO_STAGES, House, level


async def test_a_newer_promotion_names_the_older_one_and_the_older_one_is_told(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        await house.change(repo, {"workspace/nginx/values.yaml": "3\n"}, branch="second")
        await house.settle()
        older, newer = house.promotions(repo)
        assert f"Supersedes #{older.number}." in (newer.body or "")
        assert [f"#{newer.number} carries a newer state" in said for said in house.said(older)] == [True]
        assert older.state == "open"


async def test_with_close_the_older_promotion_is_closed_and_its_branch_deleted(house: House) -> None:
    repo = await house.repo(level("supersedePromotionPrs: close\n" + TWO_STAGES))
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        await house.change(repo, {"workspace/nginx/values.yaml": "3\n"}, branch="second")
        await house.settle()
        older, newer = house.promotions(repo)
        assert older.state == "closed"
        assert not older.merged
        assert older.head_ref not in await repo.branches()
        assert house.said(older)[0].endswith(
            f"Closed: #{newer.number} carries a newer state of the same components to the same targets."
        )


async def test_a_promotion_that_people_pushed_to_is_never_closed(house: House) -> None:
    repo = await house.repo(level("supersedePromotionPrs: close\n" + TWO_STAGES))
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        [older] = house.promotions(repo)
        await repo.commit("bob", older.head_ref, {"clusters/dev/nginx/mine.yaml": "mine\n"})
        await house.change(repo, {"workspace/nginx/values.yaml": "3\n"}, branch="second")
        await house.settle()
        assert older.state == "open"
        assert older.head_ref in await repo.branches()
        assert "left open: people have pushed commits to it" in house.said(older)[0]


async def test_a_promotion_of_other_components_supersedes_nothing(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        await house.change(repo, {"workspace/other/values.yaml": "1\n"}, branch="second")
        await house.settle()
        older, newer = house.promotions(repo)
        assert "Supersedes" not in (newer.body or "")
        assert house.said(older) == []


async def test_a_promotion_whose_targets_were_brought_level_by_hand_is_told_that_nothing_is_left(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        [promotion] = house.promotions(repo)
        by_hand = {f"clusters/{place}/nginx/values.yaml": "2\n" for place in ("dev", "lab")}
        await house.change(repo, {**by_hand}, branch="by-hand")
        await house.settle()
        assert any("Nothing is left to promote here" in said for said in house.said(promotion))


async def test_a_target_that_no_flow_starts_from_may_be_brought_level_by_hand_too(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"clusters/lab/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        east, west = house.promotions(repo)
        await house.change(repo, {"clusters/prod/east/nginx/values.yaml": "2\n"}, branch="by-hand")
        await house.settle()
        assert any("Nothing is left to promote here" in said for said in house.said(east))
        assert house.said(west, "superseded") == []
