"""The demonstration itself, told as it happens."""

from pathlib import Path

from telefonistka_py import counted
from telefonistka_py.demo import change, proof, stage
from telefonistka_py.demo.change import Change
from telefonistka_py.demo.proof import Check
from telefonistka_py.demo.stage import ALICE, BOB, Say, Stage
from telefonistka_py.inbox.model import Counts
from telefonistka_py.sandbox.model import Pull

MOST_STAGES = 8


async def play(on: Stage, own: Path | None, say: Say) -> bool:
    """Plays it through; whether every check held."""
    change_made = change.in_example(stage.example()) if own is None else await change.in_own(on.repo)
    say(f"GitHub in a folder   {on.hub.url}  ({on.repo.name}, default branch {on.repo.default_branch})")
    say(f"Telefonistka         {on.server.url}  (signed webhooks, SQLite inbox)")
    say("")
    merged = [await _alice(on, change_made, say)]
    for _ in range(MOST_STAGES):
        await on.settle()
        _tell_status(on, merged, say)
        promotions = on.repo.pulls(state="open")
        if not promotions:
            break
        for promotion in promotions:
            await _tell_promotion(on, promotion, say)
        for promotion in promotions:
            await on.repo.merge(BOB, promotion.number)
            say(f"{BOB} merges #{promotion.number}")
        merged = promotions
    say("")
    return await _sum_up(on, say)


async def _alice(on: Stage, made: Change, say: Say) -> Pull:
    await on.repo.commit(ALICE, made.branch, made.files, message=made.title)
    pull = await on.repo.open_pull(ALICE, head=made.branch, title=made.title, labels=made.labels)
    say(f"{ALICE} opens #{pull.number}: {made.title}")
    for path, content in made.files.items():
        say(f"    {'-' if content is None else '+'} {path}")
    await on.settle()
    await on.repo.merge(ALICE, pull.number)
    say(f"{ALICE} merges #{pull.number}")
    return pull


def _tell_status(on: Stage, pulls: list[Pull], say: Say) -> None:
    for pull in pulls:
        for state in on.repo.statuses(pull.head_sha)[-1:]:
            say(f"    telefonistka sets the status of #{pull.number}: {state.state}")


async def _tell_promotion(on: Stage, pull: Pull, say: Say) -> None:
    say(f"    telefonistka opens #{pull.number}: {pull.title}  [{', '.join(pull.labels)}]")
    files = await on.repo.files(pull.number)
    say(f"        {counted.of(len(files), 'file')} changed, on {pull.head_ref}")


async def _sum_up(on: Stage, say: Say) -> bool:
    promotions = [pull for pull in on.repo.pulls() if pull.author is on.app.bot]
    say("Pull requests by telefonistka")
    for pull in promotions:
        files = await on.repo.files(pull.number)
        state = "merged" if pull.merged else pull.state
        say(f"  #{pull.number}  {pull.title}")
        labels = f"{'label' if len(pull.labels) == 1 else 'labels'} {', '.join(pull.labels)}"
        say(f"      {state}, {counted.of(len(files), 'file')}, {labels}, branch {pull.head_ref}")
    checks = await _checks(on, promotions)
    say("Checks")
    for check in checks:
        say(f"  {'✅' if check.held else '❌'} {check.what}")
    requests = [each for each in on.hub.exchanges if each.actor in (on.app.slug, on.app.bot.login)]
    tokens = sum("/access_tokens" in each.path for each in requests)
    events = sum(delivery.event == "pull_request" and delivery.action == "closed" for delivery in on.hub.deliveries)
    made, merges = counted.of(len(requests), "request"), counted.of(events, "merge")
    say(f"{made} to GitHub for {merges}, {tokens} of them for a token")
    return all(check.held for check in checks)


async def _checks(on: Stage, promotions: list[Pull]) -> list[Check]:
    checks = [proof.told(on.repo, pull) for pull in on.repo.pulls() if pull.merged]
    for pull in promotions:
        if pull.merged:
            checks += await proof.equal_directories(on.repo, pull)
    counts = await on.server.inbox.counts()
    return [
        Check("telefonistka opened at least one pull request", bool(promotions)),
        *checks,
        Check("every promotion pull request was merged", all(pull.merged for pull in promotions)),
        Check(f"all {counts.done} webhooks are done, none is dead or waiting", counts == Counts(0, 0, counts.done, 0)),
    ]
