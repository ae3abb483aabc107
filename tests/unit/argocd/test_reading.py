"""Argo CD's answers, as its API description shapes them."""

import json
from typing import Any

import pytest

from telefonistka_py.argocd import reading
from telefonistka_py.argocd.model import IgnoreRule, ObjectId, Prune
from telefonistka_py.argocd.reading import Unreadable

OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}


def item(**more: Any) -> dict[str, Any]:
    """As `v1alpha1ResourceDiff`, which leaves out what is empty."""
    return {"kind": "ConfigMap", "namespace": "prod", "name": "x"} | more


def test_a_managed_resource() -> None:
    found = reading.managed(
        item(liveState=json.dumps(OBJECT), normalizedLiveState=json.dumps(OBJECT), targetState="null", hook=True)
    )
    assert found.id == ObjectId("", "ConfigMap", "prod", "x")
    assert (found.live, found.normalized, found.target, found.predicted) == (OBJECT, OBJECT, None, None)
    assert found.hook


def test_an_older_server_that_sends_only_the_normalized_object() -> None:
    assert reading.managed(item(normalizedLiveState=json.dumps(OBJECT))).live == OBJECT


@pytest.mark.parametrize(
    "broken",
    [
        item(liveState="{"),
        item(liveState="[]"),
        item(liveState=7),
        item(targetState="hush"),
        item(name=""),
        item(kind=None),
        item(name=["hush"]),
        item(liveState="[" * 100_000),
        item(liveState='{"kind": "A", "a":' * 200 + "1" + "}" * 200),
    ],
)
def test_an_answer_that_cannot_be_read_is_never_taken_for_nothing(broken: dict[str, Any]) -> None:
    """N1, and N30: what stands in it is not repeated."""
    with pytest.raises(Unreadable) as failure:
        reading.managed(broken)
    assert "hush" not in str(failure.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"kind": 7}', "kind: ConfigMap"])
def test_a_manifest_that_cannot_be_read_is_never_taken_for_nothing(text: str) -> None:
    """N1"""
    with pytest.raises(Unreadable):
        reading.manifest(text)


def test_a_manifest() -> None:
    assert reading.manifest(json.dumps(OBJECT)) == OBJECT


def test_what_an_app_ignores() -> None:
    application = {
        "spec": {
            "ignoreDifferences": [
                {"group": "apps", "kind": "Deployment", "name": "web", "jsonPointers": ["/spec/replicas"]},
                {"kind": "*", "managedFieldsManagers": ["kube-controller-manager"], "jqPathExpressions": [".a"]},
            ]
        }
    }
    assert reading.ignored_by_app(application) == (
        IgnoreRule("apps", "Deployment", name="web", pointers=("/spec/replicas",)),
        IgnoreRule("", "*", expressions=(".a",), managers=("kube-controller-manager",)),
    )
    assert reading.ignored_by_app({"spec": {}}) == ()


@pytest.mark.parametrize(
    ("key", "group", "kind"),
    [
        ("apps/Deployment", "apps", "Deployment"),
        ("apps_Deployment", "apps", "Deployment"),
        ("/Service", "", "Service"),
        ("Service", "", "Service"),
        ("*/*", "*", "*"),
        ("all", "*", "*"),
        ("*.acme.example/*", "*.acme.example", "*"),
    ],
)
@pytest.mark.parametrize(
    "said",
    [
        "jsonPointers:\n- /spec/replicas\njqPathExpressions: ['.a']\nmanagedFieldsManagers: [hpa]\n",
        {"jSONPointers": ["/spec/replicas"], "jqPathExpressions": [".a"], "managedFieldsManagers": ["hpa"]},
    ],
    ids=["yaml", "structured"],
)
def test_what_the_settings_ignore(key: str, group: str, kind: str, said: object) -> None:
    found = reading.ignored_by_settings({"resourceOverrides": {key: {"ignoreDifferences": said}}})
    assert found == ((IgnoreRule(group, kind, "", "", ("/spec/replicas",), (".a",), ("hpa",)),), ())


def test_settings_that_cannot_be_read_ignore_nothing_and_are_told() -> None:
    overrides = {"apps/Deployment": {"ignoreDifferences": "jsonPointers: ["}, "a/B": {"healthLua": "x"}, "c/D": None}
    rules, notes = reading.ignored_by_settings({"resourceOverrides": overrides})
    assert rules == ()
    [note] = notes
    assert note.startswith("The settings' ignoreDifferences of apps/Deployment can't be used: the text is not valid")
    assert reading.ignored_by_settings({}) == ((), ())


def test_how_objects_are_tracked() -> None:
    application = {"metadata": {"name": "web", "namespace": "argocd"}}
    plain = reading.tracking({}, application)
    assert (plain.method, plain.label) == ("", "app.kubernetes.io/instance")
    assert plain.instances == {"web", "argocd_web"}
    own = reading.tracking({"trackingMethod": "annotation", "appLabelKey": "acme.example/app"}, application)
    assert (own.method, own.label) == ("annotation", "acme.example/app")
    long = reading.tracking({}, {"metadata": {"name": "a" * 80}})
    assert max(map(len, long.instances)) == 63


@pytest.mark.parametrize(
    ("policy", "auto", "prune"),
    [
        (None, False, Prune.BY_HAND),
        ({}, False, Prune.BY_HAND),
        ({"automated": None}, False, Prune.BY_HAND),
        ({"automated": {}}, True, Prune.OFF),
        ({"automated": {"prune": True}}, True, Prune.AUTOMATIC),
        ({"automated": {"prune": True, "enabled": False}}, False, Prune.BY_HAND),
        ({"automated": {"prune": True, "enabled": True}}, True, Prune.AUTOMATIC),
    ],
)
def test_when_apps_sync_and_prune(policy: object, auto: bool, prune: Prune) -> None:
    application: dict[str, Any] = {"spec": {"syncPolicy": policy}}
    assert (reading.auto_sync(application), reading.prune(application)) == (auto, prune)


def test_an_app_of_which_argo_cd_says_little_is_not_taken_for_a_healthy_one() -> None:
    found = reading.app({"metadata": {"name": "web"}}, "https://a")
    assert (found.name, found.health, found.sync, found.auto_sync) == ("web", "Unknown", "Unknown", False)
    status = {"health": {"status": "Healthy"}, "sync": {"status": "Synced"}}
    well = reading.app({"metadata": {"name": "web"}, "status": status}, "https://a", temporary=True)
    assert (well.health, well.sync, well.temporary) == ("Healthy", "Synced", True)
