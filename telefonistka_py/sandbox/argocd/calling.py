"""One request to Argo CD: its route, what it brings, and whether the caller may."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from telefonistka_py.sandbox.argocd import denial
from telefonistka_py.sandbox.argocd.model import Account, App, Json
from telefonistka_py.sandbox.refusal import Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.argocd.argo import ArgoCd

Handler = Callable[["Call"], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    name: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    query: frozenset[str]
    body: bool
    since: tuple[int, int]
    """The first version that has it."""
    absent: int
    """The status by which older ones answer."""
    open: bool
    """Whether it is answered without a token."""


ROUTES: list[Route] = []


def route(
    method: str,
    path: str,
    *,
    query: str = "",
    body: bool = False,
    since: tuple[int, int] = (2, 10),
    absent: int = 404,
    open: bool = False,
) -> Callable[[Handler], Handler]:
    """Registers a handler under its own name. `query`: the parameters it knows, separated by spaces."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(handler: Handler) -> Handler:
        name = getattr(handler, "__name__", path).replace("_", "-")
        ROUTES.append(Route(name, method, pattern, handler, frozenset(query.split()), body, since, absent, open))
        return handler

    return register


def find(method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
    """The route of a path that is not decoded yet. Raises `Unknown`."""
    for each in ROUTES:
        match = each.pattern.fullmatch(raw_path) if each.method == method else None
        if match is not None:
            return each, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Unknown(f"The stand-in for Argo CD doesn't know {method} {raw_path}.")


@dataclass
class Call:
    """What a handler works with."""

    argo: "ArgoCd"
    account: Account | None
    parts: dict[str, str]
    query: list[tuple[str, str]]
    body: Json

    def one(self, name: str) -> str:
        """A parameter's last value; empty when it was not given."""
        return next((value for key, value in reversed(self.query) if key == name), "")

    def many(self, *names: str) -> list[str]:
        return [value for key, value in self.query if key in names]

    def flag(self, name: str, default: bool) -> bool:
        """Raises `Denial` for what is neither `true` nor `false`."""
        said = self.one(name)
        if said in ("", "true", "false"):
            return default if not said else said == "true"
        raise denial.Denial(
            denial.INVALID, f'type mismatch, parameter: {name}, error: parsing "{said}": invalid syntax'
        )

    def may(self, resource: str, action: str, project: str) -> bool:
        return self.account is not None and self.account.allows(resource, action, project)

    def demand(self, resource: str, action: str, project: str, name: str) -> None:
        """Raises 403 unless the caller may."""
        if not self.may(resource, action, project):
            who = self.account.name if self.account else ""
            message = f"permission denied: {resource}, {action}, {project}/{name}, sub: {who}"
            raise denial.Denial(denial.DENIED, message)

    def app(self, part: str = "name") -> App:
        """The app that the path means, for whoever may get it.

        Without a project what is missing and what is forbidden are both 403; with one, what is not in it is 404.
        Docs: developer-guide/api-docs, "How to Avoid 403 Errors For Missing Applications".
        """
        name = self.parts[part]
        project = next(iter(self.many("project", "projects")), "") or str(self.body.get("project") or "")
        namespace = self.one("appNamespace") or str(self.body.get("appNamespace") or "") or self.argo.namespace
        if project and not self.may("applications", "get", project):
            raise denial.denied()
        found = self.argo.apps.get((namespace, name))
        allowed = found is not None and self.may("applications", "get", found.project)
        if found is None or not allowed or (project and project != found.project):
            raise denial.no_such_app(name) if project else denial.denied()
        return found


def read_query(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)
