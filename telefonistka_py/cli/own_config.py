"""A root file that is not, or not yet, what the revision holds that a command looks at."""

from collections.abc import Mapping
from pathlib import Path

from telefonistka_py.config.read import ROOT
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.localgit import files
from telefonistka_py.localgit.clone import Clone


def given(path: Path | None) -> bytes | None:
    """The content of the file that `--config` names; None when it names none."""
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorMistake(f"{path} can't be read: {error.strerror}; --config wants a {ROOT}") from None


def uncommitted(repo: Path, clone: Clone, environ: Mapping[str, str]) -> str:
    """A sentence where the root file on disk is not what HEAD holds; empty where it is, and in a bare repository."""
    try:
        top = files.working_tree(repo, environ)
        entry = clone.tree(clone.commit("HEAD").tree).get(ROOT)
    except OperatorMistake:
        return ""
    on_disk = files.content(top, ROOT) if (top / ROOT).is_file() else None
    held = clone.blob(entry.sha) if entry and entry.is_file else None
    if _plain(on_disk) == _plain(held):
        return ""
    if on_disk is None:
        return f"{ROOT} lies in HEAD and not on disk; this goes by what is committed."
    what = "is not what HEAD holds" if entry else "is not committed"
    return f"{ROOT} on disk {what}, and this goes by what is committed: commit it, or try it with --config {ROOT}."


def _plain(content: bytes | None) -> bytes | None:
    """Without the line ends that git may have written for this machine."""
    return content.replace(b"\r\n", b"\n") if content is not None else None
