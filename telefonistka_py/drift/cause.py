"""Why a target differs from its source, as far as the history and the open promotions tell."""

from collections.abc import Iterable, Mapping

from telefonistka_py.drift.model import Carried, Cause, Direct, Gap, Heading, LastCommit, SourceMoved
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion.neighbours import Neighbour

Touched = Mapping[RepoPath, LastCommit | None]
"""Component path → the newest commit that touched it; None when none ever did."""

Standing = Mapping[tuple[Sha, RepoPath], Sha | None]
"""A promotion's head and a target → what stands there in that head."""


def promotions_to(target: RepoPath, open_promotions: Iterable[Neighbour]) -> tuple[Neighbour, ...]:
    """Our open promotions whose metadata names `target`, newest first."""
    return tuple(each for each in open_promotions if target in each.promoted)


def of(gap: Gap, open_promotions: Iterable[Neighbour], standing: Standing, touched: Touched) -> Cause:
    """The probable cause.

    An open promotion counts as carrying the change only if its head really has the source's contents at the target:
    its metadata can be edited by anyone (N25).
    """
    target, wanted = gap.pair.target, gap.source.sha if gap.source else None
    near = promotions_to(target, open_promotions)
    for each in near:
        if standing[each.open.pull.head_sha, target] == wanted:
            return Carried(each.open.pull.number)
    if near:
        return Heading(near[0].open.pull.number)
    there, source = touched[target], touched[gap.pair.source]
    if there and not there.promoted and (source is None or there.at > source.at):
        return Direct(there)
    return SourceMoved(source)
