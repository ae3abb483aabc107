"""How the repositories are shared out among queries. Plain."""

from collections.abc import Sequence

from telefonistka_py.github.tallies import MOST_PER_PAGE, Ask
from telefonistka_py.names import RepoName

HEAVIEST = 410
"""Of one query: about four full pages of pull requests, which GitHub answers well within its ten seconds."""
LIGHTEST = 102
"""One full page of one repository, after queries that were too heavy."""

MOST = 60
"""Repositories in one query, however little they have."""

_REPOSITORY = 2
"""What a repository weighs by itself, beside one for each pull request that is asked for."""
_UNKNOWN = 10
"""How many pull requests a repository is first thought to have."""


def first(repo: RepoName, known: int | None) -> Ask:
    """The first page of a repository that had `known` open pull requests: enough for a few more."""
    size = _UNKNOWN if known is None else known + max(2, known // 8)
    return Ask(repo, min(size, MOST_PER_PAGE))


def further(ask: Ask, after: str, left: int) -> Ask:
    """The page after `ask`, where about `left` are left."""
    return Ask(ask.repo, max(1, min(left + 2, MOST_PER_PAGE)), after)


def batch(todo: Sequence[Ask], heaviest: int) -> tuple[list[Ask], list[Ask]]:
    """What goes into the next query (something always does), and what stays."""
    weight, count = 0, 0
    for ask in todo:
        weight += _REPOSITORY + ask.first
        if count and (weight > heaviest or count == MOST):
            break
        count += 1
    return list(todo[:count]), list(todo[count:])
