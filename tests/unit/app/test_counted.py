"""Requests are counted under few labels, and limits under the owner whose they are (contract §10)."""

import re

import pytest

from telefonistka_py.app import counted
from telefonistka_py.observability.metrics import Metrics


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("/repos/o/n/git/trees", ("repos", "o", "o/n", "git/trees")),
        ("/repos/o/n/pulls/17/files", ("repos", "o", "o/n", "pulls/files")),
        ("/repos/o/n/statuses/0123456789012345678901234567890123456789", ("repos", "o", "o/n", "statuses")),
        ("/repos/o/n", ("repos", "o", "o/n", "")),
        ("/graphql", ("graphql", "", "", "")),
        ("/installation/repositories", ("installation", "", "", "repositories")),
        ("/app/installations/7/access_tokens", ("app", "", "", "installations/access_tokens")),
        ("/repos/o/n/collaborators/alice/permission", ("repos", "o", "o/n", "collaborators/permission")),
        ("/repos/o/n/git/refs/heads/pulls", ("repos", "o", "o/n", "git/refs")),
        ("/repos/o/n/issues/7/labels/noop", ("repos", "o", "o/n", "issues/labels")),
        ("/", ("", "", "", "")),
    ],
)
def test_a_path_becomes_few_labels(path: str, labels: tuple[str, str, str, str]) -> None:
    assert counted.parts(path) == labels


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/repos/o/n", ""),
        ("/repos/o/n/git/trees", "git"),
        ("/repos/o/n/pulls/17/files", "pulls"),
        ("/repos/o/n/issues/7/labels/noop", "issues"),
        ("/repos/o/n/commits/0123456789012345678901234567890123456789/status", "commits"),
        ("/repos/o/n/statuses/0123456789012345678901234567890123456789", "statuses"),
        ("/repos/o/n/collaborators/alice/permission", "collaborators"),
        ("/repos/o/n/some-name", ""),
        ("/graphql", ""),
        ("/installation/repositories", ""),
        ("/app/installations/7/access_tokens", "access_tokens"),
        ("/app/hook/deliveries/7", ""),
    ],
)
@pytest.mark.parametrize("host", ["", "/api/v3"], ids=["github.com", "Enterprise"])
def test_requests_are_counted_by_the_go_servers_labels(path: str, label: str, host: str) -> None:
    """Its `api_path` is the fourth part of the path, and empty where there is none."""
    metrics = Metrics()
    counted.Requests(metrics)("GET", f"{host}{path}", 200, {}, 0.1, "")
    [found] = re.findall(r'telefonistka_github_github_operations_total{.*api_path="([^"]*)"', metrics.text().decode())
    assert found == label


def left(metrics: Metrics, owner: str) -> float | None:
    return metrics.registry.get_sample_value(
        "telefonistka_github_github_rest_api_client_rate_remaining", {"repo_owner": owner}
    )


def test_what_is_left_is_told_of_the_owner_whose_limit_it_is() -> None:
    metrics = Metrics()
    observe = counted.Requests(metrics)

    def answered(path: str, remaining: str, resource: str = "core") -> None:
        told = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": remaining, "x-ratelimit-resource": resource}
        observe("GET", path, 200, told, 0.1, "")

    answered("/api/v3/repos/acme/gitops/pulls", "4711")
    answered("/api/v3/repos/acme/gitops/installation", "12")
    answered("/api/v3/repos/acme/gitops/pulls", "29", "search")
    observe("GET", "/api/v3/repos/acme/gitops/pulls", 200, {}, 0.1, "")
    answered("/api/graphql", "4000", "graphql")
    assert left(metrics, "acme") == 4711


def test_time_is_counted_by_operation_and_a_query_has_a_name() -> None:
    metrics = Metrics()
    observe = counted.Requests(metrics)
    observe("GET", "/api/v3/repos/acme/gitops/pulls/17/files", 200, {}, 0.2, "")
    observe("POST", "/api/graphql", 200, {}, 0.3, "Landing")

    def seconds(**labels: str) -> float | None:
        return metrics.registry.get_sample_value("telefonistka_github_request_seconds_sum", labels)

    assert seconds(method="GET", operation="pulls/files") == 0.2
    assert seconds(method="POST", operation="Landing") == 0.3


def test_a_request_without_an_answer_is_counted_apart_from_v1s_answers() -> None:
    metrics = Metrics()
    counted.Requests(metrics)("GET", "/api/v3/meta", 0, {}, 60.0, "")
    value = metrics.registry.get_sample_value
    labels = {"method": "GET", "operation": "meta"}
    assert value("telefonistka_github_unanswered_total", labels) == 1
    assert value("telefonistka_github_request_seconds_sum", labels) == 60
    assert b"telefonistka_github_github_operations_total{" not in metrics.text()
