"""The check of exchanges with Argo CD: what it would do passes, each single deviation from it is named."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts import argocd, argocd_refresh, argocd_shapes, refresh

APPS = "/api/v1/applications"
APP: dict[str, Any] = {
    "metadata": {"name": "a", "namespace": "argocd", "labels": None, "creationTimestamp": "2026-03-01T12:00:00Z"},
    "spec": {"project": "default", "source": {"repoURL": "https://x/y.git", "path": "a"}, "destination": {}},
    "status": {"sync": {"status": "Synced", "revision": "abc"}, "health": {"status": "Healthy"}},
}
DENIED = {"error": "permission denied", "code": 7, "message": "permission denied"}
SET = {"metadata": {"name": "s"}, "spec": {"generators": [{"list": {"elements": [{"a": {"b": 1}}]}}]}}


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    request_body: Any = None
    status: int | None = 200
    answer: Any = None


def patch(change: Any, kind: str = "merge") -> dict[str, Any]:
    return {"name": "a", "patchType": kind, "patch": json.dumps(change)}


RIGHT = [
    Sent("GET", APPS, answer={"metadata": {}, "items": None}),
    Sent("GET", f"{APPS}?fields=items.metadata.name,items.spec&repo=x", answer={"items": [APP]}),
    Sent("GET", f"{APPS}?fields=-items.spec&projects=a&projects=b", answer={"items": []}),
    Sent("GET", f"{APPS}/a?refresh=hard", answer=APP),
    Sent("GET", f"{APPS}/a", status=403, answer=DENIED),
    Sent("GET", f"{APPS}/a", status=502, answer="<html>Bad Gateway</html>"),
    Sent("GET", f"{APPS}/a", status=None),
    Sent("GET", f"{APPS}/a/manifests?revisions=x&sourcePositions=2", answer={"manifests": ["{}"]}),
    Sent("GET", f"{APPS}/a/managed-resources", answer={}),
    Sent("GET", f"{APPS}/a/server-side-diff", status=404, answer="Not Found\n"),
    Sent("PATCH", f"{APPS}/a", patch({"spec": {"source": {"targetRevision": None}}}), answer=APP),
    Sent("PATCH", f"{APPS}/a", patch([{"op": "remove", "path": "/spec/source"}], "json"), answer=APP),
    Sent(
        "POST", f"{APPS}?validate=false", {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **APP}, 200, APP
    ),
    Sent("DELETE", f"{APPS}/a?cascade=false", answer={}),
    Sent("POST", "/api/v1/applicationsets/generate", {"applicationSet": SET}, answer={"applications": [APP]}),
    Sent("POST", "/api/v1/applicationsets/generate", {"applicationSet": SET}, 405, "Method Not Allowed\n"),
    Sent("GET", "/api/v1/settings", answer={"resourceOverrides": {"*/*": {"ignoreDifferences": "jsonPointers: []"}}}),
    Sent("GET", "/api/version", answer={"Version": "v3.3.2"}),
]

WRONG = [
    (Sent("GET", "/api/v1/clusters"), "has no such operation"),
    (Sent("PUT", f"{APPS}/a"), "has no such operation"),
    (Sent("GET", f"{APPS}?fields=items.metadata.uid", answer={}), "'items.metadata.uid' is no field"),
    (Sent("GET", f"{APPS}?fields=metadata.name", answer={}), "'metadata.name' is no field"),
    (Sent("GET", f"{APPS}/a?fields=spec", answer=APP), "knows no parameter 'fields' here"),
    (Sent("GET", f"{APPS}/a/manifests?ref=x", answer={}), "knows no parameter 'ref' here"),
    (Sent("GET", f"{APPS}/a/manifests?sourcePositions=x", answer={}), "'x' is no whole number"),
    (Sent("GET", f"{APPS}/a/manifests?revision=x&revision=y", answer={}), "query.revision: given more than once"),
    (Sent("DELETE", f"{APPS}/a?cascade=no", answer={}), "'no' is neither true nor false"),
    (Sent("GET", f"{APPS}/a", {"a": 1}, answer=APP), "this operation takes no body"),
    (Sent("PATCH", f"{APPS}/a", {"patch": "{}", "patchType": "merge", "type": "x"}, answer=APP), "request.type: Argo"),
    (Sent("PATCH", f"{APPS}/a", {"patch": "{", "patchType": "merge"}, answer=APP), "request.patch: it is no JSON"),
    (Sent("PATCH", f"{APPS}/a", patch({}, "strategic"), answer=APP), "'strategic' is no kind of patch"),
    (Sent("PATCH", f"{APPS}/a", patch([], "merge"), answer=APP), "a merge patch is an object"),
    (Sent("PATCH", f"{APPS}/a", patch({}, "json"), answer=APP), "a JSON patch is a list"),
    (Sent("PATCH", f"{APPS}/a", patch({"spec": {"revision": "x"}}), answer=APP), "request.patch.spec.revision: an App"),
    (Sent("PATCH", f"{APPS}/a", patch({"spec": {"source": 1}}), answer=APP), "request.patch.spec.source: 1 is not"),
    (Sent("POST", APPS, {**APP, "mood": "fine"}, answer=APP), "request.mood: Argo CD knows no such key"),
    (Sent("GET", f"{APPS}/a", answer={**APP, "mood": "fine"}), "answer.mood: Argo CD describes no such key"),
    (Sent("GET", f"{APPS}/a", answer={"spec": {"sources": {}}}), "answer.spec.sources: {} is not"),
    (Sent("GET", f"{APPS}/a", answer={"metadata": {"creationTimestamp": "now"}}), "creationTimestamp"),
    (Sent("GET", f"{APPS}/a", status=404, answer={"message": 3, "code": 5}), "answer.message: 3 is not"),
    (Sent("GET", f"{APPS}/a", status=404, answer={"error": "x"}), "an error has a `message` and a `code`"),
    (Sent("GET", f"{APPS}/a", status=404, answer="Not Found\n"), "answer: "),
    (Sent("GET", f"{APPS}/a", status=501, answer=DENIED), "has this operation in every version"),
    (Sent("GET", f"{APPS}/a", status=201, answer=APP), "Argo CD answers 200 or an error"),
    (Sent("GET", "/api/v1/settings", answer={"resourceOverrides": {"*/*": {"ignoreDifferences": {}}}}), "{} is not"),
]


@pytest.mark.parametrize("sent", RIGHT, ids=[f"{each.method} {each.path} {each.status}" for each in RIGHT])
def test_what_argo_cd_would_do_has_no_problems(sent: Sent) -> None:
    assert argocd.problems_of(sent) == []


@pytest.mark.parametrize(("sent", "says"), WRONG, ids=[says for _, says in WRONG])
def test_each_deviation_is_named(sent: Sent, says: str) -> None:
    problems = argocd.problems_of(sent)
    assert any(says in each for each in problems), problems


def test_the_extract_holds_the_listed_operations_and_what_they_refer_to() -> None:
    kept = argocd_shapes.description()
    held = {(method, path) for path, operations in kept["paths"].items() for method in operations}
    assert held == set(argocd_refresh.wanted_operations())
    assert set(argocd_refresh.references(kept)) <= kept["definitions"].keys()
    assert argocd_refresh.EXTRACT.stat().st_size < 20_000


def test_the_extract_holds_names_and_types_only() -> None:
    kept = argocd_shapes.description()
    assert refresh.without_prose(kept["paths"], names=True) == kept["paths"]
    methods = ("get", "post", "patch", "delete")
    description: dict[str, Any] = {"paths": {path: {method: {} for method in methods} for path in kept["paths"]}}
    description["paths"]["/api/version"]["get"] = {"$ref": "#/definitions/a", "summary": "x"}
    description["definitions"] = {"a": {"description": "x", "properties": {"description": {"$ref": "#/definitions/b"}}}}
    description["definitions"] |= {"b": {"type": "string", "title": "x"}, "c": {}}
    cut = argocd_refresh.extract(description)
    assert cut["definitions"] == {
        "a": {"properties": {"description": {"$ref": "#/definitions/b"}}},
        "b": {"type": "string"},
    }
