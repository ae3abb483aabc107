"""What we do in an Argo CD, one operation each (https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/).

Every function raises what `Client` raises. A `WorldUnwell` does not say whether the change was made.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from telefonistka_py.argocd import failure
from telefonistka_py.argocd.applications import Ref
from telefonistka_py.argocd.client import Client

Raw = Mapping[str, Any]
"""An Application or an ApplicationSet as the API has it."""

_APPS = "/api/v1/applications"
_APP_SETS = "/api/v1/applicationsets"
_OF_MARKED = ("name", "namespace", "annotations", "labels", "creationTimestamp", "deletionTimestamp")


async def marked(client: Client, label: str, value: str) -> tuple[Raw, ...]:
    """The apps whose `label` is `value`: `metadata` and `spec`."""
    fields = ",".join(["items.spec", *(f"items.metadata.{name}" for name in _OF_MARKED)])
    params = [("selector", f"{label}={value}"), ("fields", fields)]
    return _listed(await client.read("list_apps", _APPS, params))


async def app_sets(client: Client) -> tuple[Raw, ...]:
    """Every ApplicationSet that the token may see."""
    return _listed(await client.read("list_app_sets", _APP_SETS))


async def generate(client: Client, app_set: Raw) -> tuple[Raw, ...]:
    """The apps that an ApplicationSet would make; nothing is kept. Argo CD has it since 2.14; it takes the right to
    create ApplicationSets."""
    answer = await client.send("generate", "POST", f"{_APP_SETS}/generate", data={"applicationSet": app_set})
    return _dicts(answer.get("applications"))


async def create(client: Client, app: Raw) -> Raw:
    """Makes an app without trying whether it can be rendered. Another app of its name is never changed: `Refused`."""
    return await client.send("create_app", "POST", _APPS, [("validate", "false")], app)


async def merge_patch(client: Client, ref: Ref, patch: Raw) -> None:
    """Lays `patch` over the app (RFC 7386); `Refused` when what results can't be rendered."""
    await _patch(client, ref, "merge", patch)


async def json_patch(client: Client, ref: Ref, steps: Sequence[Raw]) -> None:
    """Takes `steps` one by one, all or none (RFC 6902); `Refused` when a `test` does not hold."""
    await _patch(client, ref, "json", steps)


async def delete(client: Client, ref: Ref) -> None:
    """Deletes the app and nothing that belongs to it; one that is gone already is fine."""
    params = [("cascade", "false"), ("appNamespace", ref.namespace), ("project", ref.project)]
    try:
        await client.send("delete_app", "DELETE", _path(ref), [(key, value) for key, value in params if value])
    except failure.Refused as error:
        if error.status != 404:
            raise


async def _patch(client: Client, ref: Ref, kind: str, patch: Raw | Sequence[Raw]) -> None:
    body = {"name": ref.name, "patchType": kind, "patch": json.dumps(patch)}
    named = {"appNamespace": ref.namespace, "project": ref.project}
    await client.send(
        "patch_app", "PATCH", _path(ref), data=body | {key: value for key, value in named.items() if value}
    )


def _path(ref: Ref) -> str:
    return f"{_APPS}/{quote(ref.name, safe='')}"


def _listed(answer: Raw) -> tuple[Raw, ...]:
    if "items" not in answer:
        raise failure.Refused("Argo CD answered with a list without items", status=200, reason="no items")
    return _dicts(answer["items"])  # null for none at all


def _dicts(said: Any) -> tuple[Raw, ...]:
    return tuple(each for each in said if isinstance(each, dict)) if isinstance(said, list) else ()
