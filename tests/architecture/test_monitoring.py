"""Every query of the alerts and of the dashboard asks for metrics, labels and words that the server really has."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from telefonistka_py.cli import main
from telefonistka_py.inbox.model import State
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics

HERE = Path(__file__).parents[2] / "deploy" / "monitoring"
ALERTS = yaml.safe_load((HERE / "alerts.yaml").read_text("utf-8"))
BOARD = json.loads((HERE / "dashboard.json").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]

OF_PROMETHEUS = {"instance", "job"}
"""Labels that every scraped series gets."""
WORDS: dict[str, set[str]] = {
    "state": set(State),
    "parsing": {"successful", "parsing_failed", "validation_failed"},
    "outcome": {"done", "retry", "dead", "given_back", "lost"},
}
"""Labels with few values, all of them known."""


def exposed() -> dict[str, set[str]]:
    """The labels of every sample in `/metrics`, once each metric was used."""
    metrics = Metrics()
    for metric in vars(metrics).values():
        names = getattr(metric, "_labelnames", ())
        if names:
            metric.labels(**dict.fromkeys(names, "x"))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


EXPOSED = exposed()


@dataclass(frozen=True)
class Query:
    where: str
    text: str
    uses: str
    """Text that is filled in with labels of the result."""

    @property
    def tree(self) -> Any:
        return promql.parse(self.text.replace("$__rate_interval", "5m"))


def queries() -> Iterator[Query]:
    for rule in RULES:
        yield Query(rule["alert"], rule["expr"], " ".join(rule["annotations"].values()))
    for panel in PANELS:
        for target in panel["targets"]:
            yield Query(panel["title"], target["expr"], target["legendFormat"])


QUERIES = list(queries())
each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)


def below(node: Any) -> list[Any]:
    """The parts of a node of PromQL's tree."""
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
        case promql.VectorSelector() | promql.NumberLiteral() | promql.StringLiteral():
            return []
        case _:
            raise AssertionError(f"a kind of node that this test does not know: {node!r}")


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for part in below(node):
        yield from nodes(part)


def labels(node: Any) -> set[str]:
    """The labels of what a query, or a part of it, answers. Fails where it asks for one that is not there."""
    match node:
        case promql.VectorSelector():
            assert node.name in EXPOSED, f"there is no metric {node.name}"
            return EXPOSED[node.name] | OF_PROMETHEUS
        case promql.AggregateExpr():
            there = labels(node.expr)
            if str(node.op) == "topk":
                return there
            wanted = set(node.modifier.labels) if node.modifier else set()
            assert wanted <= there, f"{wanted - there} are no labels of {node.expr.prettify()}"
            return wanted
        case promql.Call() if node.func.name == "histogram_quantile":
            there = labels(node.args[1])
            assert "le" in there, "a quantile needs the label le"
            return there - {"le"}
        case promql.Call() if node.func.name == "absent":
            labels(node.args[0])
            return set()
        case promql.BinaryExpr():
            left = labels(node.lhs)
            right = labels(node.rhs)
            matching = getattr(node.modifier, "matching", None)
            if matching is not None:
                assert set(matching.labels) <= left & right
            elif not isinstance(node.rhs, promql.NumberLiteral) and not isinstance(node.lhs, promql.NumberLiteral):
                assert left == right, "both sides must have the same labels, or nothing matches"
            return left
        case _:
            parts = [labels(part) for part in below(node)]
            return set().union(*parts)


@each_query
def test_a_query_asks_for_what_the_server_exposes(query: Query) -> None:
    found = labels(query.tree)
    for label in re.findall(r"{{\s*(?:\$labels\.)?(\w+)\s*}}", query.uses):
        assert label in found, f"{query.where}: {label} is no label of the result, which has {found}"


@each_query
def test_a_query_selects_by_labels_and_words_that_there_are(query: Query) -> None:
    for node in nodes(query.tree):
        if not isinstance(node, promql.VectorSelector):
            continue
        for matcher in node.matchers.matchers:
            assert matcher.name in EXPOSED[str(node.name)], f"{matcher.name} is no label of {node.name}"
            re.compile(matcher.value)
            if matcher.name in WORDS:
                assert set(matcher.value.split("|")) <= WORDS[matcher.name]


@each_query
def test_counters_are_asked_for_their_rate_and_gauges_are_not(query: Query) -> None:
    for node in nodes(query.tree):
        if isinstance(node, promql.Call) and node.func.name in ("rate", "increase", "delta"):
            name = node.args[0].vector_selector.name
            assert name.endswith(("_total", "_bucket", "_count", "_sum")) == (node.func.name != "delta")


def test_the_checks_see_mistakes() -> None:
    for wrong in (
        "telefonistka_readiness",
        "sum by (repo) (telefonistka_github_open_prs)",
        "histogram_quantile(0.5, sum(rate(telefonistka_delivery_age_seconds_bucket[5m])))",
        "sum by (status) (rate(telefonistka_argocd_requests_total[5m])) / sum(telefonistka_ready)",
    ):
        with pytest.raises(AssertionError):
            labels(promql.parse(wrong))
    with pytest.raises(ValueError):
        promql.parse("sum by (le (x)")


def test_rules_have_the_shape_that_prometheus_reads() -> None:
    """https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"""
    assert set(ALERTS) == {"groups"}
    for group in ALERTS["groups"]:
        assert set(group) <= {"name", "interval", "rules"}
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
        assert re.fullmatch(r"[A-Z]\w+", rule["alert"])
        assert re.fullmatch(r"[0-9]+[smhd]", rule.get("for", "0s"))
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "action"}
    for text in rule["annotations"].values():
        assert text.endswith(".")
        assert 30 < len(text) < 500


def test_what_alerts_tell_people_to_type_exists() -> None:
    said = " ".join(text for rule in RULES for text in rule["annotations"].values())
    typed = re.findall(r"`telefonistka ([^`]+)`", said)
    assert len(typed) > 5
    for line in typed:
        command: click.Command = main.telefonistka
        for word in line.split():
            if isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, f"there is no telefonistka {line}"
                command = found
            elif word.startswith("--"):
                assert any(word in option.opts for option in command.params), f"{word} in telefonistka {line}"


def test_every_kind_of_trouble_has_an_alert() -> None:
    watched = {node.name for rule in RULES for node in nodes(promql.parse(rule["expr"])) if hasattr(node, "matchers")}
    assert {
        "telefonistka_ready",
        "telefonistka_inbox_deliveries",
        "telefonistka_inbox_oldest_delivery_age_seconds",
        "telefonistka_deliveries_waiting_for_operator",
        "telefonistka_webhook_server_webhook_hits_total",
        "telefonistka_github_github_rest_api_client_rate_remaining",
        "telefonistka_github_open_prs_with_pending_telefonistka_checks",
        "telefonistka_webhook_proxy_paused_endpoints",
        "telefonistka_argocd_requests_total",
    } <= watched


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = {node.name for query in QUERIES for node in nodes(query.tree) if hasattr(node, "matchers")}
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in EXPOSED if name.startswith("telefonistka_")}
    assert ours - {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == set()


def test_panels_lie_beside_one_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}


def test_every_metric_that_a_paper_names_is_exposed() -> None:
    papers = [*HERE.parent.rglob("*.md"), HERE.parents[1] / "README.md"]
    named = {word for paper in papers for word in re.findall(r"`(telefonistka_[a-z_]+)`", paper.read_text("utf-8"))}
    assert named
    assert named - EXPOSED.keys() - {"telefonistka_py"} == set()


def test_the_way_from_a_delivery_to_its_trace_is_as_the_readme_says() -> None:
    id = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert f"printf 'trace %s' {id} | sha256sum | cut -c1-32" in (HERE / "README.md").read_text("utf-8")
    assert f"{tracing.trace_id(id):032x}" == hashlib.sha256(f"trace {id}".encode()).hexdigest()[:32]
