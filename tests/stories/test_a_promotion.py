"""From a merge to production, as people see it."""

from telefonistka_py.sandbox.content import File, Link, Submodule
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import House, component, level


async def test_a_merged_change_is_proposed_for_the_next_environments(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}, branch="feature/new tag"[:11])
        await house.settle()

        [promotion] = house.promotions(repo)
        assert promotion.title == "🚀 Promotion: nginx ➡️  dev and lab"
        assert promotion.head_ref.startswith(f"promotions/{pull.number}-feature-new-")
        assert promotion.base_ref == "main"
        assert promotion.labels == ["promotion"]
        assert [user.login for user in promotion.assignees] == ["alice"]
        assert (promotion.body or "").startswith(f"Promotion path(nginx):\n\n↘️  #{pull.number}  `workspace/` ➡️")
        assert house.states(repo, pull)[-2:] == ["pending", "success"]
        await assert_equal(repo, promotion.head_sha, "workspace/nginx", "clusters/dev/nginx", "clusters/lab/nginx")
        assert await changed(repo, promotion) == {"clusters/dev/nginx/values.yaml", "clusters/lab/nginx/values.yaml"}


async def test_a_merged_promotion_goes_on_to_the_next_stage(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await house.settle()
        [first] = house.promotions(repo)
        await repo.merge("bob", first.number)
        await house.settle()

        east, west = house.promotions(repo, "open")
        assert east.title == "🚀 Promotion: nginx ➡️  clusters/prod/east/"
        assert west.title == "🚀 Promotion: nginx ➡️  clusters/prod/west/"
        assert [user.login for user in east.assignees] == ["alice"], "the author of the first pull request of the chain"
        assert "↘️  #1  `workspace/`" in (east.body or "")
        assert f"&nbsp;&nbsp;&nbsp;&nbsp;↘️  #{first.number}  `clusters/lab/`" in (east.body or "")
        for each in (east, west):
            await repo.merge("bob", each.number)
        await house.settle()
        assert house.promotions(repo, "open") == []
        everywhere = ("clusters/dev", "clusters/lab", "clusters/prod/east", "clusters/prod/west")
        await assert_equal(repo, "main", "workspace/nginx", *(f"{place}/nginx" for place in everywhere))


async def test_what_a_target_has_more_goes_and_every_kind_of_file_arrives(house: House) -> None:
    files = level()
    files |= {
        "clusters/lab/nginx/only-here/deep/old.yaml": "old\n",
        "clusters/dev/nginx/templates/deployment.yaml": "drifted\n",
        "clusters/dev/nginx/turns": "a file here\n",
        "clusters/lab/nginx/turns/into": "a directory here\n",
    }
    repo = await house.repo(files)
    async with house.bot():
        await house.change(
            repo,
            {
                "workspace/nginx/run.sh": File("#!/bin/sh\n", "100755"),
                "workspace/nginx/link": Link("values.yaml"),
                "workspace/nginx/module": Submodule("1" * 40),
                "workspace/nginx/empty": "",
                'workspace/nginx/na mé "quoted" +[(.yaml': "x\n",
                "workspace/nginx/binary": b"\0\xff\xfe",
                "workspace/nginx/turns/into": "a directory\n",
                "workspace/nginx/Chart.yaml": None,
            },
        )
        await house.settle()
        [promotion] = house.promotions(repo)
        await assert_equal(repo, promotion.head_sha, "workspace/nginx", "clusters/dev/nginx", "clusters/lab/nginx")
        outside = {path: entry for path, entry in (await repo.tree("main")).items() if not in_targets(path)}
        after = {path: entry for path, entry in (await repo.tree(promotion.head_sha)).items() if not in_targets(path)}
        assert after == outside, "nothing but the targets changed"


async def test_a_deleted_component_is_deleted_in_the_targets(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, dict.fromkeys(component("workspace/nginx")))
        await house.settle()
        [promotion] = house.promotions(repo)
        assert await repo.tree_sha(promotion.head_sha, "clusters/dev/nginx") is None
        assert await repo.tree_sha(promotion.head_sha, "clusters/lab/nginx") is None
        assert await repo.tree_sha(promotion.head_sha, "clusters/prod/east/nginx") is not None


async def test_a_renamed_component_leaves_its_old_place_everywhere(house: House) -> None:
    repo = await house.repo(level())
    moved = {path.replace("nginx", "proxy"): content for path, content in component("workspace/nginx").items()}
    async with house.bot():
        await house.change(repo, {**dict.fromkeys(component("workspace/nginx")), **moved})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.title == "🚀 Promotion: nginx,proxy ➡️  dev and lab"
        assert await repo.tree_sha(promotion.head_sha, "clusters/dev/nginx") is None
        await assert_equal(repo, promotion.head_sha, "workspace/proxy", "clusters/dev/proxy", "clusters/lab/proxy")


def in_targets(path: str) -> bool:
    return path.startswith(("clusters/dev/nginx/", "clusters/lab/nginx/"))


async def changed(repo: Repo, pull: Pull) -> set[str]:
    return {file.path for file in await repo.files(pull.number)}


async def assert_equal(repo: Repo, ref: str, source: str, *targets: str) -> None:
    """Each target's git tree is the source's."""
    wanted = await repo.tree_sha(ref, source)
    assert wanted is not None
    for target in targets:
        assert await repo.tree_sha(ref, target) == wanted, target
