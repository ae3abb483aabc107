"""`telefonistka drift`: every component against every environment, from a local clone."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from telefonistka_py import markdown
from telefonistka_py.cli import json_text, own_config
from telefonistka_py.config.read import ROOT
from telefonistka_py.drift import overview, tables
from telefonistka_py.drift.overview import Seen
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.localgit import directories
from telefonistka_py.localgit.clone import Clone, Commit

LEVEL, DIFFERS, NOT_COMPARED = 0, 1, 2

PATIENCE = 1.0
"""Seconds before progress is shown."""


@click.command(short_help="Show which environments differ from what is promoted to them, from a local clone.")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="A local clone. Default: this folder.")
@click.option("--ref", metavar="REV", help="The revision to compare in. Default: the default branch.")
@click.option("--config", type=click.Path(path_type=Path), help="A telefonistka.yaml in place of the one at the root.")
@click.option("--component", metavar="C", help="Only this component, by name or path, with its diffs.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print tables for a wiki or an issue.")
def drift(
    repo: Path, ref: str | None, config: Path | None, component: str | None, as_json: bool, as_markdown: bool
) -> int:
    """Compare every component with every environment that it is promoted to.

    Flows that ask for labels count only for components that no other flow takes. Nothing is sent or written.

    \b
    Exit codes: 0 all in step, 1 something differs, 2 not compared, for a problem in a telefonistka.yaml or since no
    flow takes any component, 3 any other error.
    """
    if as_json and as_markdown:
        raise click.UsageError("give --json or --markdown, not both")
    tried = own_config.given(config)
    with Clone(repo, os.environ) as clone:
        note = "" if config else own_config.uncommitted(repo, clone, os.environ)
        name, commit = _commit(clone, ref)
        known = directories.at(clone.path, commit.tree, os.environ)
        progress = Progress(time.monotonic, sys.stderr.isatty())
        seen = Seen(commit.sha, commit.tree, known, clone.tree, clone.blob, tried)
        found = overview.make(seen, time.process_time, progress.tick, component)
        progress.end()
        if component and not found.cells and not found.mistaken:
            raise OperatorMistake(
                f"no component {component!r} is promoted at {commit.sha[:7]}; give its name or its path"
            )
        diffs = {cell.pair: overview.shown(seen, cell.gap) for cell in found.cells if component and cell.gap}
    width = shutil.get_terminal_size((120, 24)).columns
    if as_json:
        click.echo(json_text.of(tables.as_data(found, diffs)))
    else:
        text = tables.as_markdown(found) if as_markdown else tables.as_text(found, diffs, width)
        if found.problems and not as_markdown:
            which = f"The {ROOT} at the root is {config}, every other" if config else f"Every {ROOT}"
            click.echo(f"{which} is read at {name} ({commit.sha[:7]}).\n")
        if note and not as_markdown:
            text = f"{text}\n\nnote: {note}"
        click.echo(markdown.printable(text))
    if found.mistaken or found.empty:
        return NOT_COMPARED
    return DIFFERS if found.differs else LEVEL


def _commit(clone: Clone, ref: str | None) -> tuple[str, Commit]:
    """With its name. Without `ref` the default branch: as it is here, else as it was fetched, else what is checked
    out."""
    if ref:
        return ref, clone.commit(ref)
    branch = clone.default_branch()
    for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
        try:
            return name.removeprefix("refs/heads/").removeprefix("refs/remotes/"), clone.commit(name)
        except OperatorMistake:
            continue
    return "HEAD", clone.commit("HEAD")


class Progress:
    """How far the comparison is, on a terminal, once it takes long."""

    def __init__(self, clock: Callable[[], float], terminal: bool) -> None:
        self._clock, self._terminal = clock, terminal
        self._next = clock() + PATIENCE
        self._shown = False

    def tick(self, done: int, of: int) -> None:
        if self._terminal and self._clock() >= self._next:
            self._next = self._clock() + 0.1
            self._shown = True
            click.echo(f"\rcomparing: {done:,} of {of:,} ({100 * done // of} %) ", nl=False, err=True)

    def end(self) -> None:
        if self._shown:
            click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
