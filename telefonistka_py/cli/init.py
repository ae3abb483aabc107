"""`telefonistka init`: proposes a `telefonistka.yaml` from a repository's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.suggest.model import Choice, Flow, Layout

WRITTEN, NOTHING = 0, 1


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--yes", is_flag=True, help="Ask nothing, and write the file.")
@click.option("--print", "only_print", is_flag=True, help="Ask nothing, and print the file instead of writing it.")
def init(path: Path, yes: bool, only_print: bool) -> int:
    """Propose a telefonistka.yaml for a repository, from its folders.

    PATH is a local clone (default: this folder); what its last commit holds is looked at. Folders that hold components
    of the same names are environments; their order is told by their names. On a terminal you are asked for the order
    and for how the pull requests are divided. The file is checked, shown with what it would have done with the last
    change, and written to the root of the clone; one that is there is never overwritten.

    \b
    Exit codes: 0 written or printed, 1 nothing to propose, or not wanted, 2 any other error.
    """
    from telefonistka_py import markdown
    from telefonistka_py.config.read import ROOT
    from telefonistka_py.localgit import files
    from telefonistka_py.localgit.clone import Clone
    from telefonistka_py.suggest import draft, find, lost, propose
    from telefonistka_py.suggest.model import Nothing

    if not path.is_dir():
        raise click.UsageError(f"{path} is no folder; give the path of a local clone")
    top = files.working_tree(path, os.environ)
    with Clone(top, os.environ) as clone:
        paths = files.at(top, clone.commit("HEAD").tree, os.environ)
    if not only_print and (os.path.lexists(top / ROOT) or ROOT in paths):
        click.echo(f"{top / ROOT} is there already and is not overwritten. --print shows a proposal.", err=True)
        return NOTHING
    layout = find.layout(paths)
    if isinstance(layout, Nothing):
        click.echo(f"Nothing to propose. {layout.why}", err=True)
        return NOTHING
    asks = not yes and not only_print and sys.stdin.isatty()
    choice = _asked(layout, propose.usual(layout)) if asks else propose.usual(layout)
    flows = propose.flows(layout, choice)
    text = draft.write(layout, flows)
    removed = markdown.printable(lost.told(lost.files(paths, layout, flows)))
    if only_print:
        click.echo(text, nl=False)
        click.echo(removed, nl=False, err=True)
        return WRITTEN
    click.echo(text)
    click.echo(_shown(top, text, layout, flows))
    if removed:
        click.echo(removed)
    if not yes and not (asks and click.confirm(f"Write {top / ROOT}?", default=True)):
        if not asks:
            click.echo("Not written: this is no terminal to ask on. --yes writes it.", err=True)
        return NOTHING
    _write(top / ROOT, text)
    click.echo(f"{top / ROOT} is written. Next: `telefonistka check`, then commit it by a pull request.")
    return WRITTEN


def _asked(layout: Layout, usual: Choice) -> Choice:
    """Asks for the order, then for each environment with several folders whether they get a pull request each; not
    where that makes no difference, as every folder has a source of its own."""
    from telefonistka_py import counted
    from telefonistka_py.suggest import propose
    from telefonistka_py.suggest.model import Choice

    names = [environment.name for environment in layout.environments]
    for environment in layout.environments:
        count = len(environment.components)
        components = counted.of(count, "component")
        click.echo(f"  {environment.name}: {', '.join(environment.holders)}  ({components})")
    order = usual.order
    if not any(letter in name for name in names for letter in " +"):
        click.echo("In which order does a change travel? Join with + those that are promoted to together.")
        shown = " ".join("+".join(group) for group in usual.order)
        order = click.prompt("Order", default=shown, value_proc=lambda text: _order(text, names))
    apart: set[str] = set()
    for group in order[1:]:
        folders = propose.folders_of(layout, group)
        question = f"{' + '.join(group)}: one pull request for each of the {len(folders)} folders?"
        if not propose.may_divide(layout, order, group):
            continue
        if click.confirm(question, default=usual.apart.issuperset(group)):
            apart.update(group)
    return Choice(order, frozenset(apart))


def _order(text: str, names: list[str]) -> tuple[tuple[str, ...], ...]:
    groups = tuple(tuple(group.split("+")) for group in text.split())
    given = [name for group in groups for name in group]
    if unknown := [name for name in given if name not in names]:
        raise click.BadParameter(f"there is no {unknown[0]!r}; there are {', '.join(names)}")
    if len(set(given)) < len(given):
        raise click.BadParameter("an environment is named twice")
    if len(groups) < 2:
        raise click.BadParameter("name at least two, separated by spaces")
    return groups


def _shown(top: Path, text: str, layout: Layout, flows: tuple[Flow, ...]) -> str:
    """What it would have done; where no recent change concerns it, what the first one will do."""
    from telefonistka_py import markdown
    from telefonistka_py.cli import plan
    from telefonistka_py.errors import TelefonistkaError
    from telefonistka_py.suggest import preview, propose

    try:
        found = preview.of_the_last_change(top, text, os.environ)
    except TelefonistkaError as error:
        return f"What it would have done with the last changes can't be shown: {error}.\n"
    if found is not None:
        said, planned = found
        return markdown.printable(f"With it, the change {said!r} would have been promoted:\n\n{plan.as_text(planned)}")
    example, flow = propose.example(layout, flows)
    lines = [f"No recent change concerns it. A change of {example} would open:"]
    lines += [f"  a pull request for {description}: {', '.join(paths)}" for description, paths in flow.pulls]
    return markdown.printable("\n".join((*lines, "")))


def _write(path: Path, text: str) -> None:
    from telefonistka_py.errors import OperatorMistake

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OperatorMistake(f"{path} can't be written: {error.strerror}") from None
