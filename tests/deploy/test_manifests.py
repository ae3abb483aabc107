"""What `deploy` holds is valid for Kubernetes, as strictly as its own schemas say, and locked down as promised."""

import json
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
WITH_DATABASE: dict[str, Any] = {"database": {"enabled": True}}
EVERYTHING: dict[str, Any] = {
    **WITH_DATABASE,
    "replicas": 3,
    "env": {"LOG_LEVEL": "debug", "TELEFONISTKA_WORKER_SLOTS": 4},
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
    said = chart.call("helm_template", release_name="promoter", chart=str(CHART), values=values)
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
