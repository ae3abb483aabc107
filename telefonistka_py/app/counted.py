"""Keeps v1's metrics of the requests to GitHub (contract §10), how long they took, and their spans.

No label is taken from what people name: branches, files, labels and logins are in many paths.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Asked, Tracer

_WORD = re.compile(
    "access_tokens|app|assignees|attempts|blobs|branches|check-runs|collaborators|comments|commits|compare|config"
    "|deliveries|files|git|graphql|hook|installations?|issues|labels|merge|meta|permission|protection|pulls|rate_limit"
    "|reactions|refs?|repos|repositories|requested_reviewers|reviews|search|statuses|status|tags|trees|user"
)
"""The words of GitHub's paths that we ask; what stands between them is somebody's name for something."""


@dataclass(frozen=True)
class Requests:
    """Is told of each request at its end; see `github.transport.Observer`."""

    metrics: Metrics
    tracer: Tracer = tracing.OFF

    def __call__(
        self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float, query: str
    ) -> None:
        plain = re.sub(r"^/api(/v3)?(?=/)", "", path)
        group, owner, slug, rest = parts(plain)
        operation = query or rest or group
        self._traced(method, path, status, seconds, query, operation)
        self.metrics.github_seconds.labels(method=method, operation=operation).observe(seconds)
        if not status:
            self.metrics.github_unanswered.labels(method=method, operation=operation).inc()
            return
        self.metrics.github_operations.labels(
            api_group=group, api_path=api_path(plain), repo_slug=slug, status=str(status), method=method
        ).inc()
        limit, remaining = headers.get("x-ratelimit-limit", ""), headers.get("x-ratelimit-remaining", "")
        # What the App asks with its own proof (`…/installation`) is counted for the App, and not for this owner.
        theirs = owner and rest != "installation" and headers.get("x-ratelimit-resource", "core") == "core"
        if theirs and limit.isdecimal() and remaining.isdecimal():
            self.metrics.rate_limit.labels(repo_owner=owner).set(int(limit))
            self.metrics.rate_remaining.labels(repo_owner=owner).set(int(remaining))

    def _traced(self, method: str, path: str, status: int, seconds: float, query: str, operation: str) -> None:
        attributes = {"http.request.method": method, "url.path": path}
        if query:
            attributes["graphql.operation.name"] = query
        name = f"GitHub query {query}" if query else f"GitHub {method} {operation}"
        failed = status == 0 or status >= 400
        self.tracer.asked(Asked(name, seconds, status or None, failed, attributes))


def parts(path: str) -> tuple[str, str, str, str]:
    """`/repos/o/n/git/trees` → `repos`, `o`, `o/n`, `git/trees`. Names, numbers and hashes are left out."""
    found = re.match(r"^/repos/([^/]+)/([^/]+)/?(.*)$", path)
    if not found:
        group, _, rest = path.lstrip("/").partition("/")
        return _few(group), "", "", _few(rest)
    return "repos", found[1], f"{found[1]}/{found[2]}", _few(found[3])


def api_path(path: str) -> str:
    """`/repos/o/n/git/trees` → `git`: the fourth part of the path alone, as the Go server has it."""
    return "".join(word for word in path.split("/")[4:5] if _WORD.fullmatch(word))


def _few(rest: str) -> str:
    return "/".join([word for word in rest.split("/") if _WORD.fullmatch(word)][:2])
