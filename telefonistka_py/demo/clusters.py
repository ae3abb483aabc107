"""A promotion with an Argo CD beside it: what each pull request will change in the clusters, before it is merged."""

import re

from telefonistka_py.argocd import noop, render
from telefonistka_py.demo import manifests
from telefonistka_py.demo.proof import Check
from telefonistka_py.demo.stage import ALICE, BOB, Say, Stage
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Pull


async def play(on: Stage, say: Say) -> bool:
    """Plays it through; whether every check held."""
    argo = on.argo
    assert argo is not None
    for stage in manifests.STAGES:
        app = await argo.add_app(f"web-{stage}", f"clusters/{stage}/web", destination=stage, automated={"prune": True})
        await argo.sync(app)
    say(f"GitHub in a folder    {on.hub.url}  ({on.repo.name}, default branch {on.repo.default_branch})")
    say(f"Argo CD in a folder   {argo.url}  (apps {', '.join(f'web-{stage}' for stage in manifests.STAGES)})")
    say(f"Telefonistka          {on.server.url}\n")
    release = await _opened(on, "web 1.1", manifests.component("staging", tag="1.1", log="debug"), say)
    promotion = await _merged(on, release, say)
    reworded = {
        "clusters/staging/web/deployment.yaml": f"# The web shop.\n{manifests.DEPLOYMENT.format(tag='1.1', replicas=2)}"
    }
    await on.repo.merge(BOB, promotion.number)
    say(f"{BOB} merges #{promotion.number}\n")
    await on.settle()
    comment = await _opened(on, "a comment in a manifest", {**reworded}, say)
    quiet = await _merged(on, comment, say)
    if quiet.merged:
        say(f"telefonistka merges #{quiet.number}: nothing in any cluster changes\n")
    return _sum_up(on, release, promotion, quiet, say)


async def _opened(on: Stage, title: str, changes: dict[str, Content], say: Say) -> Pull:
    branch = re.sub(r"[^a-z0-9]+", "-", title)
    await on.repo.commit(ALICE, branch, {**changes}, message=title)
    pull = await on.repo.open_pull(ALICE, head=branch, title=title)
    say(f"{ALICE} opens #{pull.number}: {title}")
    await on.settle()
    _tell(on, pull, say)
    return pull


async def _merged(on: Stage, pull: Pull, say: Say) -> Pull:
    """The promotion that opens when `pull` is merged."""
    await on.repo.merge(ALICE, pull.number)
    say(f"{ALICE} merges #{pull.number}")
    await on.settle()
    promotion = max((each for each in on.repo.pulls() if each.author is on.app.bot), key=lambda each: each.number)
    say(f"telefonistka opens #{promotion.number}: {promotion.title}")
    _tell(on, promotion, say)
    return promotion


def _tell(on: Stage, pull: Pull, say: Say) -> None:
    for line in _said(on, pull).splitlines():
        say(f"    {line}".rstrip())
    say(f"    labels: {', '.join(pull.labels) or 'none'}\n")


def _said(on: Stage, pull: Pull) -> str:
    """What the bot comments about the clusters, without its markers."""
    marker = f"<!-- telefonistka:{render.TOPIC} -->"
    bodies = [each.body for each in pull.comments if each.author is on.app.bot and marker in each.body]
    return "\n".join(line for body in bodies for line in body.splitlines() if not line.startswith("<!--"))


def _sum_up(on: Stage, release: Pull, promotion: Pull, quiet: Pull, say: Say) -> bool:
    image = "-registry.example.com/web:1.0\n+registry.example.com/web:1.1"
    checks = [
        Check(f"#{release.number} shows the new image, before it is merged", image in _said(on, release)),
        Check(f"#{promotion.number} shows the same for production", image in _said(on, promotion)),
        Check(f"#{quiet.number} changes nothing, is labelled {noop.LABEL}", noop.LABEL in quiet.labels),
        Check(f"#{quiet.number} merged itself", quiet.merged),
    ]
    say("Checks")
    for check in checks:
        say(f"  {'✅' if check.held else '❌'} {check.what}")
    return all(check.held for check in checks)
