"""All that is counted, in one registry. What v1 counted keeps its names and labels: dashboards rely on them."""

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

# Without this every counter brings a second series `…_created`, which v1 does not have.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""The content type of `Metrics.text`."""


class Metrics:
    """All metrics of one server. Each server (and each test) makes its own; nothing is global."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._github()
        self._github_seconds()
        self._webhooks()
        self._fan_out()
        self._deliveries()
        self._waiting()
        self._argocd()
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def _github(self) -> None:
        self.github_operations = self._counter(
            "telefonistka_github_github_operations_total",
            "Requests to GitHub by what they do, where, and how they ended.",
            "api_group api_path repo_slug status method",
        )
        self.rate_limit = self._gauge(
            "telefonistka_github_github_rest_api_client_rate_limit",
            "Requests per hour that GitHub allows.",
            "repo_owner",
        )
        self.rate_remaining = self._gauge(
            "telefonistka_github_github_rest_api_client_rate_remaining",
            "Requests left in GitHub's current hour.",
            "repo_owner",
        )
        self.open_prs = self._gauge("telefonistka_github_open_prs", "Open pull requests.", "repo_slug")
        self.open_promotion_prs = self._gauge(
            "telefonistka_github_open_promotion_prs", "Open promotion pull requests.", "repo_slug"
        )
        self.open_prs_pending = self._gauge(
            "telefonistka_github_open_prs_with_pending_telefonistka_checks",
            "Open pull requests whose Telefonistka status has been pending for over 20 minutes.",
            "repo_slug",
        )
        self.status_updates = self._counter(
            "telefonistka_github_commit_status_updates_total", "Commit statuses that were set.", "repo_slug status"
        )

    def _github_seconds(self) -> None:
        self.github_seconds = Histogram(
            "telefonistka_github_request_seconds",
            "How long GitHub took to answer, in seconds; what was not answered counts with its whole time. The "
            "operation is the path without its names and numbers, or the name of the query.",
            ["method", "operation"],
            registry=self.registry,
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )
        self.github_unanswered = self._counter(
            "telefonistka_github_unanswered_total",
            "Requests to GitHub that were not answered: no connection, or no answer in time.",
            "method operation",
        )

    def _webhooks(self) -> None:
        self.webhook_hits = self._counter(
            "telefonistka_webhook_server_webhook_hits_total",
            "Webhooks by how reading them went: successful, parsing_failed, validation_failed.",
            "parsing",
        )
        for parsing in ("successful", "parsing_failed", "validation_failed"):
            self.webhook_hits.labels(parsing=parsing)
        self.by_previous_secret = self._counter(
            "telefonistka_webhooks_accepted_by_previous_secret_total",
            "Webhooks whose signature was made with GITHUB_WEBHOOK_SECRET_PREVIOUS: while they come, the secret's "
            "rotation is not over.",
        )
        self.proxy_requests = self._counter(
            "telefonistka_webhook_proxy_upstream_requests_total",
            "Webhooks forwarded to other endpoints. The URL comes without its query.",
            "status method url",
        )

    def _fan_out(self) -> None:
        self.proxy_seconds = Histogram(
            "telefonistka_webhook_proxy_upstream_seconds",
            "How long an endpoint took to answer, in seconds; those that did not answer count with their whole time.",
            registry=self.registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self.proxy_retries = self._counter(
            "telefonistka_webhook_proxy_retries_total", "Requests to endpoints that were not the first for their push."
        )
        self.proxy_given_up = self._counter(
            "telefonistka_webhook_proxy_given_up_total", "Pushes that an endpoint never took, by endpoint and push."
        )
        self.proxy_refused = self._counter(
            "telefonistka_webhook_proxy_refused_total",
            "Endpoints that a push asked for and that nothing is sent to, for safety.",
        )
        self.proxy_paused = self._gauge(
            "telefonistka_webhook_proxy_paused_endpoints", "Endpoints that are paused, by themselves or by hand."
        )

    def _deliveries(self) -> None:
        self.inbox_deliveries = self._gauge(
            "telefonistka_inbox_deliveries",
            "Deliveries in the inbox by state: waiting, underway, done, dead.",
            "state",
        )
        self.deliveries_handled = self._counter(
            "telefonistka_deliveries_handled_total",
            "Attempts at handling a delivery by how they ended: done, retry, dead, given_back, lost.",
            "kind outcome",
        )
        self.delivery_seconds = Histogram(
            "telefonistka_delivery_seconds",
            "How long one attempt at handling a delivery took, in seconds.",
            ["kind"],
            registry=self.registry,
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
        )
        self.operator_needed = self._gauge(
            "telefonistka_deliveries_waiting_for_operator",
            "Deliveries and chores that can't be handled until whoever runs the server acts; /ready says why.",
        )

    def _waiting(self) -> None:
        self.delivery_age = Histogram(
            "telefonistka_delivery_age_seconds",
            "From the arrival of a webhook until it was handled to its end, retries included, in seconds.",
            ["kind"],
            registry=self.registry,
            buckets=(0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400),
        )
        self.lane_wait = Histogram(
            "telefonistka_delivery_lane_wait_seconds",
            "From the arrival of a webhook until its first attempt began: it waits for a free worker, and for what "
            "came before it for the same pull request. In seconds.",
            ["kind"],
            registry=self.registry,
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
        )
        self.oldest_age = self._gauge(
            "telefonistka_inbox_oldest_delivery_age_seconds",
            "How long ago the oldest webhook came that is not handled yet, in seconds; 0 when there is none. Work that "
            "the server gave itself does not count.",
        )
        self.ready = self._gauge(
            "telefonistka_ready", "1 while the server can take deliveries in and handle them, else 0; /ready says why."
        )

    def _argocd(self) -> None:
        # Not called `instance`: Prometheus gives every series a label of that name, the server that it came from.
        self.argocd_requests = self._counter(
            "telefonistka_argocd_requests_total",
            "Requests to Argo CD by instance, by what they do, and by how they ended: the HTTP status, or timeout, "
            "unreachable, too large.",
            "argocd_instance operation status",
        )
        self.argocd_seconds = Histogram(
            "telefonistka_argocd_request_seconds",
            "How long an Argo CD took to answer, in seconds; what was not answered counts with its whole time.",
            ["argocd_instance", "operation"],
            registry=self.registry,
            buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )

    def _counter(self, name: str, text: str, labels: str = "") -> Counter:
        return Counter(name, text, labels.split(), registry=self.registry)

    def _gauge(self, name: str, text: str, labels: str = "") -> Gauge:
        return Gauge(name, text, labels.split(), registry=self.registry)
