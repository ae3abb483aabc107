"""Dashboards made for v1 find the same names and labels."""

import pytest

from telefonistka_py.observability.metrics import Metrics

V1 = [
    (
        "github_operations",
        "telefonistka_github_github_operations_total",
        "api_group api_path repo_slug status method",
    ),
    ("rate_limit", "telefonistka_github_github_rest_api_client_rate_limit", "repo_owner"),
    ("rate_remaining", "telefonistka_github_github_rest_api_client_rate_remaining", "repo_owner"),
    ("webhook_hits", "telefonistka_webhook_server_webhook_hits_total", "parsing"),
    ("open_prs", "telefonistka_github_open_prs", "repo_slug"),
    ("open_promotion_prs", "telefonistka_github_open_promotion_prs", "repo_slug"),
    ("open_prs_pending", "telefonistka_github_open_prs_with_pending_telefonistka_checks", "repo_slug"),
    ("status_updates", "telefonistka_github_commit_status_updates_total", "repo_slug status"),
    ("proxy_requests", "telefonistka_webhook_proxy_upstream_requests_total", "status method url"),
]


@pytest.mark.parametrize(("attribute", "name", "labels"), V1)
def test_v1s_names_and_labels_are_kept(attribute: str, name: str, labels: str) -> None:
    metrics = Metrics()
    values = dict.fromkeys(labels.split(), "x")
    getattr(metrics, attribute).labels(**values).inc()
    assert metrics.registry.get_sample_value(name, values) == 1
    assert f"\n{name}{{".encode() in metrics.text()


def test_two_servers_share_no_metric() -> None:
    first, second = Metrics(), Metrics()
    first.webhook_hits.labels(parsing="successful").inc()
    name = "telefonistka_webhook_server_webhook_hits_total"
    assert second.registry.get_sample_value(name, {"parsing": "successful"}) == 0
