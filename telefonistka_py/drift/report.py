"""The drift issue: how every environment of a repository stands, told in one place and kept current (`driftReport`)."""

import asyncio
import time
from datetime import timedelta

import structlog

from telefonistka_py.config import model, read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid
from telefonistka_py.drift import overview, tables
from telefonistka_py.drift.overview import Overview, Seen
from telefonistka_py.errors import RepoMistake, WorldUnwell
from telefonistka_py.feedback import issue
from telefonistka_py.github import whole
from telefonistka_py.github.facts import Tip
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Sha
from telefonistka_py.templates import Templates
from telefonistka_py.tree.model import Listing
from telefonistka_py.tree.reading import Trees

TOPIC = "drift-report"
TITLE = "Drift between environments"

log = structlog.get_logger()


def asked_for(config: Config) -> timedelta | None:
    """How often `config` wants the issue brought up to date; None: there is to be none."""
    return None if config.drift_report is None else model.interval(config.drift_report.every)


async def bring_up_to_date(repo: Repository, templates: Templates) -> tuple[str, timedelta | None]:
    """Has the issue open while anything differs, and closed when all is level.

    Returns what came of it in a line, and after how long to come again; None when the configuration asks for no report
    any more. A configuration that can't be used is told in the issue, which stays as often as it was.
    """
    tip = await repo.tip()
    every = _every(tip)
    if every is None:
        closed = await issue.close(repo, TOPIC, templates.render("drift-report-ended"))
        return f"no drift report is asked for{f'; closed #{closed}' if closed else ''}", None
    try:
        found = await _overview(repo, tip)
        trouble = ""
    except RepoMistake as error:  # a pattern that takes too long
        found, trouble = None, str(error)
    text = templates.render(
        "drift-report",
        commit=tip.commit,
        branch=tip.branch,
        tables=tables.as_markdown(found) if found else "",
        trouble=trouble,
        level=found is not None and not (found.differs or found.mistaken),
    )
    if found is not None and not found.differs and not found.mistaken:
        closed = await issue.close(repo, TOPIC, text)
        return f"all is level{f'; #{closed} is closed' if closed else ''}", every
    number = await issue.keep(repo, TOPIC, TITLE, text)
    return f"drift is told in #{number}", every


def _every(tip: Tip) -> timedelta | None:
    if tip.config is None or tip.config.content is None:
        return None
    config = read.root(tip.config.content)
    # Whether a report is wanted can't be known from what can't be read: it goes on, and says so.
    return timedelta(days=1) if isinstance(config, Invalid) else asked_for(config.value)


async def _overview(repo: Repository, tip: Tip) -> Overview:
    trees = Trees()
    directories = await whole.directories(repo, tip.tree, trees)

    def listing(sha: Sha) -> Listing:
        found = trees.get(sha)
        if found is None:
            raise WorldUnwell(f"the git tree {sha} of {repo.name} was not read")
        return found

    configurations = {
        entry.sha
        for sha in (tip.tree, *(directory.sha for directory in directories.values()))
        if (entry := listing(sha).get(read.ROOT)) and entry.is_file
    }
    blobs = await repo.blobs(sorted(configurations))
    seen = Seen(tip.commit, tip.tree, directories, listing, blobs.__getitem__)
    # Thousands of components take seconds of pure work.
    return await asyncio.to_thread(overview.make, seen, time.thread_time, lambda done, of: None)
