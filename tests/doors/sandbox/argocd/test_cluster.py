"""What becomes of objects in the cluster: no HTTP, no git."""

from datetime import UTC, datetime
from typing import Any

import pytest

from telefonistka_py.sandbox.argocd.cluster import Cluster
from telefonistka_py.sandbox.argocd.model import Key
from telefonistka_py.sandbox.argocd.quantities import canonical

POD = {"containers": [{"name": "a", "image": "a:1"}]}
FILLED_CONTAINER = {
    "name": "a",
    "image": "a:1",
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
FILLED_POD = {
    "containers": [FILLED_CONTAINER],
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
TEMPLATE = {"template": {"metadata": {}, "spec": FILLED_POD}}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))


def made(group: str, kind: str, spec: Any = None, **more: Any) -> dict[str, Any]:
    version = f"{group}/v1" if group else "v1"
    body = {} if spec is None else {"spec": spec}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "web"}, **body, **more}


FILLED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "apps",
        "Deployment",
        {"template": {"spec": POD}},
        {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "strategy": ROLLING, **TEMPLATE},
    ),
    (
        "apps",
        "StatefulSet",
        {"template": {"spec": POD}, "serviceName": "x"},
        {
            "replicas": 1,
            "serviceName": "x",
            "revisionHistoryLimit": 10,
            "podManagementPolicy": "OrderedReady",
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            **TEMPLATE,
        },
    ),
    (
        "apps",
        "DaemonSet",
        {"template": {"spec": POD}},
        {
            "revisionHistoryLimit": 10,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            **TEMPLATE,
        },
    ),
    (
        "",
        "Service",
        {"type": "NodePort", "ports": [{"port": 80}]},
        {
            "type": "NodePort",
            "clusterIP": "10.96.0.2",
            "clusterIPs": ["10.96.0.2"],
            "externalTrafficPolicy": "Cluster",
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80, "nodePort": 30002}],
            "sessionAffinity": "None",
        },
    ),
    (
        "networking.k8s.io",
        "Ingress",
        {"rules": [{"http": {"paths": [{"path": "/"}]}}]},
        {"rules": [{"http": {"paths": [{"path": "/", "pathType": "ImplementationSpecific"}]}}]},
    ),
    (
        "batch",
        "CronJob",
        {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}}},
        {
            "schedule": "@daily",
            "concurrencyPolicy": "Allow",
            "failedJobsHistoryLimit": 1,
            "successfulJobsHistoryLimit": 3,
            "suspend": False,
            "jobTemplate": {
                "metadata": {},
                "spec": {"template": {"metadata": {}, "spec": {**FILLED_POD, "restartPolicy": "Never"}}},
            },
        },
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        {"maxReplicas": 3},
        {"maxReplicas": 3, "minReplicas": 1, "metrics": [CPU]},
    ),
    (
        "",
        "PersistentVolumeClaim",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
        {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "standard",
            "volumeMode": "Filesystem",
            "volumeName": "pvc-00000001",
        },
    ),
    ("example.com", "Widget", {"size": 3}, {"size": 3}),
]


@pytest.mark.parametrize(("group", "kind", "said", "stored"), FILLED, ids=[row[1] for row in FILLED])
def test_the_server_fills_in_what_is_not_said(
    cluster: Cluster, group: str, kind: str, said: dict[str, Any], stored: dict[str, Any]
) -> None:
    if kind == "Service":
        cluster.number()
        stored = stored | {"clusterIP": "10.96.0.3", "clusterIPs": ["10.96.0.3"]}
        stored["ports"] = [{**stored["ports"][0], "nodePort": 30003}]
    live = cluster.apply(made(group, kind, said))
    assert live["spec"] == stored
    again = cluster.apply(made(group, kind, said))
    assert (again["spec"], again["metadata"].get("generation")) == (stored, live["metadata"].get("generation"))


@pytest.mark.parametrize(
    ("said", "container"),
    [
        ({"image": "a"}, {"imagePullPolicy": "Always"}),
        ({"image": "a:latest"}, {"imagePullPolicy": "Always"}),
        ({"image": "host:5000/a"}, {"imagePullPolicy": "Always"}),
        ({"image": "a@sha256:1"}, {"imagePullPolicy": "IfNotPresent"}),
        ({"ports": [{"containerPort": 1}]}, {"ports": [{"containerPort": 1, "protocol": "TCP"}]}),
        (
            {"resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": 0.5}}},
            {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}},
        ),
        (
            {"livenessProbe": {"httpGet": {"port": 80}}},
            {
                "livenessProbe": {
                    "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                    "failureThreshold": 3,
                    "periodSeconds": 10,
                    "successThreshold": 1,
                    "timeoutSeconds": 1,
                }
            },
        ),
        (
            {"env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
            {"env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}}]},
        ),
    ],
)
def test_containers_are_filled_too(cluster: Cluster, said: dict[str, Any], container: dict[str, Any]) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "a", "image": "a:1", **said}]}}}
    live = cluster.apply(made("apps", "Deployment", spec))["spec"]["template"]["spec"]["containers"][0]
    assert container.items() <= live.items()


def test_volumes_are_filled_too(cluster: Cluster) -> None:
    volumes = [{"name": "a"}, {"name": "b", "configMap": {"name": "b"}}, {"name": "c", "hostPath": {"path": "/c"}}]
    spec = {"template": {"spec": {**POD, "volumes": volumes}}}
    live = cluster.apply(made("apps", "Deployment", spec))["spec"]["template"]["spec"]["volumes"]
    assert live == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "configMap": {"name": "b", "defaultMode": 420}},
        {"name": "c", "hostPath": {"path": "/c", "type": ""}},
    ]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        (1, "1"),
        ("1500m", "1500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("2000M", "2G"),
        ("1000Mi", "1000Mi"),
        ("0", "0"),
        ("1e3", "1e3"),
        ("lots", "lots"),
    ],
)
def test_quantities_are_written_in_one_way(said: Any, written: str) -> None:
    assert canonical(said) == written


def test_what_others_set_survives_and_what_is_no_longer_said_goes(cluster: Cluster) -> None:
    spec = {"replicas": 2, "minReadySeconds": 5, "template": {"spec": POD}}
    cluster.apply(made("apps", "Deployment", spec))
    cluster.change("Deployment", "x", {"metadata": {"labels": {"theirs": "yes"}}, "spec": {"paused": True}})
    live = cluster.apply(made("apps", "Deployment", {"template": {"spec": POD}}))
    assert live["metadata"]["labels"] == {"theirs": "yes"}
    assert (live["spec"]["paused"], live["spec"]["replicas"]) == (True, 1)
    assert "minReadySeconds" not in live["spec"]


def test_entries_of_lists_are_told_apart_by_their_key_in_built_in_kinds_only(cluster: Cluster) -> None:
    def two(first: str, second: str) -> dict[str, Any]:
        return {"template": {"spec": {"containers": [{"name": first, "image": "i"}, {"name": second, "image": "i"}]}}}

    for group in ("apps", "example.com"):
        cluster.apply(made(group, "Deployment", two("a", "b")))
    extra = {"containers": [{"name": "a", "image": "i"}, {"name": "theirs", "image": "i"}]}
    for key in list(cluster.objects):
        live = cluster.objects[key]
        live["spec"]["template"]["spec"] |= extra
        applied = cluster.apply(made(key.group, "Deployment", two("c", "a")))
        names = [each["name"] for each in applied["spec"]["template"]["spec"]["containers"]]
        assert names == (["c", "a", "theirs"] if key.group == "apps" else ["c", "a"])


def test_the_server_and_controllers_keep_their_own_notes(cluster: Cluster) -> None:
    live = cluster.apply(made("apps", "Deployment", {"replicas": 3, "template": {"spec": POD}}))
    metadata = live["metadata"]
    assert (metadata["generation"], metadata["creationTimestamp"]) == (1, "2026-03-01T12:00:00Z")
    assert metadata["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert live["status"]["readyReplicas"] == 3
    uid, version = metadata["uid"], metadata["resourceVersion"]
    changed = cluster.change("Deployment", "x", {"spec": {"replicas": 4}})["metadata"]
    assert (changed["uid"], changed["generation"]) == (uid, 2)
    assert changed["resourceVersion"] > version


def test_who_set_what_is_recorded(cluster: Cluster) -> None:
    cluster.apply(made("apps", "Deployment", {"replicas": 3, "template": {"spec": POD}}))
    live = cluster.change("Deployment", "x", {"spec": {"replicas": 4}}, manager="hpa")
    entries = {
        (each["manager"], each.get("subresource")): each["fieldsV1"] for each in live["metadata"]["managedFields"]
    }
    assert entries[("hpa", None)] == {"f:spec": {"f:replicas": {}}}
    ours = entries[("argocd-controller", None)]
    assert "f:replicas" not in ours["f:spec"]
    containers = ours["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert containers == {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:image": {}}}
    assert entries[("kube-controller-manager", "status")] == {"f:status": {}}


def test_ports_are_owned_by_number_and_protocol(cluster: Cluster) -> None:
    live = cluster.apply(made("", "Service", {"ports": [{"port": 80}]}))
    fields = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:ports"]
    assert fields == {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}
    assert "generation" not in live["metadata"]


def test_what_was_applied_is_noted_unless_the_server_applies(cluster: Cluster) -> None:
    note = "kubectl.kubernetes.io/last-applied-configuration"
    said = made("", "ConfigMap", data={"a": "1"})
    assert '"data":{"a":"1"}' in cluster.apply(said)["metadata"]["annotations"][note]
    mine = {**said, "metadata": {"name": "z", "annotations": {"mine": "1"}}}
    assert '"annotations":{"mine":"1"}' in cluster.apply(mine)["metadata"]["annotations"][note]
    option = {"argocd.argoproj.io/sync-options": "ServerSideApply=true"}
    other = {**said, "metadata": {"name": "y", "annotations": option}}
    assert cluster.apply(other)["metadata"]["annotations"] == option


def test_a_secret_is_stored_encoded(cluster: Cluster) -> None:
    live = cluster.apply(made("", "Secret", stringData={"a": "b"}))
    assert (live["data"], live["type"], "stringData" in live) == ({"a": "Yg=="}, "Opaque", False)
    assert "f:data" in live["metadata"]["managedFields"][0]["fieldsV1"]


@pytest.mark.parametrize(
    ("group", "kind", "body", "place", "value"),
    [
        ("", "Namespace", {"spec": {}}, ("spec", "finalizers"), ["kubernetes"]),
        ("", "Namespace", {"spec": {}}, ("status", "phase"), "Active"),
        ("", "PersistentVolumeClaim", {"spec": {}}, ("status", "phase"), "Bound"),
        ("", "PersistentVolumeClaim", {"spec": {}}, ("metadata", "finalizers"), ["kubernetes.io/pvc-protection"]),
        ("", "Service", {"spec": {}}, ("status", "loadBalancer"), {}),
        ("batch", "Job", {"spec": {}}, ("spec", "backoffLimit"), 6),
        ("batch", "Job", {"spec": {}}, ("status", "succeeded"), 1),
        ("batch", "CronJob", {"spec": {}}, ("status", "lastScheduleTime"), "2026-03-01T12:00:00Z"),
        ("autoscaling", "HorizontalPodAutoscaler", {"spec": {}}, ("status", "currentReplicas"), 1),
        (
            "rbac.authorization.k8s.io",
            "RoleBinding",
            {"roleRef": {"kind": "Role", "name": "r"}},
            ("roleRef", "apiGroup"),
            "rbac.authorization.k8s.io",
        ),
    ],
)
def test_single_fields_that_differ_from_what_was_said(
    cluster: Cluster, group: str, kind: str, body: dict[str, Any], place: tuple[str, str], value: Any
) -> None:
    live = cluster.apply(made(group, kind, **body))
    assert live[place[0]][place[1]] == value


def test_objects_are_found_changed_and_deleted_by_name(cluster: Cluster) -> None:
    cluster.add(made("", "ConfigMap", data={}))
    assert cluster.find("ConfigMap", "x", "elsewhere") is None
    assert cluster.find("ConfigMap", "x", "web") is cluster.find("ConfigMap", "x")
    with pytest.raises(KeyError, match="the cluster has no ConfigMap y"):
        cluster.change("ConfigMap", "y", {})
    cluster.delete(Key("", "ConfigMap", "web", "x"))
    assert cluster.objects == {}
