"""`telefonistka templates`: what the bot says, to be looked at, taken out, and replaced."""

from __future__ import annotations

from pathlib import Path

import click

NOT_ALL_USED = 1


@click.group(short_help="List, export or check the texts that the bot writes.")
def templates() -> None:
    """The texts that the bot writes: titles, bodies, comments. Each can be replaced.

    \b
    To change one, export them all, keep the files that you change, and name their folder to the server:
      telefonistka templates export texts/
      telefonistka templates check texts/
      TEMPLATES_PATH=texts/ telefonistka server

    They are Jinja2, sandboxed. The filter `code` makes an inline code span of what others chose, `plain` makes it inert
    in running text. Where a text of yours fails, the built-in one is used, and the log says so.
    """


@templates.command("list", short_help="List every text, with what it is for and its variables.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(as_json: bool) -> None:
    """List every text: the name of its file, what it is for, and the variables that it is given."""
    from telefonistka_py import templates as texts
    from telefonistka_py.cli import json_text

    heads = {stem: texts.head(source) for stem, source in texts.built_in().items()}
    if as_json:
        click.echo(
            json_text.of(
                [
                    {
                        "name": stem,
                        "purpose": head.purpose,
                        "variables": [
                            {"name": it.name, "type": it.kind, "meaning": it.meaning} for it in head.variables
                        ],
                    }
                    for stem, head in heads.items()
                ]
            )
        )
        return
    for stem, head in heads.items():
        click.echo(click.style(f"{stem}{texts.SUFFIX}", bold=True))
        click.echo(_wrapped(head.purpose, 2, 2))
        for variable in head.variables:
            click.echo(_wrapped(f"{variable.name} ({variable.kind}): {variable.meaning}", 4, 8))
        click.echo()


@templates.command(short_help="Write every text into a folder.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
def export(folder: Path, force: bool) -> None:
    """Write every text into FOLDER, which is made if it is not there. Files that are there are not overwritten.

    A text that you don't change need not stay: without a file of its name, the built-in text of the version that runs
    is used.

    \b
    Exit codes: 0 written; 2 files are in the way, and nothing was written.
    """
    from telefonistka_py import templates as texts
    from telefonistka_py.errors import OperatorMistake

    there = [name for name in _names() if (folder / name).exists()]
    if there and not force:
        raise OperatorMistake(
            f"{folder} holds {_some(there)} already, and nothing was written: name another folder, or give --force to "
            "overwrite."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stem, source in texts.built_in().items():
            (folder / f"{stem}{texts.SUFFIX}").write_text(source, "utf-8")
    except OSError as error:
        raise OperatorMistake(f"{folder} can't be written: {error.strerror}.") from error
    click.echo(f"Wrote {len(texts.built_in())} texts to {folder}.")


@templates.command(short_help="Say which files of a folder would be used, and what is wrong with the others.")
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), envvar="TEMPLATES_PATH", required=False
)
@click.option("--status-url", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              envvar="CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH", show_envvar=True,
              help="The text for the address behind the commit status.")  # fmt: skip
def check(folder: Path | None, status_url: Path | None) -> int:
    """Say which files of FOLDER (default: TEMPLATES_PATH) the server would use, and why not the others.

    A file is used when it has the name of a text, whatever its ending, and is Jinja2. One that uses a name which it is
    not given would fail, and the built-in text would stand in for it.

    \b
    Exit codes: 0 all are used; 1 some are not, or would fail; 2 a wrong option or folder.
    """
    from telefonistka_py import templates as texts
    from telefonistka_py.app import texts as customs

    if folder is None and status_url is None:
        raise click.UsageError("name a FOLDER, or set TEMPLATES_PATH")
    found = list(customs.look(folder)) if folder else []
    if folder and not found:
        click.echo(f"{folder} holds no files: the built-in texts are used.")
    if status_url:
        found.append(customs.look_at_status_link(status_url))
    for each in found:
        if each.unused:
            click.echo(f"✗ {each.file.name}: not used, {each.unused.rstrip('.')}.")
        elif each.unknown:
            known = ", ".join(sorted(texts.given(each.stem))) or "nothing"
            click.echo(f"✗ {each.file.name}: it uses {', '.join(each.unknown)}, and is given {known}.")
        else:
            click.echo(f"✓ {each.file.name}")
    return NOT_ALL_USED if any(each.unused or each.unknown for each in found) else 0


def _names() -> list[str]:
    from telefonistka_py import templates as texts

    return [f"{stem}{texts.SUFFIX}" for stem in texts.built_in()]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _wrapped(text: str, first: int, rest: int) -> str:
    return click.wrap_text(text, width=100, initial_indent=" " * first, subsequent_indent=" " * rest)
