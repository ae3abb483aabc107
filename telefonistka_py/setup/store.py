"""Where the credentials go: two files that only their owner can read, or a Kubernetes Secret."""

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.setup.model import Kept, Registered

ENVIRONMENT, KEY, IGNORE = "telefonistka.env", "private-key.pem", ".gitignore"
_MANIFEST = "deploy/kubernetes/one-replica/telefonistka.yaml"
_PLAIN = re.compile(r"[A-Za-z0-9_./~@%+:,=-]+")


@dataclass(frozen=True)
class Folder:
    """`telefonistka.env` and `private-key.pem` in a folder, and a `.gitignore` that keeps them out of git. Nothing that
    is there is ever overwritten."""

    path: Path
    github_host: str
    """As it was given; empty for github.com."""

    def check(self) -> None:
        """Raises `OperatorMistake` when the folder can't take the files, or can't be made: to be asked before an App is
        registered whose key would then have nowhere to go. Makes nothing."""
        there = next(each for each in (self.path, *self.path.absolute().parents) if os.path.lexists(each))
        if not there.is_dir():
            raise OperatorMistake(f"{self.path} can't be made: {there} is no folder; choose another with --out")
        for name in (ENVIRONMENT, KEY):
            if os.path.lexists(self.path / name):
                raise OperatorMistake(
                    f"{self.path / name} is there already and is not overwritten: move it away, or choose another "
                    "folder with --out"
                )
        if not os.access(there, os.W_OK | os.X_OK):
            raise OperatorMistake(f"{there} can't be written to; choose another folder with --out")

    def keep(self, app: Registered) -> Kept:
        """Writes the files, in a folder (mode 0700) that is made if there is none. Raises `OperatorMistake` when that
        fails; nothing half-written stays behind."""
        self.check()
        folder = self.path.resolve()
        key, environment = folder / KEY, folder / ENVIRONMENT
        texts = {key: app.pem if app.pem.endswith("\n") else f"{app.pem}\n", environment: self._variables(app, key)}
        is_new = not folder.exists()
        if not os.path.lexists(folder / IGNORE):
            # Of a folder with files of others only ours are kept out: it may be the repository.
            texts = {folder / IGNORE: "*\n" if is_new else f"{KEY}\n{ENVIRONMENT}\n", **texts}
        _make(folder)
        _write_all(texts)
        shown = shlex.quote(str(environment))
        return Kept(
            where=f"The credentials are in {environment} and {key}; only you can read them.",
            command=f"set -a; . {shown}; set +a; telefonistka server",
        )

    def _variables(self, app: Registered, key: Path) -> str:
        values = {
            "GITHUB_APP_ID": str(app.app_id),
            "GITHUB_APP_PRIVATE_KEY_PATH": str(key),
            "GITHUB_WEBHOOK_SECRET": app.webhook_secret,
        }
        if self.github_host:
            values["GITHUB_HOST"] = self.github_host
        lines = [f"{name}={value if _PLAIN.fullmatch(value) else shlex.quote(value)}" for name, value in values.items()]
        return "\n".join((f"# The GitHub App {app.slug}: {app.html_url}", *lines, ""))


@dataclass(frozen=True)
class KubernetesSecret:
    """A Secret for `kubectl apply -f -`, with the names that the manifests in `deploy/kubernetes` read."""

    show: Callable[[str], None]
    """Prints the Secret: standard output, and nothing else goes there."""
    github_host: str
    """As it was given; empty for github.com."""

    def check(self) -> None:
        """It always fits."""

    def keep(self, app: Registered) -> Kept:
        """Raises `OperatorMistake` when nobody reads what is printed."""
        try:
            self.show(secret(app))
        except OSError as error:
            raise OperatorMistake(f"the Secret can't be printed to standard output: {error.strerror}") from None
        return Kept(
            where="The credentials were printed as a Kubernetes Secret to standard output, where the set-up runs; "
            "GitHub doesn't show them again. If that leads to `kubectl -n telefonistka apply -f -`, they are in the "
            "cluster; if it leads to a file, apply that and delete it. Before the server starts, set the line `image:` "
            f"of {_MANIFEST} to where you pushed the image"
            + (f", and GITHUB_HOST there to {self.github_host}." if self.github_host else "."),
            command=f"kubectl -n telefonistka apply -f {_MANIFEST}",
        )


Store = Folder | KubernetesSecret


def secret(app: Registered) -> str:
    """The Secret as YAML."""
    pem = "".join(f"    {line}\n" for line in app.pem.strip().splitlines())
    quoted = json.dumps(app.webhook_secret)  # JSON is YAML
    return (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: telefonistka\ntype: Opaque\nstringData:\n"
        f'  GITHUB_APP_ID: "{app.app_id}"\n'
        f"  GITHUB_WEBHOOK_SECRET: {quoted}\n"
        f"  private-key.pem: |\n{pem}"
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorMistake(f"{folder} can't be made: {error.strerror}; choose another with --out") from None


def _write_all(texts: Mapping[Path, str]) -> None:
    """All of them, or none."""
    written: list[Path] = []
    try:
        for path, text in texts.items():
            _write(path, text)
            written.append(path)
    except OperatorMistake:
        for path in written:
            path.unlink()
        raise


def _write(path: Path, text: str) -> None:
    """A new file with mode 0600, whole and on disk or not there at all."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise OperatorMistake(f"{path} can't be written: {error.strerror}") from None
    try:
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        path.unlink()
        raise OperatorMistake(f"{path} can't be written: {error.strerror}") from None
