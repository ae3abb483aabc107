"""An Argo CD beside the sandbox's GitHub."""

import itertools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.argocd import reconciling, server, tls
from telefonistka_py.sandbox.argocd.cluster import Cluster
from telefonistka_py.sandbox.argocd.model import Account, App, AppSet, Json, Tracking
from telefonistka_py.sandbox.argocd.trouble import Trouble
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.refusal import SandboxError

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

OnRequest = Callable[[Exchange, str], Awaitable[None]]
CLUSTER_URL = "https://kubernetes.default.svc"


class ArgoCd(Trouble):
    """An Argo CD of one's own. Made by `ArgoCd.running`, which also ends it."""

    def __init__(self, hub: "Hub", version: str, tracking: Tracking, latency: float) -> None:
        super().__init__()
        self.hub, self.tracking = hub, tracking
        self.version = version
        """Decides which operations there are; `without` may say otherwise."""
        self.latency = latency
        """Seconds added to every request."""
        self.namespace = "argocd"
        self.url = ""
        self.certificate = ""
        """PEM of the authority that signed the server's certificate; empty without TLS."""
        self.apps: dict[tuple[str, str], App] = {}
        """By namespace and name."""
        self.app_sets: dict[tuple[str, str], AppSet] = {}
        self.projects = {"default"}
        self.overrides: dict[str, Json] = {"*/*": {"ignoreDifferences": "jsonPointers:\n- /status\n"}}
        """`resourceOverrides` of the settings; the status of everything is ignored (the default since 3.0)."""
        self.diffs_over_rest = False
        """Whether `server-side-diff` can be used over REST at all."""
        self.cluster = Cluster(hub.clock)
        self.accounts: dict[str, Account] = {}
        """By token."""
        self.exchanges: list[Exchange] = []
        self.unknown: list[str] = []
        """What was asked that the stand-in doesn't know, one sentence each."""
        self.on_request: OnRequest | None = None
        """Awaited for each request, with `before` ahead of its effect and `after` it, ahead of the answer."""
        self._versions = itertools.count(5001)
        self._ids = itertools.count(1)
        self._server = server.Server(self)
        self.token = self.add_account("admin").token
        """Of an account that may do everything."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        hub: "Hub",
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        version: str = "v3.3.2",
        tracking: Tracking = Tracking(),  # noqa: B008 - frozen
        latency: float = 0.0,
        secure: bool = False,
    ) -> AsyncIterator["ArgoCd"]:
        """An Argo CD that renders from `hub`'s repositories and listens on `port` (0: any free one).

        `secure`: over TLS, with a certificate of its own authority (`argo.certificate`). Raises `OSError` for a port
        that is taken.
        """
        argo = cls(hub, version, tracking, latency)
        try:
            made = tls.made(host) if secure else None
            listening = await argo._server.start(host, port, made.context if made else None)
            argo.certificate = made.authority if made else ""
            argo.url = f"{'https' if secure else 'http'}://{host}:{listening}"
            yield argo
        finally:
            await argo.close()

    async def close(self) -> None:
        await self._server.close()

    @property
    def clock(self) -> Callable[[], datetime]:
        return self.hub.clock

    # Who and what is there

    def add_account(
        self, name: str, *, may: Iterable[str] | None = None, projects: Iterable[str] | None = None
    ) -> Account:
        """Somebody with a token. `may`: lines such as `applications get`; without it everything is allowed."""
        allowed = None if may is None else frozenset(may)
        of = None if projects is None else frozenset(projects)
        made = Account(name, self.hub.new_token("argo."), allowed, of)
        self.accounts[made.token] = made
        return made

    async def add_app(
        self,
        name: str,
        path: str = "",
        *,
        repo: str = "",
        revision: str = "HEAD",
        sources: list[Json] | None = None,
        destination: str = "default",
        project: str = "default",
        namespace: str = "",
        annotations: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        automated: Mapping[str, bool] | None = None,
        spec: Json | None = None,
    ) -> App:
        """An app of the folder `path`, or of several `sources`; nothing is synced, but an automated app syncs itself.

        `repo`: the address as the app has it, by default that of the hub's only repository. `destination`: the
        namespace of its objects. `automated`: `{}`, or with `prune`, `selfHeal`. `spec` is merged over all that.
        """
        metadata: Json = {"name": name, "namespace": namespace or self.namespace}
        metadata |= {key: dict(value) for key, value in (("annotations", annotations), ("labels", labels)) if value}
        made: Json = {"project": project, "destination": {"server": CLUSTER_URL, "namespace": destination}}
        if sources is None:
            made["source"] = {"repoURL": repo or self._only_repo(), "path": path, "targetRevision": revision}
        else:
            made["sources"] = sources
        if automated is not None:
            made["syncPolicy"] = {"automated": dict(automated)}
        self.projects.add(project)
        app = App(metadata, made | (spec or {}), {})
        self.born(app)
        await reconciling.look(self, app)
        return app

    def add_app_set(self, name: str, spec: Json, *, labels: Mapping[str, str] | None = None) -> AppSet:
        """An ApplicationSet. Its apps are not made; `generate` tells what they would be."""
        metadata: Json = {"name": name, "namespace": self.namespace, "labels": dict(labels or {})}
        made = AppSet(metadata, spec)
        self.app_sets[(self.namespace, name)] = made
        return made

    def app(self, name: str, namespace: str = "") -> App:
        found = self.apps.get((namespace or self.namespace, name))
        if found is None:
            raise SandboxError(f"The stand-in for Argo CD has no app {name!r}; add it with argo.add_app.")
        return found

    # What happens

    async def refresh(self, app: App) -> None:
        """The controller looks at the sources again."""
        await reconciling.look(self, app)

    async def sync(self, app: App, *, prune: bool = False) -> None:
        """A person syncs the app to what its sources want now. Raises `SandboxError` if they can't be rendered."""
        await reconciling.look(self, app)
        if app.status.get("conditions"):
            raise SandboxError(f"{app.name} can't be synced: {app.status['conditions'][0]['message']}")
        sync = app.status["sync"]
        revisions = tuple(sync.get("revisions") or [sync.get("revision", "")])
        reconciling.sync(self, app, revisions, prune=prune)

    def set(self, app: App, *, health: str | None = None, sync: str | None = None) -> None:
        """Says from now on that the app is `Degraded`, `OutOfSync` and the like, whatever is true."""
        app.forced |= {key: value for key, value in (("health", health), ("sync", sync)) if value is not None}
        for key, value in app.forced.items():
            app.status.setdefault(key, {})["status"] = value

    # Small change

    def instance(self, app: App) -> str:
        """The name by which the app marks its objects: with its namespace unless that is Argo CD's own."""
        return app.name if app.namespace == self.namespace else f"{app.namespace}_{app.name}"

    def born(self, app: App) -> None:
        number = next(self._ids)
        app.metadata |= {
            "uid": f"00000000-0000-4000-8000-{number:012x}",
            "creationTimestamp": reconciling.when(self),
            "generation": 1,
            "resourceVersion": self.next_version(),
        }
        self.apps[(app.namespace, app.name)] = app

    @property
    def resource_version(self) -> str:
        return str(max((int(each.metadata["resourceVersion"]) for each in self.apps.values()), default=5000))

    def next_version(self) -> str:
        return str(next(self._versions))

    def context(self) -> ssl.SSLContext:
        """For clients: trusts this server's authority and nobody else."""
        return ssl.create_default_context(cadata=self.certificate)

    def asked(self, method: str = "", path: str = "") -> list[Exchange]:
        """The requests so far, of a method and with `path` in their path."""
        return [each for each in self.exchanges if method in ("", each.method) and path in each.path]

    def _only_repo(self) -> str:
        repos = [repo for repo in self.hub.repos.values() if repo.fork_of is None]
        if len(repos) != 1:
            raise SandboxError("The hub has not exactly one repository; say which by repo=… .")
        return repos[0].clone_url
