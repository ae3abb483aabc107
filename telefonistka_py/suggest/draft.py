"""The proposal as a commented `telefonistka.yaml`."""

from collections.abc import Iterator, Sequence

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.suggest import propose
from telefonistka_py.suggest.model import Flow, Layout

_OPENING = """\
# Proposed by `telefonistka init` from the folders of this repository. Check the order before it is merged.
#
# A merged pull request that changes a component, such as
#   {example}
# opens the pull requests of the first flow that fits. Merging those changes the next environment, and so on."""


def write(layout: Layout, flows: Sequence[Flow]) -> str:
    """The file's text. Raises `RepoMistake` when these folders can't be written as a configuration."""
    text = "\n".join((*_lines(layout, flows), ""))
    parsed(text)
    return text


def parsed(text: str) -> Config:
    """The text as the server reads it. Raises `RepoMistake` for an error or a warning."""
    found = read.root(text.encode())
    problems = found.problems if isinstance(found, Invalid) else found.warnings
    if isinstance(found, Invalid) or problems:
        raise RepoMistake(f"these folders can't be written as a configuration: {problems[0]}")
    return found.value


def _lines(layout: Layout, flows: Sequence[Flow]) -> Iterator[str]:
    yield _OPENING.format(example=propose.example(layout, flows)[0])
    if not layout.order_is_known:
        yield "# The names of the folders do not tell the order: it is alphabetical. Change it as you need."
    for sentence in layout.left_out:
        yield f"# Left out: {sentence}"
    yield ""
    yield "promotionPaths:"
    for at, flow in enumerate(flows):
        if at:
            yield ""
        yield f"  # {flow.said}"
        yield f"  - sourcePath: {_quoted(flow.source)}"
        if layout.depth:
            yield f"    componentPathExtraDepth: {layout.depth}"
        yield "    promotionPrs:"
        for description, targets in flow.pulls:
            yield f"      - targetDescription: {_quoted(description)}"
            yield "        targetPaths:"
            for target in targets:
                yield f"          - {_quoted(f'{target}/')}"


def _quoted(text: str) -> str:
    """A double-quoted scalar (https://yaml.org/spec/1.2.2/#double-quoted-style). Names are printable here."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
