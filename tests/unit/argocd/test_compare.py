"""One app, from its live objects and its manifests to what changes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from telefonistka_py.argocd import compare, pair
from telefonistka_py.argocd.model import (
    Answer,
    AppDiff,
    Facts,
    Fate,
    IgnoreRule,
    LeftOut,
    ObjectId,
    Prune,
    Question,
    Special,
    Tracking,
    Unanswered,
)
from telefonistka_py.argocd.normalize import LAST_APPLIED
from tests.unit.argocd import builders, objects_of
from tests.unit.argocd.builders import config_map, diff, managed, noted

HOOK = {"argocd.argoproj.io/hook": "PreSync"}
EXTRANEOUS = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}


def fates(found: AppDiff) -> dict[str, str]:
    return {each.id.name: each.fate.value for each in found.objects}


def of_kind(api: str, kind: str, name: str = "x", **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **more}}


def test_what_is_new_changed_deleted_and_the_same() -> None:
    same, changed, gone = config_map("same"), config_map("changed", a="1"), config_map("gone")
    items = [managed(each, each) for each in (same, changed, gone)]
    found = diff(items, [same, config_map("changed", a="2"), config_map("new", b="1")])
    assert fates(found) == {"gone": "deleted", "changed": "changed", "new": "new"}
    assert found.summary == "3 objects: 1 new, 1 changed, 1 deleted"
    assert found.objects[-1].whole == config_map("new", b="1")
    assert found.compared == 4
    assert not found.surely_none


def test_nothing_is_said_to_be_nothing() -> None:
    found = diff([managed(config_map(), config_map())], [config_map()])
    assert (found.summary, found.differs, found.surely_none) == ("no diff", False, True)


@pytest.mark.parametrize(
    ("prune", "annotations", "expected"),
    [
        (Prune.AUTOMATIC, {}, (Fate.DELETED, ())),
        (Prune.BY_HAND, {}, (Fate.DELETED, ("only if whoever syncs the app prunes",))),
        (Prune.OFF, {}, (Fate.LEFT, ("pruning is off",))),
        (
            Prune.AUTOMATIC,
            {"argocd.argoproj.io/sync-options": "Validate=false, Prune=false"},
            (Fate.LEFT, ("it is marked never to be pruned",)),
        ),
        (Prune.AUTOMATIC, {"helm.sh/resource-policy": "keep"}, (Fate.LEFT, ("it is marked never to be pruned",))),
        (
            Prune.AUTOMATIC,
            {"argocd.argoproj.io/sync-options": "Prune=confirm"},
            (Fate.DELETED, ("once somebody confirms it in Argo CD",)),
        ),
    ],
)
def test_what_becomes_of_an_object_that_is_wanted_no_more(
    prune: Prune, annotations: dict[str, str], expected: object
) -> None:
    live = config_map(annotations=annotations)
    [only] = diff([managed(live, live)], [], prune=prune).objects
    assert (only.fate, only.notes) == expected


def test_what_was_left_behind_before_is_no_news() -> None:
    live = config_map()
    assert diff([managed(live)], [], prune=Prune.OFF).objects == ()
    assert fates(diff([managed(live)], [], prune=Prune.AUTOMATIC)) == {"conf": "deleted"}


def test_what_is_wanted_and_not_yet_there_is_new() -> None:
    assert fates(diff([managed(None, config_map())], [config_map()])) == {"conf": "new"}


# ---- pairing ----


def test_the_version_of_the_api_is_no_part_of_an_object() -> None:
    old, new = (
        of_kind("autoscaling/v1", "HorizontalPodAutoscaler"),
        of_kind("autoscaling/v2", "HorizontalPodAutoscaler"),
    )
    [only] = diff([managed(old, old)], [new]).objects
    assert objects_of.as_table(only.changes) == {"apiVersion": ["autoscaling/v1", "autoscaling/v2"]}


@pytest.mark.parametrize(
    "manifest",
    [
        of_kind("v1", "ConfigMap"),
        of_kind("v1", "ConfigMap", namespace="prod"),
        of_kind("rbac.authorization.k8s.io/v1", "ClusterRole"),
        of_kind("rbac.authorization.k8s.io/v1", "ClusterRole", namespace="prod"),
        of_kind("acme.example/v1", "Widget"),
    ],
)
def test_an_object_without_a_namespace_is_the_one_where_the_app_goes(manifest: dict[str, Any]) -> None:
    live = manifest | {"metadata": {"name": "x"}}
    assert diff([managed(live, live)], [manifest]).surely_none


def test_a_kind_of_the_users_own_belongs_to_no_namespace_where_the_cluster_or_its_definition_says_so() -> None:
    widget = of_kind("acme.example/v1", "Widget")
    seen = managed(widget, widget)
    nowhere = type(seen)(ObjectId("acme.example", "Widget", "", "x"), widget, widget, widget, widget)
    assert diff([nowhere], [widget]).surely_none
    definition = of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition") | {
        "spec": {"group": "acme.example", "scope": "Cluster", "names": {"kind": "Widget"}}
    }
    assert [str(each.id) for each in diff([], [definition, widget]).objects] == [
        "Widget/x",
        "CustomResourceDefinition/x",
    ]


def test_the_same_name_in_two_namespaces_is_two_objects() -> None:
    one, other = of_kind("v1", "ConfigMap", namespace="a"), of_kind("v1", "ConfigMap", namespace="b")
    assert len(diff([managed(one, one)], [one, other]).objects) == 1


def test_of_an_object_that_is_named_twice_the_last_counts_and_it_is_told() -> None:
    live = config_map(a="1")
    found = diff([managed(live, live)], [config_map(a="2"), live])
    assert found.objects == ()
    assert found.notes == ("The manifests name prod/ConfigMap/conf more than once; the last one counts",)


def test_lists_are_unpacked_and_nameless_objects_are_told_apart() -> None:
    items = [
        config_map("a"),
        of_kind("v1", "Pod", "", generateName="job-"),
        of_kind("v1", "Pod", "", generateName="job-"),
    ]
    found = diff([], [{"apiVersion": "v1", "kind": "List", "items": items}])
    assert [str(each.id) for each in found.objects] == [
        "prod/ConfigMap/a",
        "prod/Pod/job-(2)",
        "prod/Pod/job-(3)",
    ]


# ---- hooks, and what is ignored as a whole ----


@pytest.mark.parametrize("annotations", [HOOK, {"helm.sh/hook": "pre-install"}])
def test_hooks_are_left_out(annotations: dict[str, str]) -> None:
    hook = config_map("hook", annotations)
    found = diff([managed(config_map("old-hook"), hook=True), managed(hook, hook)], [hook])
    assert found.objects == ()
    assert {each.id.name: each.why for each in found.left_out} == {"hook": "it is a hook", "old-hook": "it is a hook"}
    assert found.surely_none


def test_hooks_that_are_not_what_they_were_are_named() -> None:
    job = of_kind("batch/v1", "Job", "migrate", annotations=HOOK)
    other = {**job, "spec": {"backoffLimit": 3}}
    plain = config_map("plain")
    assert pair.other_hooks([job, plain], [config_map("plain", a="1"), job]) == ()
    assert pair.other_hooks([job], [other]) == ("Job/migrate",)
    assert pair.other_hooks([job], []) == pair.other_hooks([], [job]) == ("Job/migrate",)


def test_a_definition_that_helm_installs_first_is_no_hook() -> None:
    assert len(diff([], [config_map(annotations={"helm.sh/hook": "crd-install"})]).objects) == 1


def test_extraneous_objects_are_left_out() -> None:
    gone = config_map(annotations=EXTRANEOUS)
    found = diff([managed(gone, gone)], [])
    assert found.left_out == (LeftOut(found.left_out[0].id, "it is marked IgnoreExtraneous"),)
    assert found.surely_none


def test_an_extraneous_object_that_changes_is_not_taken_for_no_change() -> None:
    """Never a false "no changes"."""
    live = config_map(annotations=EXTRANEOUS, a="1")
    found = diff([managed(live, live)], [config_map(annotations=EXTRANEOUS, a="2")])
    assert found.objects == ()
    assert [each.differs for each in found.left_out] == [True]
    assert not found.surely_none


# ---- what Argo CD and the API server write ----


@pytest.mark.parametrize(
    ("method", "label", "differs"),
    [
        ("label", "nginx-prod", False),
        ("annotation+label", "nginx-prod", False),
        ("", "nginx-prod", False),
        ("annotation", "nginx-prod", True),
        ("label", "release", True),
    ],
)
def test_the_label_that_tracks_an_object_is_no_difference(method: str, label: str, differs: bool) -> None:
    live = of_kind("v1", "ConfigMap", labels={"app.kubernetes.io/instance": label})
    plain = of_kind("v1", "ConfigMap")
    tracking = Tracking(method, instances=frozenset({"nginx-prod"}))
    assert diff([managed(live, live)], [plain], tracking=tracking).differs is differs
    assert diff([managed(plain, plain)], [live], tracking=tracking).differs is differs


def test_a_label_of_the_operators_choice_tracks() -> None:
    tracking = Tracking("label", "acme.example/app", frozenset({"nginx-prod"}))
    live = of_kind("v1", "ConfigMap", labels={"acme.example/app": "nginx-prod"})
    assert not diff([managed(of_kind("v1", "ConfigMap"))], [live], tracking=tracking).differs


def test_the_annotation_that_tracks_an_object_and_what_the_api_server_writes_are_no_difference() -> None:
    of_server: dict[str, Any] = {
        "uid": "1",
        "resourceVersion": "2",
        "generation": 3,
        "creationTimestamp": "2025-01-01T00:00:00Z",
        "managedFields": [{"manager": "argocd-controller"}],
        "selfLink": "/x",
        "annotations": {"argocd.argoproj.io/tracking-id": "nginx-prod:/ConfigMap:prod/x"},
    }
    live = of_kind("v1", "ConfigMap", **of_server) | {"status": {"seen": True}}
    foreign = {"argocd.argoproj.io/tracking-id": "other:/ConfigMap:prod/x", LAST_APPLIED: "{}"}
    wanted = of_kind("v1", "ConfigMap", creationTimestamp=None, annotations=foreign) | {"status": {"seen": None}}
    for manifest in (wanted, wanted | {"status": {"seen": False}}):
        assert diff([managed(live, in_sync=False)], [manifest]).surely_none


WIDGET: dict[str, Any] = of_kind("acme.example/v1", "Widget") | {"spec": {"list": [{"a": 1}], "size": 1}}
FILLED_IN: dict[str, Any] = of_kind("acme.example/v1", "Widget") | {
    "spec": {"list": [{"a": 1, "filled": "in"}, {"by": "a controller"}], "size": 1}
}


@pytest.mark.parametrize("more", [0, 1])
def test_where_argo_cd_saw_no_difference_a_list_that_the_pull_request_leaves_alone_is_none(more: int) -> None:
    wanted = WIDGET | {"spec": WIDGET["spec"] | {"size": 1 + more}}
    found = diff([managed(FILLED_IN, WIDGET)], [wanted])
    changes = [objects_of.as_table(each.changes) for each in found.objects]
    assert changes == [{"spec.size": [1, 2]}] * more


def test_where_argo_cd_saw_one_what_stands_in_a_list_by_nobodys_wish_is_shown() -> None:
    """Never a false "no changes": an apply replaces such a list."""
    live = FILLED_IN | {"spec": {"list": [{"a": 1, "by hand": 2}], "size": 1}}
    [only] = diff([managed(live, WIDGET, in_sync=False)], [WIDGET]).objects
    assert objects_of.as_table(only.changes) == {'spec.list[0]["by hand"]': [2, None]}


def test_without_a_last_target_the_annotation_of_the_last_apply_tells_what_goes() -> None:
    live = config_map(a="1", b="2", c="by another")
    items = [managed(noted(live, config_map(a="1", b="2")), in_sync=False)]
    [only] = diff(items, [config_map(a="1")]).objects
    assert objects_of.as_table(only.changes) == {"data.b": ["2", None]}


def test_an_annotation_of_the_last_apply_that_cannot_be_read_is_passed_over() -> None:
    live = config_map(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{"}, a="1")
    assert fates(diff([managed(live, config_map(a="1", b="2"), in_sync=False)], [config_map(a="2")])) == {
        "conf": "changed"
    }


def test_what_the_cluster_itself_says_counts() -> None:
    live, wanted = config_map(a="1"), config_map(a="2")
    item = managed(live, live)
    facts = Facts([item], [wanted], "prod", judged={item.id: config_map(a="2", b="set by a webhook")})
    [only] = compare.app(facts, builders.no_jq).objects
    assert objects_of.as_table(only.changes) == {"data.a": ["1", "2"], "data.b": [None, "set by a webhook"]}
    assert compare.app(replace(facts, judged={item.id: live}), builders.no_jq).objects == ()


# ---- Secrets ----


def secret(name: str = "login", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def test_nothing_of_a_secret_is_in_any_result() -> None:
    """N30"""
    hush = "aHVzaC1odXNo"
    live = noted(secret(a=hush, b=hush), secret(a=hush)) | {"stringData": {"c": hush}}
    live["metadata"] |= {"labels": {"l": hush}, "finalizers": [hush]}
    plain: dict[str, Any] = {**secret("new"), "stringData": {"c": hush}, "type": "Opaque"}
    plain["metadata"]["annotations"] = {"note": hush}
    items = [managed(live, secret(a=hush)), managed(secret("gone", a=hush), secret("gone", a=hush))]
    for manifests in ([secret(a="bmV3"), plain], [plain], [live, plain], [secret()]):
        found = diff(items, manifests)
        assert found.differs
        assert hush not in repr(found)
        assert "bmV3" not in repr(found)
    facts = Facts(items, [secret(a=hush)], "prod")
    assert hush not in repr(facts)


def test_the_keys_of_a_new_secret_are_shown() -> None:
    [only] = diff([], [secret(a="b2xk")]).objects
    assert only.whole == secret() | {"data": {"a": Special.HIDDEN}}


def test_secrets_that_argo_cd_masks_are_never_said_to_be_the_same() -> None:
    """The masks of two answers are the same for different values (never a false "no changes")."""
    masked = secret(a="++++++++")
    found = diff([managed(masked, masked)], [masked])
    assert (found.objects, found.differs, found.surely_none) == ((), False, False)
    assert [str(each) for each in found.unseen] == ["prod/Secret/login"]
    assert found.summary == "no diff that can be shown"


def test_masked_secrets_still_show_which_keys_come_and_go() -> None:
    live, wanted = secret(a="++++++++", b="++++++++"), secret(a="++++++++", c="++++++++")
    [only] = diff([managed(live, live)], [wanted]).objects
    assert objects_of.as_table(only.changes) == {
        "data.b": [objects_of.HIDDEN, None],
        "data.c": [None, objects_of.HIDDEN],
    }


# ---- jq is asked ----


def test_jq_is_asked_once_for_all_objects_that_differ_and_for_no_others() -> None:
    asked: list[Question] = []

    def jq(questions: Sequence[Question]) -> list[Answer]:
        asked.extend(questions)
        return [(("data", "a"),) for _ in questions]

    rule = IgnoreRule("", "ConfigMap", expressions=(".data.a",))
    items = [managed(config_map(name, a="1", c="1"), config_map(name, a="1", c="1")) for name in ("x", "y", "z")]
    wanted = [config_map("x", a="1", c="1"), config_map("y", a="2", c="1"), config_map("z", a="2", b="3", c="1")]
    found = diff(items, wanted, [rule], jq=jq)
    assert [each.document["data"]["a"] for each in asked] == ["1", "2", "1", "2"]
    [only] = found.objects
    assert objects_of.as_table(only.changes) == {"data.b": [None, "3"]}


@pytest.mark.parametrize("unanswered", [{"1"}, {"2"}, {"1", "2"}], ids=["before", "after", "both"])
def test_what_jq_cannot_answer_is_shown_and_said(unanswered: set[str]) -> None:
    def jq(questions: Sequence[Question]) -> list[Answer]:
        said = (each.document["data"]["a"] for each in questions)
        return [Unanswered("takes longer than 1 s") if each in unanswered else (("none",),) for each in said]

    rule = IgnoreRule("", "ConfigMap", expressions=(".data.a",))
    live = config_map(a="1")
    [only] = diff([managed(live, live)], [config_map(a="2")], [rule], jq=jq).objects
    assert objects_of.as_table(only.changes) == {"data.a": ["1", "2"]}
    assert only.notes == ("the difference may be one to ignore: the jq expression .data.a takes longer than 1 s",)


def test_objects_can_be_told_from_json() -> None:
    """Numbers, truth values and texts of JSON stay what they are."""
    live = config_map(a="1")
    for value in (1, True, None, 1.5):
        wanted = json.loads(json.dumps(live | {"data": {"a": value}}))
        assert diff([managed(live, live)], [wanted]).differs


def test_builders_make_ids_as_pairs_do() -> None:
    assert builders.id_of(of_kind("rbac.authorization.k8s.io/v1", "ClusterRole")).namespace == ""
