"""Comments as commands: they do what they say, for those who may (N24)."""

from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, level

TOGGLE = "toggleCommitStatus:\n  override: ci/gate\n" + TWO_STAGES


async def opened(house: House, state: str | None = "failure") -> tuple[Repo, Pull]:
    """A pull request whose head carries the status `ci/gate`."""
    repo = await house.repo(level(TOGGLE))
    await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": "2\n"})
    pull = await repo.open_pull("alice", head="feature", title="Change")
    if state:
        await repo.set_status("alice", pull.head_sha, "ci/gate", state)
    return repo, pull


def seen(pull: Pull) -> list[str]:
    """The bot's reactions to what people wrote on `pull`."""
    return [each.content for comment in pull.comments for each in comment.reactions]


def gate(repo: Repo, pull: Pull) -> list[str]:
    return [status.state for status in repo.statuses(pull.head_sha) if status.context == "ci/gate"]


async def test_a_word_flips_its_commit_status_and_flips_it_back(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        await repo.comment("bob", pull.number, "Known to be flaky, so /override please")
        await house.settle()
        assert gate(repo, pull) == ["failure", "success"]
        await repo.comment("bob", pull.number, "/override")
        await house.settle()
        assert gate(repo, pull) == ["failure", "success", "failure"]


async def test_who_can_not_write_flips_nothing(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        house.hub.add_user("mallory")
        repo.set_access("mallory", "read")
        await repo.comment("mallory", pull.number, "/override")
        await house.settle()
        assert gate(repo, pull) == ["failure"]
        assert house.said(pull) == []


async def test_a_word_inside_another_or_in_a_path_is_no_command(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        await repo.comment("bob", pull.number, "see docs/override and /overrides")
        await house.settle()
        assert gate(repo, pull) == ["failure"]


async def test_a_status_that_is_not_there_is_told_to_who_asked(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house, state=None)
        await repo.comment("bob", pull.number, "/override")
        await house.settle()
        assert gate(repo, pull) == []
        [said] = house.said(pull)
        assert "@bob: the head of this pull request has no commit status `ci/gate`, so nothing was changed." in said


async def test_retrigger_on_a_merged_pull_request_completes_what_is_missing_and_repeats_nothing(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, {"workspace/nginx/values.yaml": "2\n"})
        await house.settle()
        [promotion] = house.promotions(repo)
        await repo.unlabel("bob", promotion.number, "promotion")
        await repo.comment("bob", pull.number, " /retrigger\n")
        await house.settle()
        assert [each.number for each in house.promotions(repo)] == [promotion.number]
        assert promotion.labels == ["promotion"]
        assert len(house.said(pull)) == 1
        assert seen(pull) == ["eyes"]


async def test_retrigger_is_obeyed_even_where_it_can_not_be_acknowledged(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, {"workspace/nginx/values.yaml": "2\n"})
        await house.settle()
        [promotion] = house.promotions(repo)
        await repo.unlabel("bob", promotion.number, "promotion")
        house.hub.will_answer(403, path="/reactions$")
        await repo.comment("bob", pull.number, "/retrigger")
        await house.settle()
        assert promotion.labels == ["promotion"]
        assert seen(pull) == []


async def test_a_command_of_somebody_who_may_not_is_not_acknowledged(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        house.hub.add_user("mallory")
        repo.set_access("mallory", "read")
        await repo.comment("mallory", pull.number, "/retrigger")
        await house.settle()
        assert seen(pull) == []


async def test_our_own_comments_are_no_commands(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        await repo.comment("telefonistka[bot]", pull.number, "/override")
        await house.settle()
        assert gate(repo, pull) == ["failure"]
