"""Keeps v1's metrics of the requests to GitHub (contract §10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py.observability.metrics import Metrics


@dataclass(frozen=True)
class Requests:
    """Is told of each answer."""

    metrics: Metrics

    def __call__(self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float) -> None:
        group, owner, slug, rest = parts(re.sub(r"^/api(/v3)?(?=/)", "", path))
        self.metrics.github_operations.labels(
            api_group=group, api_path=rest, repo_slug=slug, status=str(status), method=method
        ).inc()
        limit, remaining = headers.get("x-ratelimit-limit", ""), headers.get("x-ratelimit-remaining", "")
        # What the App asks with its own proof (`…/installation`) is counted for the App, and not for this owner.
        theirs = owner and rest != "installation" and headers.get("x-ratelimit-resource", "core") == "core"
        if theirs and limit.isdecimal() and remaining.isdecimal():
            self.metrics.rate_limit.labels(repo_owner=owner).set(int(limit))
            self.metrics.rate_remaining.labels(repo_owner=owner).set(int(remaining))


def parts(path: str) -> tuple[str, str, str, str]:
    """`/repos/o/n/git/trees` → `repos`, `o`, `o/n`, `git/trees`. Numbers and hashes are left out: labels stay few."""
    found = re.match(r"^/repos/([^/]+)/([^/]+)/?(.*)$", path)
    if not found:
        group, _, rest = path.lstrip("/").partition("/")
        return group, "", "", _few(rest)
    return "repos", found[1], f"{found[1]}/{found[2]}", _few(found[3])


def _few(rest: str) -> str:
    return "/".join([word for word in rest.split("/") if re.fullmatch(r"[a-z_-]{3,24}", word)][:2])
