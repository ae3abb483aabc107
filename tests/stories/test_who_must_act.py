"""What is wrong is told to the one who can act, where they look (N3, N9, N14, N15, N32)."""

from tests.stories.house import TWO_STAGES, House, component, level

CHANGE = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def test_without_a_configuration_nothing_happens_and_that_is_no_mistake(house: House) -> None:
    repo = await house.repo({**component("workspace/nginx")})
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        assert house.promotions(repo) == []
        assert house.states(repo, pull)[-2:] == ["pending", "success"]
        assert house.said(pull) == []


async def test_a_configuration_that_is_wrong_is_told_on_the_pull_request_with_its_line(house: House) -> None:
    repo = await house.repo(level("promotionPaths:\n  - sourcePath: 'workspace/('\n    promotionPrs: yes\n"))
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        [said] = house.said(pull)
        assert said.startswith("<!-- telefonistka_tag -->\n")
        assert "`telefonistka.yaml`, line 2: `promotionPaths[0].sourcePath` is not a valid regular expression" in said
        assert "line 3: `promotionPaths[0].promotionPrs` must be a list, not true" in said
        assert house.states(repo, pull)[-2:] == ["pending", "error"]


async def test_a_misspelt_key_that_stops_all_promotions_is_told_on_each_merge_that_it_concerns(house: House) -> None:
    """An unknown key is only warned of when a promotion runs (contract §2), but it is said where people look."""
    repo = await house.repo(level("promotionPaths:\n  - sourcePath: workspace/\n    promotionPRs: []\n"))
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        assert house.promotions(repo) == []
        [said] = house.said(pull)
        assert "Nothing was promoted: no flow with targets takes a component that this pull request changes." in said
        assert "line 3: `promotionPaths[0].promotionPRs` is not a key that Telefonistka knows; did you mean" in said
        assert "`promotionPaths[0].promotionPrs` names no target, so what this flow takes is promoted nowhere" in said
        assert house.states(repo, pull)[-1] == "success"


async def test_a_stray_key_is_told_beside_what_was_promoted(house: House) -> None:
    repo = await house.repo(level(f"{TWO_STAGES}dryRunMod: true\n"))
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        [promotion] = house.promotions(repo)
        [said] = house.said(pull)
        assert f"🚀 #{promotion.number} carries" in said
        assert "`dryRunMod` is not a key that Telefonistka knows; did you mean dryRunMode?" in said


async def test_a_merge_that_concerns_no_flow_gets_no_comment(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, {"README.md": "more\n"})
        await house.settle()
        assert house.said(pull) == []


async def test_a_component_whose_own_file_can_not_be_read_is_not_promoted_but_others_are(house: House) -> None:
    files = level()
    files |= {"workspace/nginx/telefonistka.yaml": "promotionTargetBlockList: [\n", **component("workspace/other")}
    repo = await house.repo(files)
    async with house.bot():
        pull = await house.change(repo, {**CHANGE, "workspace/other/values.yaml": "new: 1\n"})
        await house.settle()
        [promotion] = house.promotions(repo)
        changed = {file.path for file in await repo.files(promotion.number)}
        assert changed
        assert all("/other/" in path for path in changed)
        [said] = house.said(pull)
        assert "`workspace/nginx/telefonistka.yaml`, line 2: is not valid YAML" in said
        assert house.states(repo, pull)[-1] == "error"


async def test_a_component_file_that_is_too_odd_to_read_blocks_everything_it_might_block(house: House) -> None:
    files = level()
    files["workspace/nginx/telefonistka.yaml"] = b"\xff\xfe not UTF-8"
    repo = await house.repo(files)
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        assert house.promotions(repo) == []
        assert "is not UTF-8 text" in house.said(pull)[0]
        assert house.states(repo, pull)[-1] == "error"


async def test_targets_that_are_level_already_get_a_line_and_no_pull_request(house: House) -> None:
    files = level()
    for place in ("clusters/dev", "clusters/lab"):
        files[f"{place}/nginx/values.yaml"] = 'tag: "2.0"\n'
    repo = await house.repo(files)
    async with house.bot():
        pull = await house.change(repo, dict(CHANGE))
        await house.settle()
        assert house.promotions(repo) == []
        [said] = house.said(pull)
        assert (
            "Nothing to promote to `clusters/dev/`, `clusters/lab/`: `nginx` equals its source there already." in said
        )
        assert house.states(repo, pull)[-2:] == ["pending", "success"]


async def test_a_block_list_keeps_a_component_out_and_the_body_leaves_the_target_out(house: House) -> None:
    files = level()
    files["workspace/nginx/telefonistka.yaml"] = "promotionTargetBlockList: ['^clusters/dev/$']\n"
    repo = await house.repo(files)
    async with house.bot():
        await house.change(repo, dict(CHANGE))
        await house.settle()
        [promotion] = house.promotions(repo)
        assert await repo.tree_sha(promotion.head_sha, "clusters/dev") == await repo.tree_sha("main", "clusters/dev")
        assert "`clusters/lab/`" in (promotion.body or "")
        assert "`clusters/dev/`" not in (promotion.body or "")


async def test_a_merge_into_another_branch_promotes_nothing(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "release", {"README.md": "a release\n"})
        await repo.commit("alice", "feature", dict(CHANGE), start="release")
        pull = await repo.open_pull("alice", head="feature", base="release", title="Into the release")
        await repo.merge("alice", pull.number)
        await house.settle()
        assert house.promotions(repo) == []
        assert house.states(repo, pull) == []


async def test_one_promotion_that_can_not_be_made_does_not_stop_the_other(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, {"clusters/lab/nginx/values.yaml": 'tag: "3.0"\n'}, branch="lab")
        await house.settle()
        east, west = house.promotions(repo)
        await repo.close("bob", east.number)
        await repo.close("bob", west.number)

        # Somebody else's commits stand under the name of the second merge's first branch.
        await repo.commit("alice", east.head_ref.replace(f"/{pull.number}-", "/4-"), {"mine.txt": "mine\n"})
        pull = await house.change(repo, {"clusters/lab/nginx/values.yaml": 'tag: "4.0"\n'}, branch="lab")
        await house.settle()
        assert pull.number == 4
        [opened] = [each for each in house.promotions(repo) if each.number > pull.number]
        assert opened.title == "🚀 Promotion: nginx ➡️  clusters/prod/west/"
        [said] = house.said(pull)
        assert "`nginx` could not be promoted to `clusters/prod/east/`" in said
        assert house.states(repo, pull)[-1] == "error"
