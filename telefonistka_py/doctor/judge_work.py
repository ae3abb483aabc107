"""Judges what the bot works with: its inbox, the repositories' configurations, who approves, Argo CD. Plain."""

from collections.abc import Iterator, Sequence

from telefonistka_py.app import backlog
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.doctor.facts import ApproverFacts, ArgoFacts, InboxFacts, Seen
from telefonistka_py.doctor.model import Finding, doubtful, fine, wrong

MOST_PROBLEMS = 5
"""Problems of one file that are told; `telefonistka check` tells all."""


def inbox(facts: InboxFacts) -> Iterator[Finding]:
    counts = facts.counts
    chores = f", and {backlog.told(facts.chores)}" if facts.chores else ""
    yield fine(
        f"{facts.where}: {counts.waiting:,} waiting, {counts.underway:,} underway, {counts.done:,} done, "
        f"{counts.dead:,} dead{chores}."
    )
    if facts.left_behind:
        yield wrong(facts.left_behind)
    if counts.dead:
        newest = facts.dead[0] if facts.dead else None
        why = f" The newest: {newest.id} ({newest.kind}, {newest.lane}): {newest.note}" if newest else ""
        yield doubtful(
            f"Deliveries that were given up: {counts.dead:,}.{why}",
            "See them with `telefonistka inbox list --state dead`; once mended, `telefonistka inbox retry --dead`.",
        )


def repositories(found: Sequence[Seen]) -> Iterator[Finding]:
    """In the order of their names: what is wrong one by one, what is fine in one line."""
    if not found:
        yield doubtful("There is no repository to look at.", "Install the App on some, or name one with --repo.")
    well, bare = [], []
    for seen in found:
        findings = list(_repository(seen))
        if seen.failure == "" and seen.config is None:
            bare.append(seen.name)
        elif not findings:
            well.append(seen.name)
        yield from findings
    if well:
        yield fine(f"telefonistka.yaml is fine in {_listed(well)}.")
    if bare:
        yield fine(f"There is no telefonistka.yaml, so that nothing is promoted, in {_listed(bare)}.")


def _repository(seen: Seen) -> Iterator[Finding]:
    if seen.failure:
        yield wrong(f"{seen.name} could not be read: {seen.failure}")
    match seen.config:
        case Invalid(problems):
            for problem in problems[:MOST_PROBLEMS]:
                yield _problem(seen.name, problem)
            if len(problems) > MOST_PROBLEMS:
                yield wrong(f"{seen.name}: {len(problems) - MOST_PROBLEMS} more; run `telefonistka check` in a clone.")
        case Valid(value, warnings):
            for warning in warnings[:MOST_PROBLEMS]:
                yield doubtful(f"{seen.name}: {warning}")
            if not value.promotion_paths:
                yield doubtful(f"{seen.name}: telefonistka.yaml names no promotionPaths, so that nothing is promoted.")


def _problem(name: str, problem: Problem) -> Finding:
    """One of a file that can't be used: an error is why, a warning, such as an unknown key, would not be by itself."""
    if problem.severity is Severity.WARNING:
        return doubtful(f"{name}: {problem}")
    return wrong(f"{name}: {problem}", "Until it is mended, nothing of this repository is promoted.")


def approver(facts: ApproverFacts | None, wanted: Sequence[Seen]) -> Iterator[Finding]:
    """`wanted` are the repositories that ask for approvals; `facts` None: nobody is configured."""
    if facts is None:
        if wanted:
            names = _listed([seen.name for seen in wanted])
            yield wrong(
                f"autoApprovePromotionPrs is set in {names}, and there is no approver.",
                "Set APPROVER_GITHUB_APP_ID and APPROVER_GITHUB_APP_PRIVATE_KEY_PATH, or APPROVER_GITHUB_OAUTH_TOKEN.",
            )
        else:
            yield fine("No approver is configured, and no repository asks for one.")
        return
    if facts.is_main:
        yield wrong(
            f"The approver is {facts.login}, who opens the pull requests: GitHub lets nobody approve their own.",
            "Give the approver another App or user.",
        )
    elif not facts.may_review:
        yield wrong(f"The approver {facts.login} lacks the permission pull_requests: write.", "Grant it.")
    elif facts.missing:
        yield wrong(
            f"The approver {facts.login} can't approve in {_listed(facts.missing)}.",
            "Install it there, or give it write access: an approval without that does not count.",
        )
    else:
        yield fine(f"{facts.login} approves.")


def argocd(facts: ArgoFacts) -> Iterator[Finding]:
    yield fine(f"{facts.name} answers (version {facts.version or 'unknown'}).")
    if facts.apps:
        yield fine(f"{facts.name}: the token sees {facts.apps:,} applications.")
    else:
        yield doubtful(
            f"{facts.name}: the token sees no application, so that no diff can be shown.",
            "Give its account the right to get applications (RBAC: `p, ACCOUNT, applications, get, */*, allow`).",
        )


def no_argocd(wanted: Sequence[Seen]) -> Iterator[Finding]:
    """Where none is configured."""
    if wanted:
        names = _listed([seen.name for seen in wanted])
        yield wrong(
            f"Diffs by Argo CD are asked for in {names}, and no Argo CD is configured.",
            "Set ARGOCD_SERVER_ADDR and ARGOCD_TOKEN, or TELEFONISTKA_ARGOCD_INSTANCES.",
        )


def wants_approval(config: Config) -> bool:
    return config.auto_approve


def wants_argocd(config: Config) -> bool:
    return config.argocd.comment_diff_on_pr


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown
