"""ApplicationSets: the apps that generators and a template come to.

Docs: operator-manual/applicationset, Generators-Git (directories), Generators-List, Template, GoTemplate. Of Go's
templates only plain fields and `index` are understood; anything else is unknown, not ignored.
"""

import fnmatch
import re
from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox.argocd import denial, objects, revisions
from telefonistka_py.sandbox.argocd.model import AppSet, Json
from telefonistka_py.sandbox.refusal import Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.git import Git
    from telefonistka_py.sandbox.hub import Hub

FINALIZER = "resources-finalizer.argocd.argoproj.io"
_INSERTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FIELD = re.compile(r"(?:\.\w+)+")
_INDEX = re.compile(r"index\s+((?:\.\w+)+)\s+(\d+)")


async def applications(hub: "Hub", found: AppSet, namespace: str) -> list[Json]:
    """The apps, in the order of the generators. Raises `Denial` as Argo CD does, `Unknown` for what is not learnt."""
    go = bool(found.spec.get("goTemplate"))
    made: list[Json] = []
    for generator in found.spec.get("generators") or []:
        for values in await _values(hub, generator, go):
            app = _filled(found.spec["template"], values, go, _options(found))
            metadata = app.setdefault("metadata", {})
            metadata["namespace"] = metadata.get("namespace") or namespace
            preserved = (found.spec.get("syncPolicy") or {}).get("preserveResourcesOnDeletion")
            if not metadata.get("finalizers") and not preserved:
                metadata["finalizers"] = [FINALIZER]
            made.append(app)
    return made


async def _values(hub: "Hub", generator: Json, go: bool) -> list[Json]:
    kinds = [name for name in generator if generator[name] is not None]
    match kinds:
        case ["list"]:
            return [dict(each) if go else _flat(each) for each in generator["list"].get("elements") or []]
        case ["git"] if generator["git"].get("directories") and not generator["git"].get("files"):
            return await _directories(hub, generator["git"], go)
    raise Unknown(f"The stand-in for Argo CD doesn't know the generator {', '.join(kinds) or 'without a kind'}.")


async def _directories(hub: "Hub", git: Json, go: bool) -> list[Json]:
    repo = revisions.repo(hub, git["repoURL"])
    commit = await revisions.commit(repo, str(git.get("revision") or ""))
    paths = await _folders(repo.git, await repo.git.tree_of(commit) or "", "")
    wanted = [each["path"] for each in git["directories"] if not each.get("exclude")]
    spared = [each["path"] for each in git["directories"] if each.get("exclude")]
    chosen = [each for each in paths if _any(each, wanted) and not _any(each, spared)]
    return [_of_path(path, git, go) for path in chosen]


async def _folders(git: "Git", tree: str, above: str) -> list[str]:
    """All folders below, deep ones too; those that start with a dot are left out."""
    found: list[str] = []
    for entry in await git.tree(tree) or ():
        if entry.kind == "tree" and not entry.name.startswith(b"."):
            path = above + entry.name.decode("utf-8", "surrogateescape")
            found += [path, *await _folders(git, entry.sha, f"{path}/")]
    return sorted(found)


def _any(path: str, patterns: list[str]) -> bool:
    """Go's `path.Match`: `*` stops at a slash."""
    parts = path.split("/")
    split = [each.strip("/").split("/") for each in patterns]
    same = (each for each in split if len(each) == len(parts))
    return any(all(map(fnmatch.fnmatchcase, parts, each)) for each in same)


def _of_path(path: str, git: Json, go: bool) -> Json:
    base = path.rpartition("/")[2]
    plain = re.sub(r"[^a-z0-9.-]", "-", base.lower()).strip("-.")
    segments = path.split("/")
    values = git.get("values") or {}
    if go:
        own = {"path": path, "basename": base, "basenameNormalized": plain, "segments": segments}
        return {"path": own, "values": values}
    made: Json = {"path": path, "path.basename": base, "path.basenameNormalized": plain}
    made |= {f"path[{at}]": part for at, part in enumerate(segments)}
    return made | {f"values.{name}": value for name, value in values.items()}


def _flat(element: Json, above: str = "") -> Json:
    made: Json = {}
    for name, value in element.items():
        made |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
    return made


def _options(found: AppSet) -> bool:
    """Whether a missing value is an error."""
    return "missingkey=error" in (found.spec.get("goTemplateOptions") or [])


def _filled(template: Any, values: Json, go: bool, strict: bool) -> Any:
    if isinstance(template, dict):
        filled = {key: _filled(value, values, go, strict) for key, value in template.items()}
        return {_filled(key, values, go, strict): value for key, value in filled.items()}
    if isinstance(template, list):
        return [_filled(each, values, go, strict) for each in template]
    if not isinstance(template, str):
        return objects.copied({"": template})[""]
    if go:
        return _INSERTION.sub(lambda found: _go(found[1].strip("- \t\n"), values, strict), template)
    return _INSERTION.sub(lambda found: str(values.get(found[1].strip(), found[0])), template)


def _go(expression: str, values: Json, strict: bool) -> str:
    if _FIELD.fullmatch(expression):
        found = _at(values, expression)
    elif index := _INDEX.fullmatch(expression):
        listed = _at(values, index[1])
        found = listed[int(index[2])] if isinstance(listed, list) and int(index[2]) < len(listed) else None
    else:
        raise Unknown(f"The stand-in for Argo CD doesn't know the template {{{{{expression}}}}}.")
    if found is None and strict:
        name = expression.rpartition(".")[2]
        message = f"failed to execute go template: map has no entry for key {name!r}"
        raise denial.Denial(denial.UNKNOWN, f"unable to generate Applications of ApplicationSet: {message}")
    return "<no value>" if found is None else str(found)


def _at(values: Json, field: str) -> Any:
    found: Any = values
    for part in field.strip(".").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
