"""What people told Argo CD not to compare."""

from typing import Any

import pytest

from telefonistka_py.argocd import ignore, jq_process
from telefonistka_py.argocd.model import IgnoreRule, Managed, ObjectId
from tests.unit.argocd import objects_of
from tests.unit.argocd.builders import diff, managed

ID = ObjectId("apps", "Deployment", "prod", "web")


def deployment(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


LIVE = deployment(
    replicas=5,
    template=pod(
        {"name": "web", "image": "web:1", "env": [{"name": "a/b", "value": "1"}]}, {"name": "side", "image": "s:1"}
    ),
)
NEW = deployment(
    replicas=2,
    template=pod(
        {"name": "web", "image": "web:2", "env": [{"name": "a/b", "value": "2"}]}, {"name": "side", "image": "s:2"}
    ),
)
WEB = "spec.template.spec.containers.web"
ALL = {"spec.replicas", f"{WEB}.image", f'{WEB}.env["a/b"].value', "spec.template.spec.containers.side.image"}


def left(*rules: IgnoreRule, live: dict[str, Any] = LIVE, new: dict[str, Any] = NEW) -> set[str]:
    found = diff([managed(live, live)], [new], rules, jq=jq_process.answers)
    return {path for each in found.objects for path in objects_of.as_table(each.changes)}


@pytest.mark.parametrize(
    ("pointers", "ignored"),
    [
        (("/spec/replicas",), {"spec.replicas"}),
        (("/spec/template/spec/containers/0/image",), {f"{WEB}.image"}),
        (("/spec/template/spec/containers/1",), {"spec.template.spec.containers.side.image"}),
        (("/spec/template",), ALL - {"spec.replicas"}),
        (("/spec",), ALL),
        (
            (
                "/spec/nothing",
                "spec/replicas",
                "",
                "/spec/template/spec/containers/-",
                "/spec/template/spec/containers/00",
            ),
            set(),
        ),
    ],
)
def test_json_pointers(pointers: tuple[str, ...], ignored: set[str]) -> None:
    assert left(IgnoreRule("apps", "Deployment", pointers=pointers)) == ALL - ignored


def test_json_pointers_escape_slashes_and_tildes() -> None:
    live, new = deployment(**{"a/b": 1, "c~d": 1}), deployment(**{"a/b": 2, "c~d": 2})
    rule = IgnoreRule("apps", "Deployment", pointers=("/spec/a~1b", "/spec/c~0d"))
    assert left(rule, live=live, new=new) == set()


@pytest.mark.parametrize(
    ("expression", "ignored"),
    [
        (".spec.replicas", {"spec.replicas"}),
        (
            '.spec.template.spec.containers[] | select(.name == "side") | .image',
            {"spec.template.spec.containers.side.image"},
        ),
        (".spec.template.spec.containers[].image", {f"{WEB}.image", "spec.template.spec.containers.side.image"}),
        ('.spec.template.spec.containers[]?.env[]? | select(.name | startswith("a"))', {f'{WEB}.env["a/b"].value'}),
        (".spec.template.spec.containers[-1]", {"spec.template.spec.containers.side.image"}),
        (".. | .image?", {f"{WEB}.image", "spec.template.spec.containers.side.image"}),
    ],
)
def test_jq_path_expressions(expression: str, ignored: set[str]) -> None:
    assert left(IgnoreRule("apps", "Deployment", expressions=(expression,))) == ALL - ignored


@pytest.mark.parametrize(
    "expression", [".spec[", "$ENV", ".spec.replicas[]", 'error("x")', ".spec.template.spec.containers[0:1]"]
)
def test_an_expression_that_cannot_be_used_ignores_nothing(expression: str) -> None:
    assert left(IgnoreRule("apps", "Deployment", expressions=(expression,))) == ALL


def owned(manager: str, fields: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "web", "managedFields": [{"manager": manager, "fieldsV1": fields}]}
    return LIVE | {"metadata": metadata}


FIELDS = {
    "f:metadata": {"f:annotations": {".": {}, "f:x": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:template": {"f:spec": {"f:containers": {'k:{"name":"side"}': {".": {}, "f:name": {}, "f:image": {}}}}},
    },
}


@pytest.mark.parametrize(
    ("manager", "managers", "ignored"),
    [
        ("scaler", ("scaler",), {"spec.replicas", "spec.template.spec.containers.side.image"}),
        ("scaler", ("other", "scaler"), {"spec.replicas", "spec.template.spec.containers.side.image"}),
        ("scaler", ("scale",), set()),
    ],
)
def test_fields_that_others_own(manager: str, managers: tuple[str, ...], ignored: set[str]) -> None:
    assert left(IgnoreRule("apps", "Deployment", managers=managers), live=owned(manager, FIELDS)) == ALL - ignored


def test_values_and_places_that_others_own() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:set": {'v:"a"': {}}, "f:list": {"i:1": {}}, "f:gone": {}}}
    live = owned("m", fields) | {"spec": {"set": ["a"], "list": [1, 2]}}
    new = deployment(set=["b"], list=[1, 3])
    rule = IgnoreRule("apps", "Deployment", managers=("m",))
    assert left(rule, live=live, new=new) == {"spec.set"}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (IgnoreRule("apps", "Deployment"), True),
        (IgnoreRule("*", "*"), True),
        (IgnoreRule("ap*", "Deploy?ent"), True),
        (IgnoreRule("{apps,batch}", "[DE]eployment"), True),
        (IgnoreRule("apps", "[!D]eployment"), False),
        (IgnoreRule("", "Deployment"), False),
        (IgnoreRule("apps", "deployment"), False),
        (IgnoreRule("apps", "Deploy"), False),
        (IgnoreRule("apps", "Deployment", "prod", "web"), True),
        (IgnoreRule("apps", "Deployment", "dev"), False),
        (IgnoreRule("apps", "Deployment", name="we*"), False),
        (IgnoreRule("apps", "{Deployment"), False),
        (IgnoreRule("apps", "(Deployment)"), False),
    ],
)
def test_which_objects_a_rule_is_about(rule: IgnoreRule, matches: bool) -> None:
    rule = IgnoreRule(rule.group, rule.kind, rule.namespace, rule.name, pointers=("/spec",))
    assert bool(ignore.rules(ID, [rule])) is matches


def test_a_pattern_without_end_matches_nothing() -> None:
    """N27"""
    rule = IgnoreRule("{a,aa}" * 60 + "[bc]", "*", pointers=("/spec",))
    for name in map(str, range(100)):
        assert not ignore.rules(ObjectId("a" * 90, "X", "", name), [rule])


def test_where_something_is_ignored_the_object_itself_counts_and_not_what_argo_cd_left_of_it() -> None:
    """Argo CD takes empty maps out of what it compares then."""
    live = deployment(replicas=5, template={"spec": {"containers": [], "volumes": [{"name": "a", "emptyDir": {}}]}})
    stripped = deployment(template={"spec": {"volumes": [{"name": "a"}]}})
    item = Managed(ID, live, stripped, live, None)
    new = deployment(replicas=2, template=live["spec"]["template"])
    found = diff([item], [new], [IgnoreRule("apps", "Deployment", pointers=("/spec/replicas",))])
    assert found.surely_none


def test_what_is_empty_for_what_is_ignored_is_no_difference() -> None:
    live, new = deployment(a=1), deployment(a=1, x={"y": {"z": 1}})
    assert left(IgnoreRule("apps", "Deployment", pointers=("/spec/x/y/z",)), live=live, new=new) == set()
    assert left(IgnoreRule("apps", "Deployment", pointers=("/spec/x/y/w",)), live=live, new=new) == {"spec.x"}


def test_what_tells_an_entry_apart_stays_whoever_owns_it() -> None:
    new = deployment(replicas=2, template=pod({"name": "side", "image": "s:2", "args": ["a"]}))
    live = owned("m", FIELDS) | {"spec": deployment(template=pod({"name": "side", "image": "s:1"}))["spec"]}
    rule = IgnoreRule("apps", "Deployment", managers=("m",))
    assert left(rule, live=live, new=new) == {"spec.template.spec.containers.side.args"}


def test_a_map_that_is_owned_as_it_is() -> None:
    live = owned("m", {"f:spec": {"f:x": {".": {}}}}) | {"spec": {"x": {"y": 1}}}
    assert left(IgnoreRule("apps", "Deployment", managers=("m",)), live=live, new=deployment(x={"y": 2})) == set()
