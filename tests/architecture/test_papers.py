"""The papers are true: commands, options, variables, files and permissions that they name are there, and the other way
round."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

import click
import pytest

from telefonistka_py import needs, settings
from telefonistka_py.cli import main
from telefonistka_py.config import reference
from telefonistka_py.errors import OperatorMistake

ROOT = Path(__file__).parents[2]

PAPERS = sorted(
    str(paper.relative_to(ROOT))
    for paper in chain(
        ROOT.glob("*.md"),
        (ROOT / ".github").glob("*.md"),
        (ROOT / "config-examples").glob("*.md"),
        (ROOT / "deploy").rglob("*.md"),
        (ROOT / "tests").glob("*.md"),
        (ROOT / "deploy").glob("compose.yaml"),
        (ROOT / "deploy").rglob("*.service"),
        (ROOT / "deploy").rglob("telefonistka.yaml"),
        (ROOT / "deploy").rglob("values.yaml"),
    )
)
FOR_OPERATORS = ("README.md", "deploy/README.md")
"""Where every variable has a line in a table."""

OF_OTHERS = {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}
"""Variables that the papers name and other programs and libraries read."""
OURS_ELSEWHERE = {"GITHUB_OUTPUT", "_TELEFONISTKA_COMPLETE", "TELEFONISTKA_SCREENSHOTS"}
"""Variables of ours that neither the settings nor an option reads."""
OPTIONS_OF_OTHERS: set[str] = set()
"""Options that the papers name by themselves and other programs have."""

each_paper = pytest.mark.parametrize("paper", PAPERS)


def read(paper: str) -> str:
    return (ROOT / paper).read_text("utf-8")


# -- code in a paper --------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")


def spans(text: str) -> list[str]:
    """Inline code."""
    return _SPAN.findall(_FENCE.sub("", text))


def lines(text: str) -> list[str]:
    """Lines of code: fenced, indented, or, in a file that is no Markdown, behind `#`."""
    fenced = [line for block in _FENCE.findall(text) for line in block.splitlines()[1:-1]]
    indented = re.findall(r"^(?:#? {4,}|#   )(.+)$", _FENCE.sub("", text), re.MULTILINE)
    return [line.strip() for line in "\n".join([*fenced, *indented]).replace("\\\n", " ").splitlines()]


_COMMAND = re.compile(r"(?:^|&& |\| |; | -- |run: )(?:\w+=\S* +)*(?:\S*/)?telefonistka +([a-z-][^|;&>#]*)")


def commands(text: str) -> Iterator[list[str]]:
    """Every `telefonistka …`, as its words."""
    for code in [*spans(text), *lines(text)]:
        for found in _COMMAND.finditer(code):
            yield shlex.split(found[1].replace("…", "").replace("(", "").replace(")", ""))


def resolved(words: list[str]) -> tuple[click.Command, list[str], str]:
    """The command that `words` name, those of them that are left, and its name."""
    command: click.Command = main.telefonistka
    name = "telefonistka"
    context = click.Context(command, info_name=name)
    left = list(words)
    while isinstance(command, click.Group) and left and not left[0].startswith("-"):
        further = command.get_command(context, left[0])
        if further is None:
            break
        command, name = further, f"{name} {left.pop(0)}"
        context = click.Context(command, info_name=name, parent=context)
    return command, left, name


def every_command(command: click.Command = main.telefonistka, name: str = "") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            further = command.get_command(context, each)
            assert further is not None
            yield from every_command(further, f"{name} {each}".strip())


def options(command: click.Command) -> set[str]:
    given = (each for each in command.params if isinstance(each, click.Option))
    return {"-h", "--help"}.union(*((*each.opts, *each.secondary_opts) for each in given))


EVERY_OPTION = {word for _, command in every_command() for word in options(command)}


def mistakes(words: list[str]) -> Iterator[str]:
    """What is wrong with a command as a paper writes it."""
    command, left, name = resolved(words)
    if isinstance(command, click.Group) and left and not left[0].startswith("-"):
        yield f"there is no command `{name} {left[0]}`"
    for word in left:
        option = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option) and option not in options(command):
            yield f"`{name}` has no option {option}"


@each_paper
def test_every_command_in_a_paper_can_be_given(paper: str) -> None:
    found = [wrong for words in commands(read(paper)) for wrong in mistakes(words)]
    assert found == [], f"{paper}: mend the paper, or the command"


@each_paper
def test_every_option_that_a_paper_names_by_itself_is_one_of_ours(paper: str) -> None:
    named = {span.split()[0].partition("=")[0] for span in spans(read(paper)) if re.match(r"--?[a-z]", span)}
    assert named - EVERY_OPTION - OPTIONS_OF_OTHERS == set(), f"{paper} names options that no command has"


def test_the_checks_of_commands_see_what_they_look_for() -> None:
    text = (
        "Say `telefonistka plam`, `A=1 b/telefonistka plan --marge x`.\n\n```sh\nx && telefonistka inbox lst # y\n```\n"
    )
    assert [list(mistakes(words)) for words in commands(text)] == [
        ["there is no command `telefonistka plam`"],
        ["`telefonistka plan` has no option --marge"],
        ["there is no command `telefonistka inbox lst`"],
    ]
    fine = "`telefonistka server`, `telefonistka plan --merge HEAD`, `kubectl create ns telefonistka`, `telefonistka`"
    assert [wrong for words in commands(fine) for wrong in mistakes(words)] == []


def test_every_command_is_explained_by_its_help() -> None:
    for name, command in every_command():
        assert command.help, f"telefonistka {name} has no help"
        for each in command.params:
            assert not isinstance(each, click.Option) or each.help or each.hidden, (name, each.name)


# -- variables --------------------------------------------------------------------------------------------------------


class Recorder(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, answer: str | None) -> None:
        self._answer = answer
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        if self._answer is None:
            raise KeyError(name)
        return self._answer

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def variables() -> set[str]:
    """Every variable that the settings read, whether others are set or not."""
    found: set[str] = set()
    for answer in (None, "x", "true"):
        for reading in (settings.read, settings.access, settings.read_database_url):
            environ = Recorder(answer)
            with suppress(OperatorMistake):  # what is missing or wrong is told after all was read
                reading(environ)
            found |= environ.asked
    return found


def of_options() -> set[str]:
    found: set[str] = set()
    for _, command in every_command():
        for each in command.params:
            names = each.envvar or ()
            found |= {names} if isinstance(names, str) else set(names)
    return found


_VARIABLE = re.compile(r"(?<![A-Za-z0-9_.{<$])(?:HOSTNAME|_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![A-Za-z0-9_*…])")


def named(text: str) -> set[str]:
    """Variables that code in the paper names."""
    return {name for code in [*spans(text), *lines(text)] for name in _VARIABLE.findall(code)}


def in_tables(text: str) -> set[str]:
    """Variables in the first cell of a table's row."""
    return {name for row in re.findall(r"^\|([^|]+)\|", text, re.MULTILINE) for name in named(row)}


@each_paper
def test_every_variable_that_a_paper_names_is_read(paper: str) -> None:
    known = variables() | of_options() | OF_OTHERS | OURS_ELSEWHERE
    assert named(read(paper)) - known == set(), f"{paper} names variables that nothing reads"


def test_every_variable_that_is_read_has_a_line_in_a_table() -> None:
    told = set().union(*(in_tables(read(paper)) for paper in FOR_OPERATORS))
    assert variables() - told == set(), f"describe them in a table of {' or '.join(FOR_OPERATORS)}"


def test_the_recorder_sees_every_variable_that_the_settings_spell() -> None:
    source = (ROOT / "telefonistka_py" / "settings.py").read_text("utf-8")
    spelt = set(re.findall(r'"((?:GITHUB|ARGOCD|TELEFONISTKA|LOG|FANOUT|TEMPLATES)_[A-Z_]*[A-Z])"', source))
    assert spelt <= variables()


# -- files ------------------------------------------------------------------------------------------------------------

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FOLDERS = ("tests/", "telefonistka_py/", "deploy/", "config-examples/", ".ci/", ".github/")


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def broken(paper: str, text: str) -> Iterator[str]:
    for link in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        place = (ROOT / paper).parent / path if path else ROOT / paper
        if not place.exists() or (
            anchor and anchor not in {slug(found) for found in re.findall(r"^#+ (.+)$", place.read_text("utf-8"), re.M)}
        ):
            yield link


@each_paper
def test_every_link_to_a_file_leads_somewhere(paper: str) -> None:
    assert list(broken(paper, read(paper))) == []


def test_the_check_of_links_sees_what_it_looks_for() -> None:
    text = "[a](LICENSE) [b](no.md) [c](#no-such) [d](https://x.example) [e](tests/README.md#the-tests)"
    assert list(broken("README.md", text)) == ["no.md", "#no-such"]


@each_paper
def test_every_path_that_a_paper_names_is_there(paper: str) -> None:
    code = " ".join([*spans(read(paper)), *lines(read(paper))])
    paths = {word.strip("(),;:'\"") for word in code.split() if word.removeprefix("./").startswith(_FOLDERS)}
    plain = {path for path in paths if re.fullmatch(r"[\w./-]+", path)}
    made = {"deploy/telefonistka.env", "deploy/.env"}  # what people make themselves
    assert {path for path in plain - made if not (ROOT / path).exists()} == set(), f"{paper} names files that are gone"


def test_every_test_that_holds_a_promise_is_there() -> None:
    floors = "|".join(each.name for each in (ROOT / "tests").iterdir() if each.is_dir())
    cited = [span for span in spans(read("tests/README.md")) if re.fullmatch(rf"(?:{floors})(?:/[\w./]*)?", span)]
    assert cited
    assert [name for name in cited if not (ROOT / "tests" / name).exists()] == []


# -- what is made from the code ----------------------------------------------------------------------------------------


def test_the_reference_of_keys_is_that_of_the_models() -> None:
    text = read("config-examples/README.md")
    start, end = text.index(reference.BEGIN), text.index(reference.END) + len(reference.END)
    assert text[start:end] == reference.text().rstrip("\n"), (
        "put what `telefonistka schema --markdown` prints between the markers in config-examples/README.md"
    )


def test_the_permissions_are_those_that_are_asked_for() -> None:
    text = read(".github/SECURITY.md")
    rows = dict(re.findall(r"^\| `(\w+)` \| (read|write|admin) \|", text, re.MULTILINE))
    assert rows == {each.name: each.level for each in needs.PERMISSIONS}
    for event in needs.EVENTS:
        assert f"`{event.name}`" in text, f"the event {event.name} is subscribed to"


def test_every_promise_has_its_row() -> None:
    rows = [int(number) for number in re.findall(r"^\| N([0-9]+) ", read(".github/SECURITY.md"), re.MULTILINE)]
    assert rows == list(range(1, 33))
