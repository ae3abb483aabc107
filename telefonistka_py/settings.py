"""The only reader of the environment. All mistakes are told at once, each with the variable and what to do."""

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import unquote, urlsplit

from telefonistka_py.argocd import instances
from telefonistka_py.argocd.instances import Instance
from telefonistka_py.environment import Environment
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.fanout import hosts
from telefonistka_py.fanout.hosts import Allowed
from telefonistka_py.fanout.model import Limits
from telefonistka_py.inbox import address

LogLevel = Literal["debug", "info", "warn", "error"]
LogFormat = Literal["auto", "json", "text"]

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_SHORTEST_TOKEN = _SHORTEST_SECRET = 16
_SHORTEST_STALE = 15.0
"""Seconds: a server that pauses for less, as a busy machine does, is not taken for dead."""
_REDELIVERED = 3.0
"""Days that GitHub keeps a delivery and hands it over again when asked to."""
_OTHER_LEVELS = {"warning": "warn", "fatal": "error", "panic": "error"}
"""What the Go server took for LOG_LEVEL as well."""
_FORMER_DEFAULTS = {("TEMPLATES_PATH", Path(path)) for path in ("templates", "/telefonistka/templates")}
"""What the Go server's documentation, image and workflows set, whether anything of one's own was there or not."""
_OTLP = "http/protobuf"
_PUBLIC = frozenset({"", "github.com", "www.github.com", "api.github.com"})


@dataclass(frozen=True)
class GitHubAddress:
    """Where GitHub is. None of the URLs ends with a slash."""

    rest: str
    graphql: str
    html: str


@dataclass(frozen=True)
class AppIdentity:
    """A GitHub App: its id and the text of its private key (PEM)."""

    app_id: int
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class TokenIdentity:
    """A personal or machine user's token."""

    token: str = field(repr=False)


Identity = AppIdentity | TokenIdentity


@dataclass(frozen=True)
class ArgoCd:
    address: str
    """`host:port`, or a URL."""
    token: str = field(repr=False)
    plaintext: bool
    insecure: bool


@dataclass(frozen=True)
class Listen:
    host: str | None
    """None: every interface."""
    port: int
    """0: one that is free."""


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Its `repr` shows no secret."""

    webhook_secrets: tuple[str, ...] = field(repr=False)
    """The current one first; empty only where no webhook is served."""
    github: GitHubAddress
    identity: Identity
    approver: Identity | None
    """Who approves promotion pull requests; None when nobody was configured for it."""
    templates: Path | None
    status_url_template: Path | None
    argocd: ArgoCd
    handle_self_comment: bool
    log_level: LogLevel
    log_format: LogFormat
    listen: Listen
    inbox: Path
    """Where webhooks are kept when no database is set."""
    database_url: str | None = field(repr=False)
    """A PostgreSQL that keeps the webhooks of several replicas; None: the file `inbox` of one."""
    stale_seconds: float
    """A delivery whose worker was not heard of for so long is taken over."""
    replica: str
    """What this server is called where there are several."""
    worker_slots: int
    """How many deliveries are handled at once."""
    handler_seconds: float
    """How long one attempt at a delivery may take."""
    give_up_hours: float
    """How long a delivery is retried before it ends dead."""
    only_from_github: bool
    """Whether webhooks are taken from GitHub's addresses alone."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    """Whose `X-Forwarded-For` is believed."""
    keep_days: float
    """How long deliveries that were handled stay in the inbox, payloads included."""
    drain_seconds: float
    """How long a stopping server waits for what is underway."""
    fanout: Limits = field(default_factory=Limits)
    """How, and where to, pushes are forwarded."""
    argocd_instances: tuple[Instance, ...] = ()
    """Every Argo CD that is asked; none where nobody configured one."""
    argocd_limits: instances.Limits = field(default_factory=instances.Limits)
    """How they are asked."""
    status_token: str = field(default="", repr=False)
    """Opens the status page; empty: there is none."""
    traces: bool = False
    """Whether traces are sent; where to is told by the standard variables `OTEL_*`, which OpenTelemetry reads."""
    trace_secrets: tuple[str, ...] = field(default=(), repr=False)
    """What is sent along to be let in there."""
    notices: tuple[str, ...] = ()
    """Sentences worth a line of the log at start."""

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for what blanks them out of logs."""
        return tuple(value for value in self._secrets() if value)

    def _secrets(self) -> Iterator[str]:
        yield from self.webhook_secrets
        yield self.argocd.token
        yield self.status_token
        yield from self.trace_secrets
        yield from (instance.token for instance in self.argocd_instances)
        if self.database_url is not None:
            yield from (self.database_url, *address.secrets(self.database_url))
        for identity in (self.identity, self.approver):
            match identity:
                case AppIdentity():
                    yield identity.private_key
                case TokenIdentity():
                    yield identity.token


def read(environ: Mapping[str, str], *, webhook: bool = True, github: bool = True) -> Settings:
    """The settings in `environ`. `webhook=False` is for commands that serve no webhook and need no secret for one;
    `github=False` for those that don't speak to GitHub.

    Reads the private keys' files. Raises `OperatorMistake` with one sentence per mistake, one per line.
    """
    env = _Environment(environ)
    identity = env.identity("")
    if github and identity is None and not env.mistakes:
        env.mistake(
            "No GitHub credentials: set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_PATH, or GITHUB_OAUTH_TOKEN. "
            "`telefonistka setup` registers a GitHub App and writes them."
        )
    if webhook and not env.get("GITHUB_WEBHOOK_SECRET"):
        env.mistake("GITHUB_WEBHOOK_SECRET is missing: set it to the secret in the GitHub App's webhook settings.")
    argocd = ArgoCd(
        address=env.get("ARGOCD_SERVER_ADDR") or "localhost:8080",
        token=env.get("ARGOCD_TOKEN"),
        plaintext=env.flag("ARGOCD_PLAINTEXT"),
        insecure=env.flag("ARGOCD_INSECURE"),
    )
    settings = Settings(
        webhook_secrets=env.webhook_secrets(),
        github=env.github(),
        identity=identity or TokenIdentity(""),
        approver=env.identity("APPROVER_"),
        templates=env.existing("TEMPLATES_PATH", Path.is_dir, "directory"),
        status_url_template=env.existing("CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH", Path.is_file, "file"),
        argocd=argocd,
        handle_self_comment=env.flag("HANDLE_SELF_COMMENT"),
        log_level=cast(LogLevel, env.one_of("LOG_LEVEL", "info", get_args(LogLevel), _OTHER_LEVELS)),
        log_format=cast(LogFormat, env.one_of("LOG_FORMAT", "auto", get_args(LogFormat))),
        listen=env.listen(),
        inbox=env.inbox(is_made=webhook),
        database_url=env.database_url(),
        replica=env.get("HOSTNAME") or socket.gethostname() or "server",
        stale_seconds=env.stale_seconds(),
        worker_slots=int(env.number("TELEFONISTKA_WORKER_SLOTS", 8, least=1, most=1000, whole=True)),
        handler_seconds=env.number("TELEFONISTKA_HANDLER_SECONDS", 600, least=1, most=86_400),
        give_up_hours=env.number("TELEFONISTKA_GIVE_UP_HOURS", 24, least=0, most=24 * 365),
        only_from_github=env.flag("TELEFONISTKA_ONLY_FROM_GITHUB"),
        trusted_proxies=env.networks("TELEFONISTKA_TRUSTED_PROXIES"),
        keep_days=env.keep_days(),
        drain_seconds=env.number("TELEFONISTKA_DRAIN_SECONDS", 25, least=0, most=3600),
        fanout=env.fanout(),
        argocd_instances=env.argocd_instances(argocd),
        argocd_limits=env.argocd_limits(),
        status_token=env.status_token(),
        traces=env.traces(),
        trace_secrets=env.trace_secrets(),
    )
    env.look_for_unknown()
    if env.mistakes:
        raise OperatorMistake("\n".join(env.mistakes))
    return replace(settings, notices=tuple(env.notices))


@dataclass(frozen=True)
class Access:
    """How a command that serves no webhook reaches GitHub."""

    github: GitHubAddress
    identity: Identity


def access(environ: Mapping[str, str]) -> Access:
    """Where GitHub is and who we are there: the App, else GITHUB_OAUTH_TOKEN, else the GITHUB_TOKEN of GitHub Actions.

    Raises `OperatorMistake` with one sentence per mistake, one per line.
    """
    env = _Environment(environ)
    identity = env.identity("")
    if identity is None and (token := env.get("GITHUB_TOKEN")):
        identity = TokenIdentity(token)
    if identity is None and not env.mistakes:
        env.mistake(
            "No GitHub credentials: set GITHUB_OAUTH_TOKEN or GITHUB_TOKEN, or GITHUB_APP_ID and "
            "GITHUB_APP_PRIVATE_KEY_PATH."
        )
    found = Access(env.github(), identity or TokenIdentity(""))
    if env.mistakes:
        raise OperatorMistake("\n".join(env.mistakes))
    return found


@dataclass(frozen=True)
class Place:
    """Where GitHub is, and where a page of ours is served."""

    github: GitHubAddress
    listen: Listen


def read_place(github_host: str, listen: str) -> Place:
    """What was given as options, in the words of GITHUB_HOST and LISTEN_ADDR. Raises `OperatorMistake`."""
    env = _Environment({"GITHUB_HOST": github_host, "LISTEN_ADDR": listen})
    found = Place(env.github(), env.listen())
    if env.mistakes:
        said = "\n".join(env.mistakes).replace("GITHUB_HOST is", "--github-host is").replace("LISTEN_ADDR", "--listen")
        raise OperatorMistake(said)
    return found


def read_database_url(environ: Mapping[str, str]) -> str | None:
    """The database in `environ`, None when none is set: for commands that need nothing else.

    Raises `OperatorMistake` when it can't be one.
    """
    env = _Environment(environ)
    url = env.database_url()
    if env.mistakes:
        raise OperatorMistake("\n".join(env.mistakes))
    return url


class _Environment(Environment):
    """What each variable of ours may say."""

    def webhook_secrets(self) -> tuple[str, ...]:
        names = ("GITHUB_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET_PREVIOUS")
        found = tuple(self.get(name) for name in names)
        for name, secret in zip(names, found, strict=True):
            if secret and len(secret) < _SHORTEST_SECRET:
                self.notices.append(
                    f"{name} has {len(secret)} characters: whoever guesses it can send webhooks in GitHub's name. Set "
                    f"{_SHORTEST_SECRET} random ones or more, in the App's settings and here."
                )
        if found[0] and found[0] == found[1]:
            self.notices.append(f"{names[1]} is the same as {names[0]}: unset it, or set it to the secret before.")
        return tuple(dict.fromkeys(secret for secret in found if secret))

    def inbox(self, *, is_made: bool) -> Path:
        """`is_made`: whether whoever asks makes the file if there is none."""
        name = "TELEFONISTKA_INBOX"
        path = Path(self.get(name) or "telefonistka.sqlite3")
        folder = path.resolve().parent
        if not is_made or self.get("TELEFONISTKA_DATABASE_URL"):
            return path
        wrong = ""
        if path.is_dir():
            wrong = "which is a folder"
        elif not folder.is_dir():
            wrong = f"which can't be made: there is no folder {folder}"
        elif not os.access(path if path.exists() else folder, os.W_OK):
            wrong = "which can't be written to"
        if wrong:
            advice = f"Correct that, or set {name} to a file on a volume that the server may write to."
            self.mistake(f"{name} names {path}, {wrong}. {advice}")
        return path

    def stale_seconds(self) -> float:
        name = "TELEFONISTKA_STALE_SECONDS"
        seconds = self.number(name, 45, least=2, most=3600)
        if seconds < _SHORTEST_STALE:
            self.notices.append(
                f"{name} is {seconds:g}: a server that pauses for so long is taken for dead, and what it has underway "
                f"is begun anew elsewhere. Set it to {_SHORTEST_STALE:g} or more."
            )
        return seconds

    def keep_days(self) -> float:
        name = "TELEFONISTKA_KEEP_DAYS"
        days = self.number(name, 7, least=0.1, most=3650)
        if days < _REDELIVERED:
            self.notices.append(
                f"{name} is {days:g}: GitHub hands a delivery over again for {_REDELIVERED:g} days when asked to, and "
                f"one that was forgotten is then handled anew. Set it to {_REDELIVERED:g} or more."
            )
        return days

    def status_token(self) -> str:
        name = "TELEFONISTKA_STATUS_TOKEN"
        value = self.get(name)
        if value and len(value) < _SHORTEST_TOKEN:
            self.mistake(
                f"{name} has {len(value)} characters, which can be guessed: set it to {_SHORTEST_TOKEN} random "
                "ones or more, such as `openssl rand -hex 24` prints, or unset it to have no status page."
            )
        return value

    def traces(self) -> bool:
        """https://opentelemetry.io/docs/specs/otel/protocol/exporter/"""
        (_, protocol), (named, endpoint) = self._otlp("PROTOCOL"), self._otlp("ENDPOINT")
        off = self.get("OTEL_SDK_DISABLED").lower() == "true" or self.get("OTEL_TRACES_EXPORTER").lower() == "none"
        if not endpoint or off:
            return False
        # Whole clusters are told these by one setting for all, so that what is wrong with them stops nothing.
        if protocol not in ("", _OTLP):
            self.notices.append(
                f"No traces are sent: {self._otlp('PROTOCOL')[0]} is {protocol!r}, and they are sent by {_OTLP} only. "
                f"Set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to {_OTLP}, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to the "
                "address that takes it."
            )
            return False
        if not _is_web_address(endpoint):
            self.notices.append(
                f"No traces are sent: {named} is no URL. Set it to one such as http://collector.example.com:4318."
            )
            return False
        return True

    def trace_secrets(self) -> tuple[str, ...]:
        """The values of the headers that are sent along: `api-key=VALUE,other=VALUE`, with %-codes. What is no such
        pair counts whole: OpenTelemetry complains of it by showing it."""
        names = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
        written = [(pair.partition("=")[2] or pair).strip() for name in names for pair in self.get(name).split(",")]
        return tuple(form for value in written if value for form in dict.fromkeys((value, unquote(value))))

    def _otlp(self, what: str) -> tuple[str, str]:
        """The variable that counts, and its value; the more exact one comes first."""
        exact, general = f"OTEL_EXPORTER_OTLP_TRACES_{what}", f"OTEL_EXPORTER_OTLP_{what}"
        return (exact, self.get(exact)) if self.get(exact) else (general, self.get(general))

    def fanout(self) -> Limits:
        def span(name: str, default: timedelta, unit: timedelta, least: float, most: float) -> timedelta:
            return unit * self.number(f"TELEFONISTKA_FANOUT_{name}", default / unit, least=least, most=most)

        def whole(name: str, default: int, most: int) -> int:
            return int(self.number(f"TELEFONISTKA_FANOUT_{name}", default, least=1, most=most, whole=True))

        usual, second, hour = Limits(), timedelta(seconds=1), timedelta(hours=1)
        return Limits(
            timeout=span("TIMEOUT_SECONDS", usual.timeout, second, 0.1, 300),
            connect=span("CONNECT_SECONDS", usual.connect, second, 0.1, 300),
            first_wait=span("FIRST_WAIT_SECONDS", usual.first_wait, second, 0.1, 3600),
            longest_wait=span("LONGEST_WAIT_SECONDS", usual.longest_wait, second, 1, 86_400),
            give_up_after=span("GIVE_UP_HOURS", usual.give_up_after, hour, 0, 24 * 30),
            pause_after=span("PAUSE_AFTER_HOURS", usual.pause_after, hour, 1, 24 * 365),
            per_host=whole("PER_HOST", usual.per_host, 1000),
            slots=whole("SLOTS", usual.slots, 10_000),
            allowed=self._allowed_hosts(),
        )

    def _allowed_hosts(self) -> Allowed:
        try:
            return hosts.parse(self.get("FANOUT_ALLOWED_HOSTS"))
        except ValueError as error:
            self.mistake(
                f"FANOUT_ALLOWED_HOSTS holds {str(error)!r}: set it to host names such as argocd.example.com, patterns "
                "such as *.example.com, addresses or networks, separated by commas."
            )
            return Allowed()

    def argocd_instances(self, single: ArgoCd) -> tuple[Instance, ...]:
        """Those of the file, or else the one server that the variables name, if there is a token for it."""
        name = "TELEFONISTKA_ARGOCD_INSTANCES"
        file = self.existing(name, Path.is_file, "file")
        if file is not None:
            if self.get("ARGOCD_SERVER_ADDR"):
                self.notices.append(
                    f"{name} is set: the server of ARGOCD_SERVER_ADDR counts only if that file lists it."
                )
            try:
                content = file.read_bytes()
            except OSError as error:
                self.mistake(f"{name} names {file}, which can't be read: {error.strerror}.")
                return ()
            found, mistakes = instances.from_file(content, str(file), self._environ)
            self.mistakes += mistakes
            return found
        if not single.token:
            return ()
        try:
            url = instances.base_url(single.address, plaintext=single.plaintext)
        except ValueError as error:
            self.mistake(f"ARGOCD_SERVER_ADDR can't be used: {error}.")
            return ()
        return (Instance(instances.DEFAULT, url, single.token, single.insecure),)

    def argocd_limits(self) -> instances.Limits:
        usual = instances.Limits()
        at_once = self.number("TELEFONISTKA_ARGOCD_CONCURRENCY", usual.at_once, least=1, most=200, whole=True)
        return instances.Limits(
            timeout=self.number("TELEFONISTKA_ARGOCD_TIMEOUT_SECONDS", usual.timeout, least=0.1, most=600),
            at_once=int(at_once),
        )

    def existing(self, name: str, is_there: Callable[[Path], bool], what: str) -> Path | None:
        if not self.get(name):
            return None
        path = Path(self.get(name))
        if not is_there(path):
            if (name, path) in _FORMER_DEFAULTS and not path.exists():
                self.notices.append(
                    f"{name} is {self.get(name)}, as the Go server's documentation has it, and there is no such "
                    f"{what}: what is built in is used. Unset it."
                )
                return None
            self.mistake(f"{name} names {path}, which is no {what}: correct it, or unset it to use what is built in.")
            return None
        return path

    def identity(self, prefix: str) -> Identity | None:
        """An App when one is configured, else a token, else None."""
        app, key, token = (
            f"{prefix}{name}" for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH", "GITHUB_OAUTH_TOKEN")
        )
        if not self.get(app) and not self.get(key):
            return TokenIdentity(self.get(token)) if self.get(token) else None
        if self.get(token):
            self.notices.append(f"Both {app} and {token} are set: the App is used, the token is not.")
        for present, missing in ((app, key), (key, app)):
            if not self.get(missing):
                self.mistake(f"{present} is set but {missing} is not: set both, or neither.")
                return None
        number = self.number(app, 0, least=1, most=10**12, whole=True)
        return AppIdentity(int(number), self._private_key(key))

    def _private_key(self, name: str) -> str:
        path = Path(self.get(name))
        try:
            text = path.read_text(encoding="ascii")
        except OSError as error:
            self.mistake(f"{name} names {path}, which can't be read: {error.strerror}.")
            return ""
        except UnicodeDecodeError:
            text = ""
        if wrong := _no_app_key(text):
            self.mistake(
                f"{name} names {path}, which holds {wrong}: GitHub issues RSA private keys in PEM form; download one "
                "from the App's page."
            )
        return text

    def github(self) -> GitHubAddress:
        given = self.get("GITHUB_HOST")
        value = given.rstrip("/")
        if value.lower() in _PUBLIC:
            return GitHubAddress("https://api.github.com", "https://api.github.com/graphql", "https://github.com")
        base = value.removesuffix("/api/v3") if "://" in value else f"https://{value}"
        if not _is_base_url(base) or ("://" not in value and "/" in value):
            self.mistake(
                f"GITHUB_HOST is {given!r}: set it to a host name such as github.example.com, "
                "or to a base URL such as http://127.0.0.1:9000."
            )
        return GitHubAddress(f"{base}/api/v3", f"{base}/api/graphql", base)

    def database_url(self) -> str | None:
        value = self.get("TELEFONISTKA_DATABASE_URL")
        if not value:
            return None
        if not address.is_fine(value):  # not shown: it may hold a password
            self.mistake(
                f"TELEFONISTKA_DATABASE_URL is no address of a PostgreSQL database: set it to {address.ADVICE}."
            )
        return value

    def listen(self) -> Listen:
        value = self.get("LISTEN_ADDR") or ":8080"
        host, colon, port = value.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        in_brackets = host.startswith("[") and host.endswith("]")
        if not colon or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535 or (":" in bare and not in_brackets):
            self.mistake(f"LISTEN_ADDR is {value!r}: set it to :PORT, HOST:PORT or [IPV6]:PORT.")
            return Listen(None, 0)
        return Listen(bare or None, int(port))


def _no_app_key(pem: str) -> str:
    """What `pem` holds that no GitHub App can sign with; empty for an RSA private key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from telefonistka_py.github import credentials

    if "PRIVATE KEY-----" not in pem:
        return "a public key" if "PUBLIC KEY-----" in pem else "no private key in PEM form"
    try:
        key = credentials.loaded(pem)
    except TypeError:
        return "a private key that is protected by a password"
    except (ValueError, UnsupportedAlgorithm):
        return "a private key that can't be read"
    return "" if isinstance(key, RSAPrivateKey) else "a private key of another kind than RSA"


def _is_web_address(url: str) -> bool:
    """Scheme and host, and whatever follows."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_base_url(url: str) -> bool:
    """Scheme, host and perhaps a port and path; no user, query or fragment."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and _HOST.fullmatch(parts.netloc) is not None
        and re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path) is not None
        and port_is_fine
        and not (parts.query or parts.fragment)
    )
