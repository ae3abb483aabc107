"""Every kind of mistake in a `telefonistka.yaml`: what is said of it, and where."""

from datetime import timedelta
from typing import Any

import pytest

from telefonistka_py.config import model, read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.names import RepoPath
from tests import builders

FLOW = "promotionPaths:\n- sourcePath: workspace/\n  promotionPrs:\n  - targetPaths:\n    - dev/\n"


def valid(text: str) -> Config:
    found = read.root(text.encode())
    assert isinstance(found, Valid), found
    return found.value


def errors(text: str) -> list[Problem]:
    found = read.root(text.encode())
    assert isinstance(found, Invalid), found
    return [problem for problem in found.problems if problem.severity is Severity.ERROR]


def warnings(text: str) -> tuple[Problem, ...]:
    found = read.root(text.encode())
    assert isinstance(found, Valid), found
    return found.warnings


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}", "promotionPaths:\n", "promotionPaths: []\n"])
def test_a_file_that_says_nothing_configures_nothing(text: str) -> None:
    assert valid(text) == Config()


def test_a_further_document_is_warned_of_with_its_line_and_an_empty_one_is_not() -> None:
    assert valid(f"{FLOW}---\n") == valid(f"{FLOW}---\ndryRunMode: true\n") == valid(FLOW)
    assert warnings(f"{FLOW}---\n") == ()
    [warning] = warnings(f"{FLOW}---\ndryRunMode: true\n")
    assert str(warning) == (
        "telefonistka.yaml:6:1: a further document begins here, and only the first is read; remove it, or make one of "
        "them"
    )


def test_defaults() -> None:
    [flow] = valid(FLOW).promotion_paths
    assert flow.source_path == "workspace/"
    assert flow.component_path_extra_depth == 0
    assert flow.conditions.pr_has_labels is None
    assert flow.conditions.auto_merge is False
    assert flow.promotion_prs[0].target_paths == ("dev/",)
    assert flow.promotion_prs[0].target_description is None


ALL_KEYS = """
promotionPaths:
- sourcePath: "env/staging/[^/]*/"
  componentPathExtraDepth: 2
  conditions: {prHasLabels: [fast], autoMerge: true}
  promotionPrs:
  - targetPaths: [env/prod/us/, env/prod/eu]
    targetDescription: Production
promtionPRlables: [old, both]
promotionPrLabels: [new, both]
dryRunMode: true
autoApprovePromotionPrs: true
toggleCommitStatus: {override: telefonistka, on: other}
webhookEndpointRegexs:
- expression: "^workspace/"
  replacements: ["https://one.example.com"]
whProxtSkipTLSVerifyUpstream: true
webhookProxySkipTLSVerifyUpstream: true
argocd:
  commentDiffonPR: true
  autoMergeNoDiffPRs: true
  useSHALabelForAppDiscovery: true
  allowSyncfromBranchPathRegex: "^env/dev/"
  createTempAppObjectFromNewApps: true
"""


def test_every_key_is_read_the_misspelt_ones_of_v1_included() -> None:
    assert warnings(ALL_KEYS) == ()
    config = valid(ALL_KEYS)
    [flow] = config.promotion_paths
    assert flow.component_path_extra_depth == 2
    assert flow.conditions.pr_has_labels == ("fast",)
    assert flow.conditions.auto_merge
    assert flow.promotion_prs[0].target_paths == ("env/prod/us/", "env/prod/eu")
    assert flow.promotion_prs[0].target_description == "Production"
    assert config.labels == ("new", "both", "old")
    assert config.dry_run_mode
    assert config.auto_approve
    assert config.toggle_commit_status == {"override": "telefonistka", "on": "other"}
    assert config.webhook_endpoints[0].expression == "^workspace/"
    assert config.webhook_endpoints[0].replacements == ("https://one.example.com",)
    assert config.whproxt_skip_tls
    assert config.webhook_proxy_skip_tls
    argocd = config.argocd
    assert argocd.comment_diff_on_pr
    assert argocd.auto_merge_no_diff_prs
    assert argocd.use_sha_label
    assert argocd.allow_sync_from_branch == "^env/dev/"
    assert argocd.create_temp_apps


SOURCE = "promotionPaths:\n- sourcePath: a/\n"
PRS = SOURCE + "  promotionPrs:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("promotionPaths: workspace/\n", "1:1: promotionPaths must be a list, not the text 'workspace/'"),
        ("promotionPaths: {a: b}\n", "1:1: promotionPaths must be a list, not a mapping"),
        ("promotionPaths: [x]\n", "1:18: {flow} must be a mapping of keys to values, not the text 'x'"),
        ("promotionPaths:\n- promotionPrs: []\n", "2:3: {flow}.sourcePath is missing"),
        (
            "promotionPaths:\n- sourcePath: 1\n",
            "2:3: {flow}.sourcePath must be text, not the number 1; put it in quotes",
        ),
        ("promotionPaths:\n- sourcePath: [a]\n", "2:3: {flow}.sourcePath must be text, not a list"),
        ("promotionPaths:\n- sourcePath: 'a['\n", "2:3: {flow}.sourcePath is not a valid regular expression: "),
        ("promotionPaths:\n- sourcePath: ''\n", "2:3: {flow}.sourcePath is empty"),
        ("promotionPaths:\n- sourcePath: /\n", "2:3: {flow}.sourcePath is empty"),
        ("promotionPaths:\n- sourcePath: /a/\n", "2:3: {flow}.sourcePath '/a/' can never match"),
        ("promotionPaths:\n- sourcePath: ^/a/\n", "2:3: {flow}.sourcePath '^/a/' can never match"),
        ("promotionPaths:\n- sourcePath: ../a/\n", "2:3: {flow}.sourcePath '../a/' can never match"),
        (
            SOURCE + "  componentPathExtraDepth: '1'\n",
            "3:3: {flow}.componentPathExtraDepth must be a whole number, not the text '1'",
        ),
        (
            SOURCE + "  componentPathExtraDepth: 1.5\n",
            "3:3: {flow}.componentPathExtraDepth must be a whole number, not the number 1.5",
        ),
        (
            SOURCE + "  componentPathExtraDepth: true\n",
            "3:3: {flow}.componentPathExtraDepth must be a whole number, not true",
        ),
        (
            SOURCE + "  componentPathExtraDepth: -1\n",
            "3:3: {flow}.componentPathExtraDepth must be 0 or more, not the number -1",
        ),
        (
            SOURCE + "  componentPathExtraDepth: 51\n",
            "3:3: {flow}.componentPathExtraDepth must be 50 or less, not the number 51",
        ),
        (
            SOURCE + "  conditions: {autoMerge: 'yes'}\n",
            "3:16: {flow}.conditions.autoMerge must be true or false, not the text 'yes'",
        ),
        (
            SOURCE + "  conditions: {prHasLabels: fast}\n",
            "3:16: {flow}.conditions.prHasLabels must be a list, not the text 'fast'",
        ),
        (
            SOURCE + "  conditions: {prHasLabels: [fast, 2]}\n",
            "3:36: {flow}.conditions.prHasLabels[1] must be text, not the number 2; put it in quotes",
        ),
        (PRS + "  - targetPaths: []\n", "4:5: {pr}.targetPaths is an empty list: name at least one"),
        (PRS + "  - targetDescription: x\n", "4:5: {pr}.targetPaths is missing"),
        (PRS + "  - targetPaths: b/\n", "4:5: {pr}.targetPaths must be a list, not the text 'b/'"),
        (
            PRS + "  - targetPaths:\n    - b/\n    - ../c\n",
            "6:7: {pr}.targetPaths[1] '../c' is no plain path: '..' may leave the repository",
        ),
        (PRS + "  - targetPaths: [b/../../c]\n", "4:19: {pr}.targetPaths[0] 'b/../../c' is no plain path"),
        (PRS + "  - targetPaths: [./b]\n", "4:19: {pr}.targetPaths[0] './b' is no plain path"),
        (PRS + "  - targetPaths: [b//c]\n", "4:19: {pr}.targetPaths[0] 'b//c' is no plain path"),
        (PRS + "  - targetPaths: [/b]\n", "4:19: {pr}.targetPaths[0] '/b' is absolute"),
        (PRS + "  - targetPaths: ['']\n", "4:19: {pr}.targetPaths[0] is empty"),
        (PRS + "  - targetPaths: [/]\n", "4:19: {pr}.targetPaths[0] is empty"),
        (PRS + "  - targetPaths: [.git/hooks]\n", "4:19: {pr}.targetPaths[0] '.git/hooks' lies inside .git"),
        (PRS + "  - targetPaths: [b/.GIT]\n", "4:19: {pr}.targetPaths[0] 'b/.GIT' lies inside .git"),
        (PRS + '  - targetPaths: ["b\\nc"]\n', "4:19: {pr}.targetPaths[0] 'b\\nc' holds a control character"),
        (PRS + "  - targetPaths: [a/b]\n", "4:19: {pr}.targetPaths[0] 'a/b' lies inside its own source 'a/'"),
        (
            "webhookEndpointRegexs:\n- expression: '('\n",
            "2:3: webhookEndpointRegexs[0].expression is not a valid regular expression: ",
        ),
        ("webhookEndpointRegexs:\n- replacements: [x]\n", "2:3: webhookEndpointRegexs[0].expression is missing"),
        ("toggleCommitStatus: [a]\n", "1:1: toggleCommitStatus must be a mapping of keys to values, not a list"),
        ("toggleCommitStatus: {a: 1}\n", "1:22: toggleCommitStatus.a must be text, not the number 1; put it in quotes"),
        ("dryRunMode: 'true'\n", "1:1: dryRunMode must be true or false, not the text 'true'"),
        ("dryRunMode: 1\n", "1:1: dryRunMode must be true or false, not the number 1"),
        ("argocd: true\n", "1:1: argocd must be a mapping of keys to values, not true"),
        (
            "argocd:\n  allowSyncfromBranchPathRegex: '['\n",
            "2:3: argocd.allowSyncfromBranchPathRegex is not a valid regular expression: ",
        ),
        ("promotionPrLabels: 2020-01-01\n", "1:1: promotionPrLabels must be a list, not a date"),
        ("- a\n", "1:1: must be a mapping of keys to values, not a list"),
        ("just text\n", "1:1: must be a mapping of keys to values, not the text 'just text'"),
        ("a: [\n", "2:1: is not valid YAML: "),
        ("dryRunMode: true\ndryRunMode: false\n", "2:1: names the key 'dryRunMode' twice"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_place(text: str, said: str) -> None:
    """N10, N31."""
    [problem] = errors(text)
    expected = said.format(flow="promotionPaths[0]", pr="promotionPaths[0].promotionPrs[0]")
    assert str(problem).startswith(f"telefonistka.yaml:{expected}")


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    found = errors("dryRunMode: 1\npromotionPaths:\n- sourcePath: '('\n  promotionPrs:\n  - targetPaths: [../x, /y]\n")
    assert [problem.key for problem in found] == [
        "dryRunMode",
        "promotionPaths[0].sourcePath",
        "promotionPaths[0].promotionPrs[0].targetPaths[0]",
        "promotionPaths[0].promotionPrs[0].targetPaths[1]",
    ]


def test_more_targets_than_anyone_means_are_refused() -> None:
    """N27."""
    targets = "\n".join(f"    - t{n}/" for n in range(5_001))
    [problem] = errors(f"{PRS}  - targetPaths:\n{targets}\n")
    assert "5,001 target paths in all; at most 5,000" in problem.message


def test_every_unknown_key_is_named_and_the_first_hundreds_are_explained() -> None:
    """Whoever opens a pull request chooses how many there are."""
    found = warnings("".join(f"dryRunModes{number}: 1\n" for number in range(1_000)))
    assert [problem.line for problem in found] == list(range(1, 1_001))
    assert sum("did you mean dryRunMode?" in problem.message for problem in found) == 200


@pytest.mark.parametrize(
    ("text", "key", "line", "said"),
    [
        ("promotionPath: []\n", "promotionPath", 1, "did you mean promotionPaths?"),
        ("dryRunmode: true\n", "dryRunmode", 1, "did you mean dryRunMode?"),
        ("argoCD: {}\n", "argoCD", 1, "did you mean argocd?"),
        ("argocd:\n  commentDiffOnPR: true\n", "argocd.commentDiffOnPR", 2, "did you mean commentDiffonPR?"),
        (
            FLOW + "    targetDescripton: x\n",
            "promotionPaths[0].promotionPrs[0].targetDescripton",
            6,
            "did you mean targetDescription?",
        ),
        (
            FLOW + "  conditions: {prHasLabel: [x]}\n",
            "promotionPaths[0].conditions.prHasLabel",
            6,
            "did you mean prHasLabels?",
        ),
        (FLOW + "  source_path: elsewhere/\n", "promotionPaths[0].source_path", 6, "did you mean sourcePath?"),
        (
            "webhookEndpointRegexs:\n- expression: a\n  replacement: [b]\n",
            "webhookEndpointRegexs[0].replacement",
            3,
            "did you mean replacements?",
        ),
        ("zzz: 1\n", "zzz", 1, "known here: promotionPaths, "),
        ("commentDiffonPR: true\n", "commentDiffonPR", 1, "knows here: it belongs under argocd"),
        (FLOW + "  autoMerge: true\n", "promotionPaths[0].autoMerge", 6, "knows here: it belongs under conditions"),
        (
            "promotionTargetBlockList: [x]\n",
            "promotionTargetBlockList",
            1,
            "it is one of a component's own telefonistka",
        ),
    ],
)
def test_an_unknown_key_is_a_warning_that_names_the_nearest_known_one(
    text: str, key: str, line: int, said: str
) -> None:
    [problem] = warnings(text)
    assert (problem.key, problem.line, problem.severity) == (key, line, Severity.WARNING)
    assert "is not a key that Telefonistka knows" in problem.message
    assert said in problem.message


def test_an_unknown_key_has_no_effect() -> None:
    [flow] = valid(FLOW + "  source_path: elsewhere/\n").promotion_paths
    assert flow.source_path == "workspace/"
    assert not valid("dry_run_mode: true\n").dry_run_mode


def test_keys_that_start_with_x_are_the_users_own() -> None:
    text = (
        "x-anything: &p {promotionPrs: [{targetPaths: [b/]}]}\n"
        "promotionPaths:\n- <<: *p\n  sourcePath: a/\n  x-note: 1\n"
    )
    assert warnings(text) == ()
    assert valid(text).promotion_paths[0].promotion_prs[0].target_paths == ("b/",)


def test_an_empty_list_of_labels_is_a_warning() -> None:
    [problem] = warnings(FLOW + "  conditions:\n    prHasLabels: []\n")
    assert (problem.key, problem.line) == ("promotionPaths[0].conditions.prHasLabels", 7)
    assert "never holds" in problem.message


@pytest.mark.parametrize(
    ("prs", "key", "line", "said"),
    [
        ("  - targetPaths: [a/, b, a]\n", "[0].targetPaths[2]", 4, "names 'a' a second time in the same list"),
        (
            "  - targetPaths: [a/]\n  - targetPaths: [b/, a]\n",
            "[1].targetPaths[1]",
            5,
            "promotionPrs[0] of the same flow",
        ),
    ],
)
def test_a_target_that_one_flow_names_twice_is_a_warning(prs: str, key: str, line: int, said: str) -> None:
    [problem] = warnings(f"promotionPaths:\n- sourcePath: w/\n  promotionPrs:\n{prs}")
    assert (problem.key, problem.line) == (f"promotionPaths[0].promotionPrs{key}", line)
    assert said in problem.message


def test_a_target_that_two_flows_name_is_no_warning() -> None:
    flow = "- sourcePath: w/\n  promotionPrs:\n  - targetPaths: [a/]\n"
    assert warnings(f"promotionPaths:\n{flow}{flow}") == ()


COMPONENT = RepoPath("workspace/nginx/telefonistka.yaml")


def test_a_components_file_is_read() -> None:
    found = read.component(b"promotionTargetBlockList: ['^prod/']\ndisableArgoCDDiff: true\n", COMPONENT)
    assert isinstance(found, Valid)
    assert found.value.block_list == ("^prod/",)
    assert found.value.allow_list is None
    assert found.value.disable_argocd_diff
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"promotionTargetBlockList: ['(']\n", "1:28: promotionTargetBlockList[0] is not a valid regular expression"),
        (b"promotionTargetBlockList: ^prod\n", "1:1: promotionTargetBlockList must be a list, not the text '^prod'"),
        (b"promotionTargetAllowList: [1]\n", "1:28: promotionTargetAllowList[0] must be text, not the number 1"),
        (b"disableArgoCDDiff: 1\n", "1:1: disableArgoCDDiff must be true or false"),
        (b"\xff\n", "1:1: is not UTF-8 text"),
    ],
)
def test_a_mistake_in_a_components_file_names_that_file(content: bytes, said: str) -> None:
    """N3."""
    found = read.component(content, COMPONENT)
    assert isinstance(found, Invalid)
    assert str(found.problems[0]).startswith(f"{COMPONENT}:{said}")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("promotionTargetBlokList", "knows; did you mean promotionTargetBlockList?"),
        ("dryRunMode", "knows here: it is one of the repository's telefonistka.yaml, at its root"),
        (
            "dryRunmode",
            "knows; did you mean dryRunMode? It is a key of the repository's telefonistka.yaml, at its root",
        ),
        ("zzz", "known here: promotionTargetBlockList, promotionTargetAllowList, disableArgoCDDiff"),
    ],
)
def test_an_unknown_key_of_a_component_is_told_in_the_words_of_components(key: str, said: str) -> None:
    found = read.component(f"{key}: []\n".encode(), COMPONENT)
    assert isinstance(found, Valid)
    [warning] = found.warnings
    assert warning.message.endswith(said)


def test_an_empty_allow_list_is_a_warning() -> None:
    found = read.component(b"# targets\npromotionTargetAllowList: []\n", COMPONENT)
    assert isinstance(found, Valid)
    assert found.value.allow_list == ()
    [warning] = found.warnings
    assert (warning.path, warning.key, warning.line) == (COMPONENT, "promotionTargetAllowList", 2)
    assert "nothing is promoted" in warning.message


def test_a_null_list_is_no_list() -> None:
    found: Any = builders.component(promotionTargetAllowList=None)
    assert found.value.allow_list is None
    assert found.warnings == ()


@pytest.mark.parametrize("key", ["mergeMethod", "supersedePromotionPrs"])
def test_a_word_that_is_none_of_those_allowed_is_named(key: str) -> None:
    [problem] = errors(f"# one of a few\n{key}: sideways\n")
    assert (problem.key, problem.line) == (key, 2)


def test_how_promotions_are_merged_and_superseded() -> None:
    assert valid("").merge_method is None
    assert valid("").supersede == "comment"
    config = valid("mergeMethod: rebase\nsupersedePromotionPrs: close\n")
    assert (config.merge_method, config.supersede) == ("rebase", "close")


@pytest.mark.parametrize(
    ("every", "said"),
    [
        ("1 day", "'1 day' is no interval: write a number and m, h or d, such as 24h"),
        ("5m", "'5m' is too short: from 10m to 365d"),
        ("400d", "'400d' is too long: from 10m to 365d"),
    ],
)
def test_an_interval_that_makes_no_sense_is_told_with_its_place(every: str, said: str) -> None:
    found = read.root(f"driftReport:\n  every: {every}\n".encode())
    assert isinstance(found, Invalid)
    [problem] = found.problems
    assert (problem.key, problem.line) == ("driftReport.every", 2)
    assert said in problem.message


def test_intervals_are_minutes_hours_or_days() -> None:
    assert [model.interval(text) for text in ("90m", "24h", "7d")] == [
        timedelta(minutes=90),
        timedelta(hours=24),
        timedelta(days=7),
    ]


def problems(content: bytes) -> list[Problem]:
    """Errors and warnings of a root file."""
    found = read.root(content)
    return list(found.problems if isinstance(found, Invalid) else found.warnings)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("commentArgocdDiffonPR", "argocd.commentDiffonPR"),
        ("usaSHALabelForArgoDicovery", "argocd.useSHALabelForAppDiscovery"),
    ],
)
def test_keys_that_v1s_own_documentation_misnames_are_led_to_the_right_ones(key: str, meant: str) -> None:
    [problem] = problems(f"{key}: true\n".encode())
    assert problem.message.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize(
    ("target", "why"), [("b//c/", "git knows no '//'"), ("./", "git knows no '.'"), ("../b", "leave")]
)
def test_a_path_is_refused_for_what_is_wrong_with_it(target: str, why: str) -> None:
    [problem] = problems(builders.yaml({"promotionPaths": [builders.flow("w/", [target])]}))
    assert why in problem.message


@pytest.mark.parametrize(("written", "line"), [("", 2), ("\n  promotionPrs:", 3)])
def test_a_flow_without_targets_is_warned_of_unless_that_is_written(written: str, line: int) -> None:
    content = f"promotionPaths:\n- sourcePath: w/{written}"
    [problem] = problems(content.encode())
    assert (problem.severity, problem.line, problem.key) == (Severity.WARNING, line, "promotionPaths[0].promotionPrs")
    assert "promoted nowhere" in problem.message
    assert problems(b"promotionPaths:\n- sourcePath: w/\n  promotionPrs: []\n") == []
