"""The manifests of an app, straight from the sandbox's git.

Folders of plain YAML and JSON are understood (docs: user-guide/directory). Helm and Kustomize are recognised, as Argo
CD recognises them (docs: user-guide/tool_detection), and refused with an error of the form of Argo CD's.
"""

import fnmatch
import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from telefonistka_py.sandbox.argocd import denial, revisions, tracking, yamls
from telefonistka_py.sandbox.argocd.model import App, Json, Rendered, Tracking
from telefonistka_py.sandbox.git import Entry

if TYPE_CHECKING:
    from telefonistka_py.sandbox.git import Git
    from telefonistka_py.sandbox.hub import Hub

_PLAIN = re.compile(r".*\.(yaml|yml|json)")
_KUSTOMIZE = {"kustomization.yaml", "kustomization.yml", "Kustomization"}
_SKIP = "+argocd:skip-file-rendering"


async def render(hub: "Hub", app: App, instance: str, how: Tracking, sources: list[Json]) -> Rendered:
    """What `sources` want, marked as `app`'s, namespaces as they were written. Raises `Denial`. They are copies.

    A source that is only a `ref` for others gives no objects (docs: user-guide/multiple_sources).
    """
    found: list[Json] = []
    commits: list[str] = []
    for source in sources:
        repo = revisions.repo(hub, str(source.get("repoURL", "")))
        commit = await revisions.commit(repo, str(source.get("targetRevision") or ""))
        commits.append(commit)
        if source.get("path") is not None or not source.get("ref"):
            found += await _folder(repo.git, commit, source, instance)
    return Rendered([tracking.marked(each, instance, app.destination, how) for each in found], tuple(commits))


async def _folder(git: "Git", commit: str, source: Json, instance: str) -> list[Json]:
    path = str(source.get("path") or ".").strip("/")
    root = await git.tree_of(commit)
    entry = await git.entry(root or "", "" if path == "." else path)
    if entry is None or entry.kind != "tree":
        raise denial.Denial(denial.UNKNOWN, f"{source.get('path')}: app path does not exist")
    _refuse_tools(await git.tree(entry.sha) or (), path, source, instance)
    options = source.get("directory") or {}
    files = await _files(git, entry.sha, "", recurse=bool(options.get("recurse")))
    wanted = [each for each in files if _is_wanted(each[0], options)]
    blobs = await git.objects([sha for _, sha in wanted])
    found: list[Json] = []
    for (name, _), blob in zip(wanted, blobs, strict=True):
        question = ("argocd", name, blob.sha if blob else "")
        if question not in git.memory:
            git.memory[question] = _objects(name, blob.data if blob else b"")
        found += git.memory[question]
    return found


def _refuse_tools(entries: tuple[Entry, ...], path: str, source: Json, instance: str) -> None:
    names = {each.name.decode(errors="replace") for each in entries}
    failed = "Manifest generation error (cached): "
    if "Chart.yaml" in names or source.get("helm"):
        command = f"helm template . --name-template {instance} --include-crds"
        message = f"{failed}failed to execute helm template command: `{command}` failed exit status 1: Error"
        raise denial.Denial(denial.UNKNOWN, message)
    if names & _KUSTOMIZE or source.get("kustomize"):
        message = f"{failed}`kustomize build <path to cached source>/{path}` failed exit status 1: Error"
        raise denial.Denial(denial.UNKNOWN, message)


async def _files(git: "Git", tree: str, above: str, *, recurse: bool) -> list[tuple[str, str]]:
    """(path below the folder, id) in the order of a walk."""
    found: list[tuple[str, str]] = []
    for entry in await git.tree(tree) or ():
        name = above + entry.name.decode("utf-8", "surrogateescape")
        if entry.kind == "blob" and entry.mode != "120000":
            found.append((name, entry.sha))
        elif entry.kind == "tree" and recurse:
            found += await _files(git, entry.sha, f"{name}/", recurse=True)
    return found


def _is_wanted(name: str, options: Json) -> bool:
    if not _PLAIN.fullmatch(name.rpartition("/")[2]):
        return False
    include, exclude = options.get("include"), options.get("exclude")
    return (not include or _globs(name, include)) and not (exclude and _globs(name, exclude))


def _globs(name: str, pattern: str) -> bool:
    """`{a,b}` means either; `*` also means slashes here."""
    inner = re.fullmatch(r"\{(.*)\}", pattern)
    patterns = inner[1].split(",") if inner else [pattern]
    return any(fnmatch.fnmatchcase(name, each.strip()) for each in patterns)


def _objects(name: str, data: bytes) -> list[Json]:
    text = data.decode("utf-8", "replace")
    if _SKIP in text:
        return []
    try:
        parsed = [json.loads(text)] if name.endswith(".json") else yamls.documents(text)
    except (yaml.YAMLError, ValueError) as error:
        why = f'Failed to unmarshal "{name}": failed to unmarshal manifest: {error}'
        raise denial.Denial(denial.PRECONDITION, why) from error
    return [each for document in parsed for each in _opened(name, document)]


def _opened(name: str, document: Any) -> list[Json]:
    """The object, or those of a `List`."""
    if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
        why = f"Failed to unmarshal \"{name}\": Object 'Kind' or 'apiVersion' is missing"
        raise denial.Denial(denial.PRECONDITION, why)
    if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
        return [each for item in document["items"] for each in _opened(name, item)]
    return [document]
