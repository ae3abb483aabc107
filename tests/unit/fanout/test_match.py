"""Which endpoints the files of a push reach (contract §8)."""

import itertools

import pytest

from telefonistka_py.config.model import WebhookEndpoint
from telefonistka_py.errors import RepoMistake
from telefonistka_py.events.model import PushCommit, PushEvent, Repo
from telefonistka_py.fanout import files, hosts, match
from telefonistka_py.fanout.hosts import Allowed
from telefonistka_py.fanout.match import Found
from telefonistka_py.names import Branch, Login, RepoName, RepoPath, Sha


def rule(expression: str, *replacements: str) -> WebhookEndpoint:
    return WebhookEndpoint(expression=expression, replacements=replacements)


def found(rules: list[WebhookEndpoint], *paths: str, allowed: str = "") -> Found:
    return match.endpoints(rules, [RepoPath(path) for path in paths], hosts.parse(allowed), lambda: 0.0)


def urls(rules: list[WebhookEndpoint], *paths: str) -> list[str]:
    return [each.url for each in found(rules, *paths).endpoints]


@pytest.mark.parametrize(
    ("expression", "file", "replacement", "url"),
    [
        (
            "^workspace/[^/]*/.*",
            "workspace/a/b.yaml",
            "https://one.example.com/api/webhook",
            "https://one.example.com/api/webhook",
        ),
        (
            "^clusters/([^/]*)/([^/]*)/([^/]*)/([^/]*)/.*",
            "clusters/prod/us-east4/c2/nginx/values.yaml",
            "https://argocd-${3}.${2}.${1}.example.com/api/webhook",
            "https://argocd-c2.us-east4.prod.example.com/api/webhook",
        ),
    ],
)
def test_endpoints_are_those_of_v1(expression: str, file: str, replacement: str, url: str) -> None:
    assert urls([rule(expression, replacement)], file) == [url]


def test_for_each_file_the_first_expression_that_matches_counts() -> None:
    rules = [rule("^a/x.*", "https://first.com/"), rule("^a/.*", "https://second.com/", "https://third.com/")]
    assert urls(rules, "a/x") == ["https://first.com/"]
    assert urls(rules, "a/y", "a/x", "b") == ["https://second.com/", "https://third.com/", "https://first.com/"]


def test_an_expression_without_replacements_ends_the_search() -> None:
    assert urls([rule("^a/x"), rule("^a/", "https://e.com/")], "a/x") == []


def test_each_endpoint_comes_once_with_the_file_that_brought_it() -> None:
    [endpoint] = found([rule("^a/.*", "https://e.com/")], "b", "a/1", "a/2").endpoints
    assert (endpoint.reason.rule, endpoint.reason.path) == (0, "a/1")


def test_a_refused_endpoint_is_told_and_the_others_stay() -> None:
    both = found(
        [rule("^c/([^/]*)/.*", "https://$1.e.com/", "https://e.com/")], "c/evil.com/x", "c/evil.com/y", "c/a/x"
    )
    assert [each.url for each in both.endpoints] == ["https://e.com/", "https://a.e.com/"]
    [refusal] = both.refusals
    assert (refusal.reason.replacement, refusal.reason.path) == ("https://$1.e.com/", "c/evil.com/x")


def test_hosts_that_the_operator_does_not_list_are_refused() -> None:
    both = found([rule(".*", "https://e.com/", "https://a.corp/")], "x", allowed="*.corp")
    assert [each.url for each in both.endpoints] == ["https://a.corp/"]
    assert [each.why for each in both.refusals] == ["e.com is not among FANOUT_ALLOWED_HOSTS"]


def test_a_pattern_without_end_is_a_mistake_and_not_a_wait() -> None:
    with pytest.raises(RepoMistake, match="took too long"):
        found([rule("^(a|aa)+$", "https://e.com/")], "a" * 60 + "!")


def test_all_files_together_have_a_limit() -> None:
    ticks = itertools.count(0.0, 6.0)
    with pytest.raises(RepoMistake, match="webhookEndpointRegexs"):
        match.endpoints([rule("x", "https://e.com/")], [RepoPath("a")] * 3, Allowed(), lambda: next(ticks))


def push(*commits: int, before: str = "b", forced: bool = False) -> PushEvent:
    """Each commit of so many files."""
    return PushEvent(
        repo=Repo(RepoName("acme/gitops"), Branch("main"), ""),
        installation=None,
        sender=Login("alice"),
        ref="refs/heads/main",
        before=Sha(before * 40),
        after=Sha("a" * 40),
        forced=forced,
        commits=tuple(
            PushCommit(Sha("c" * 40), tuple(RepoPath(f"f{file}") for file in range(count))) for count in commits
        ),
    )


def test_the_files_are_the_union_over_the_commits() -> None:
    assert files.listed(push(1, 3, 2)) == ["f0", "f1", "f2"]


@pytest.mark.parametrize(
    ("event", "whole"),
    [
        (push(1, 2), True),
        (push(0), True),
        (push(2_999), True),
        (push(*[1] * 2_047), True),
        (push(), False),
        (push(3_000), False),
        (push(*[1] * 2_048), False),
        (push(1, forced=True), False),
        (push(1, before="0"), False),
    ],
)
def test_a_payload_that_may_leave_files_out_is_not_trusted(event: PushEvent, whole: bool) -> None:
    assert files.is_whole(event) == whole
