"""What `deploy` holds is valid for Kubernetes, as strictly as its own schemas say, and locked down as promised."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy import helm

pytestmark = pytest.mark.deploy

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "telefonistka"
VERSIONS = ["1.29", "1.33"]
IMAGE: dict[str, Any] = {"image": {"repository": "registry.example.com/telefonistka"}}
WITH_DATABASE: dict[str, Any] = {"database": {"enabled": True}}
EVERYTHING: dict[str, Any] = {
    **WITH_DATABASE,
    "replicas": 3,
    "credentials": "token",
    "env": {
        "LOG_LEVEL": "debug",
        "TELEFONISTKA_WORKER_SLOTS": 4,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.tracing:4318",
        "TELEFONISTKA_ARGOCD_INSTANCES": "/etc/argocd/instances.yaml",
    },
    "extraVolumes": [{"name": "argocd", "configMap": {"name": "argocd-instances"}}],
    "extraVolumeMounts": [{"name": "argocd", "mountPath": "/etc/argocd", "readOnly": True}],
    "podAnnotations": {"example.com/note": "yes"},
    "podLabels": {"team": "platform"},
    "envFromSecrets": {"ARGOCD_TOKEN": {"secret": "argocd", "key": "token"}},
    "imagePullSecrets": [{"name": "pull"}],
    "ingress": {"enabled": True, "className": "nginx", "tls": [{"secretName": "tls", "hosts": ["a.example.com"]}]},
    "nodeSelector": {"pool": "system"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "persistence": {"storageClass": "fast"},
}


@pytest.fixture(scope="module")
def chart() -> Iterator[helm.Helm]:
    with helm.running() as running:
        yield running


def rendered(chart: helm.Helm, values: dict[str, Any]) -> list[dict[str, Any]]:
    said = chart.call("helm_template", release_name="promoter", chart=str(CHART), values=IMAGE | values)
    text = json.loads(said) if said.startswith(('"', "{")) else said
    manifest = text["manifest"] if isinstance(text, dict) else text
    return [document for document in yaml.safe_load_all(manifest) if document]


def pods(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"] for each in documents if each["kind"] in ("Deployment", "StatefulSet")]


def check(documents: list[dict[str, Any]], version: str) -> None:
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", sorted((DEPLOY / "kubernetes").rglob("*.yaml")), ids=lambda file: file.parent.name)
def test_the_manifests_are_valid(file: Path, version: str) -> None:
    documents = list(yaml.safe_load_all(file.read_text()))
    assert len(documents) >= 3
    check(documents, version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", [{}, WITH_DATABASE, EVERYTHING], ids=["a file", "a database", "everything"])
def test_the_chart_renders_valid_manifests(chart: helm.Helm, values: dict[str, Any], version: str) -> None:
    check(rendered(chart, values), version)


def test_without_a_database_there_is_one_server_and_with_one_there_are_several(chart: helm.Helm) -> None:
    alone = {each["kind"]: each for each in rendered(chart, {"replicas": 5})}
    assert alone["StatefulSet"]["spec"]["replicas"] == 1
    assert "PodDisruptionBudget" not in alone
    several = {each["kind"]: each for each in rendered(chart, EVERYTHING)}
    assert several["Deployment"]["spec"]["replicas"] == 3
    assert several["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    [migrate] = several["Deployment"]["spec"]["template"]["spec"]["initContainers"]
    assert migrate["args"] == ["migrate"]


def test_the_chart_has_nothing_that_helm_complains_of(chart: helm.Helm) -> None:
    assert "[ERROR]" not in chart.call("helm_lint", paths=[str(CHART)], strict=True)


def test_nothing_runs_as_root_or_writes_outside_its_volumes(chart: helm.Helm) -> None:
    documents = [
        each for file in (DEPLOY / "kubernetes").rglob("*.yaml") for each in yaml.safe_load_all(file.read_text())
    ]
    everywhere = pods(documents) + pods(rendered(chart, {})) + pods(rendered(chart, EVERYTHING))
    assert len(everywhere) == 4
    for pod in everywhere:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"] == "512Mi"


def test_only_the_webhook_is_shown_to_the_world(chart: helm.Helm) -> None:
    [ingress] = [each for each in rendered(chart, EVERYTHING) if each["kind"] == "Ingress"]
    [rule] = ingress["spec"]["rules"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [("/webhook", "Exact")]


# -- what the values are for ------------------------------------------------------------------------------------------


def workload(documents: list[dict[str, Any]]) -> dict[str, Any]:
    [found] = [each for each in documents if each["kind"] in ("Deployment", "StatefulSet")]
    return found


def variables(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the server is given, by name."""
    [container] = workload(documents)["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each for each in container["env"]}
    assert len(given) == len(container["env"]), "none is named twice"
    return given


def plain(folder: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / folder / "telefonistka.yaml").read_text()))


def test_without_a_name_for_the_image_nothing_is_installed(chart: helm.Helm) -> None:
    with pytest.raises(AssertionError, match=r"image\.repository is missing: set it to where you pushed the image"):
        rendered(chart, {"image": {"repository": ""}})


def test_the_version_of_the_chart_is_the_tag_of_the_image(chart: helm.Helm) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    for pod in pods(rendered(chart, {})) + pods(rendered(chart, WITH_DATABASE)):
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["image"] == f"registry.example.com/telefonistka:{version}"


def test_a_token_in_place_of_an_app_needs_neither_id_nor_key(chart: helm.Helm) -> None:
    app, token = rendered(chart, {}), rendered(chart, {"credentials": "token"})
    assert {"GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH"} <= variables(app).keys()
    assert "GITHUB_OAUTH_TOKEN" not in variables(app)
    assert variables(token).keys() & {"GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH"} == set()
    from_secret = variables(token)["GITHUB_OAUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert from_secret == {"name": "telefonistka", "key": "GITHUB_OAUTH_TOKEN"}
    assert "key" not in {volume["name"] for volume in pods(token)[0]["volumes"]}
    with pytest.raises(AssertionError, match="set it to app or token"):
        rendered(chart, {"credentials": "password"})


@pytest.mark.parametrize("folder", ["one-replica", "two-replicas", "the chart"])
def test_the_previous_secret_has_a_place_and_need_not_be_there(folder: str, chart: helm.Helm) -> None:
    given = variables(rendered(chart, {}) if folder == "the chart" else plain(folder))
    current = given["GITHUB_WEBHOOK_SECRET"]["valueFrom"]["secretKeyRef"]
    previous = given["GITHUB_WEBHOOK_SECRET_PREVIOUS"]["valueFrom"]["secretKeyRef"]
    assert previous == {"name": current["name"], "key": "GITHUB_WEBHOOK_SECRET_PREVIOUS", "optional": True}
    assert "optional" not in current


def test_files_labels_and_annotations_of_ones_own_reach_the_pod(chart: helm.Helm) -> None:
    template = workload(rendered(chart, EVERYTHING))["spec"]["template"]
    assert template["metadata"]["labels"]["team"] == "platform"
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true", "prometheus.io/port": "8080", "example.com/note": "yes",
    }  # fmt: skip
    assert EVERYTHING["extraVolumes"][0] in template["spec"]["volumes"]
    [server] = template["spec"]["containers"]
    assert EVERYTHING["extraVolumeMounts"][0] in server["volumeMounts"]


def test_a_new_label_of_a_pod_changes_no_selector(chart: helm.Helm) -> None:
    """Those of a Deployment and of a StatefulSet can't be changed."""
    before, after = (workload(rendered(chart, values)) for values in ({}, {"podLabels": {"team": "platform"}}))
    assert before["spec"]["selector"] == after["spec"]["selector"]


def test_prometheus_reads_each_server_once(chart: helm.Helm) -> None:
    monitored = rendered(chart, {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}})
    [monitor] = [each for each in monitored if each["kind"] == "ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert "annotations" not in workload(monitored)["spec"]["template"]["metadata"]
    wanted, [endpoint] = monitor["spec"]["selector"]["matchLabels"].items(), monitor["spec"]["endpoints"]
    chosen = [
        each["metadata"]["name"] for each in monitored
        if each["kind"] == "Service" and wanted <= each["metadata"]["labels"].items()
        and endpoint["port"] in {port["name"] for port in each["spec"].get("ports", [])}
    ]  # fmt: skip
    assert chosen == ["promoter"]


@pytest.mark.parametrize("place", ["one-replica", "the chart"])
def test_a_stateful_set_has_a_service_without_an_address(place: str, chart: helm.Helm) -> None:
    documents = rendered(chart, {}) if place == "the chart" else plain(place)
    services = {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == "Service"}
    assert services[workload(documents)["spec"]["serviceName"]]["clusterIP"] == "None"
    assert [name for name, spec in services.items() if spec.get("clusterIP") != "None"] == [
        workload(documents)["metadata"]["name"]
    ]


def test_several_servers_are_spread_in_the_chart_as_in_the_manifests(chart: helm.Helm) -> None:
    for documents in (rendered(chart, WITH_DATABASE), plain("two-replicas")):
        [spread] = pods(documents)[0]["topologySpreadConstraints"]
        assert spread["topologyKey"] == "kubernetes.io/hostname"
        assert spread["labelSelector"] == workload(documents)["spec"]["selector"]
    for documents in (rendered(chart, {}), rendered(chart, WITH_DATABASE), plain("one-replica"), plain("two-replicas")):
        assert pods(documents)[0]["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def ways_out(documents: list[dict[str, Any]]) -> set[int]:
    [policy] = [each for each in documents if each["kind"] == "NetworkPolicy"]
    return {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}


@pytest.mark.parametrize(
    ("env", "opened"),
    [
        ({}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.tracing:4318"}, {4318}),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector:14318/v1/traces"}, {14318}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.example.com"}, set()),
        (None, set()),
    ],
)
def test_traces_may_leave_when_they_are_sent(env: dict[str, str] | None, opened: set[int], chart: helm.Helm) -> None:
    assert ways_out(rendered(chart, {"env": env})) - ways_out(rendered(chart, {})) == opened


def test_the_manifests_show_the_line_for_traces() -> None:
    for folder in ("one-replica", "two-replicas"):
        text = (DEPLOY / "kubernetes" / folder / "telefonistka.yaml").read_text()
        found = re.search(r"^( +)# (- \{port: 4318, .*?\})  # edit: ", text, re.MULTILINE)
        assert found is not None
        edited = list(yaml.safe_load_all(text.replace(found[0], f"{found[1]}{found[2]}  # ")))
        assert ways_out(edited) - ways_out(plain(folder)) == {4318}
        check(edited, VERSIONS[-1])
