"""Environment variables whose names look like ours and are none: misspelt, they would be ignored without a word."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

_OURS = ("TELEFONISTKA_", "FANOUT_", "APPROVER_GITHUB_", "GITHUB_WEBHOOK_")
"""Nobody else's names begin with these."""
_SHARED = ("GITHUB_", "ARGOCD_", "CUSTOM_COMMIT_STATUS_", "HANDLE_SELF_")
"""GitHub Actions, Argo CD and their tools have names of their own that begin so: only one that is as good as ours is
taken for it."""
_ALIKE, _AS_GOOD_AS = 0.6, 0.9

_OF_KUBERNETES = re.compile(r".+_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)")
"""What Kubernetes adds for each Service: one of the name `telefonistka` makes `TELEFONISTKA_SERVICE_HOST`
(https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables)."""

_GUARDS = re.compile(r"FANOUT_.*|TELEFONISTKA_.*ALLOW.*")


@dataclass(frozen=True)
class Unknown:
    """A variable that is set and that nothing reads."""

    name: str
    nearest: str
    """The name that was probably meant; empty when none is near."""

    @property
    def may_open_a_door(self) -> bool:
        """Whether it was perhaps to say where pushes may be sent to: ignored, it would let them go anywhere."""
        return _GUARDS.fullmatch(self.name) is not None

    @property
    def said(self) -> str:
        meant = f"did you mean {self.nearest}?" if self.nearest else "unset it."
        return f"{self.name} is set, and Telefonistka has no variable of that name: {meant}"


def unknown(environ: Mapping[str, str], known: Collection[str]) -> Iterator[Unknown]:
    """Those of `environ` that look like ours and are not `known`, by name. Empty ones are left alone."""
    for name in sorted(environ):
        if name in known or not environ[name].strip() or _OF_KUBERNETES.fullmatch(name):
            continue
        if name.startswith(_OURS):
            yield Unknown(name, _nearest(name, known, _ALIKE))
        elif name.startswith(_SHARED) and (nearest := _nearest(name, known, _AS_GOOD_AS)):
            yield Unknown(name, nearest)


def _nearest(name: str, known: Collection[str], cutoff: float) -> str:
    bare = name.removeprefix("TELEFONISTKA_")
    return bare if bare in known else next(iter(get_close_matches(name, sorted(known), 1, cutoff)), "")
