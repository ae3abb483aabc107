"""Which endpoints a commit of a local clone reaches, for `telefonistka fanout test`."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telefonistka_py.config import read
from telefonistka_py.config.problem import Invalid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.fanout import match
from telefonistka_py.fanout.hosts import Allowed
from telefonistka_py.fanout.match import Found
from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import RepoPath
from telefonistka_py.tree import difference
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader, Trees, Wanted, attempt


def reached(repo: Path, rev: str, since: str | None, allowed: Allowed, environ: Mapping[str, str]) -> Found:
    """What a push of the commit `rev` reaches, after the commit `since` or its first parent.

    Raises `OperatorMistake` for a revision that is none, `RepoMistake` for a configuration that can't be used.
    """
    with Clone(repo, environ) as clone:
        commit = clone.commit(rev)
        before = clone.commit(since or commit.parents[0]) if since or commit.parents else None
        trees = Trees()

        def differences(reader: Reader) -> list[RepoPath]:
            old = Entry(Mode.DIRECTORY, before.tree) if before else None
            new = Entry(Mode.DIRECTORY, commit.tree)
            return [each.path for each in difference.differences(reader, old, new, RepoPath(""))]

        while isinstance(paths := attempt(trees, differences), Wanted):
            for sha in paths.shas:
                trees.add(sha, clone.tree(sha))
        entry = clone.tree(commit.tree).get(read.ROOT)
        config = read.root(clone.blob(entry.sha) if entry and entry.is_file else b"")
    if isinstance(config, Invalid):
        raise RepoMistake(f"{read.ROOT} can't be used: {config.problems[0]}")
    return match.endpoints(config.value.webhook_endpoints, paths, allowed, time.process_time)


def as_lines(found: Found) -> list[str]:
    lines = []
    for each in found.endpoints:
        lines += [each.url, f"    by webhookEndpointRegexs[{each.reason.rule}] {each.reason.expression}"]
        lines += [f"    for {each.reason.path}"]
    for refusal in found.refusals:
        lines += [f"Refused: {refusal.reason.replacement}: {refusal.why}"]
        lines += [f"    by webhookEndpointRegexs[{refusal.reason.rule}] {refusal.reason.expression}"]
        lines += [f"    for {refusal.reason.path}"]
    return lines or ["This commit reaches no endpoint."]


def as_data(found: Found) -> dict[str, Any]:
    def reason(each: Any) -> dict[str, Any]:
        return {
            "rule": f"webhookEndpointRegexs[{each.reason.rule}]",
            "expression": each.reason.expression,
            "replacement": each.reason.replacement,
            "path": each.reason.path,
        }

    return {
        "endpoints": [{"url": each.url, **reason(each)} for each in found.endpoints],
        "refused": [{"why": each.why, **reason(each)} for each in found.refusals],
    }
