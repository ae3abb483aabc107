"""The keys of `telefonistka.yaml`, in the words that people write.

Every key of v1 is here, misspelt ones included, so that files written for it are read as they are.
"""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from telefonistka_py.config import patterns


def _directory(text: str) -> str:
    """A literal directory inside the repository, with or without a trailing slash (N10)."""
    bare = text.removesuffix("/")
    if not bare:
        raise ValueError("is empty: name a directory inside the repository")
    if bare.startswith("/"):
        raise ValueError(f"{text!r} is absolute: start it at the repository's root, without a leading slash")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in bare):
        raise ValueError(f"{text!r} holds a control character")
    for part in bare.split("/"):
        if part == "..":
            raise ValueError(f"{text!r} is no plain path: '..' may leave the repository")
        if part in ("", "."):
            raise ValueError(f"{text!r} is no plain path: git knows no '{part or '//'}' in one; leave it out")
        if part.lower() == ".git":
            raise ValueError(f"{text!r} lies inside .git, where no file of a repository can be")
    return text


def _source(text: str) -> str:
    if not text.strip("/"):
        raise ValueError("is empty: name the directory that holds the components")
    if text.startswith(("/", "^/")):
        raise ValueError(f"{text!r} can never match: paths start at the repository's root, without a leading slash")
    if ".." in text.split("/"):
        raise ValueError(f"{text!r} can never match: a path inside a repository holds no '..'")
    return patterns.check(text)


_INTERVAL = re.compile(r"([0-9]{1,6})(m|h|d)")
_LEAST_INTERVAL = timedelta(minutes=10)
_LONGEST_INTERVAL = timedelta(days=365)


def interval(text: str) -> timedelta:
    """A checked interval as a span of time."""
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no interval: write a number and m, h or d, such as 24h")
    span = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[found[2]] * int(found[1])
    if not _LEAST_INTERVAL <= span <= _LONGEST_INTERVAL:
        raise ValueError(f"{text!r} is too {'short' if span < _LEAST_INTERVAL else 'long'}: from 10m to 365d")
    return span


def _interval(text: str) -> str:
    interval(text)
    return text


_SPREAD = re.compile(r"([0-9]{1,5})(ms|s|m)")
_LONGEST_SPREAD = timedelta(minutes=1)


def spread(text: str) -> timedelta:
    """A checked spread as a span of time."""
    found = _SPREAD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span of time: write a number and ms, s or m, such as 2s")
    unit = {"ms": timedelta(milliseconds=1), "s": timedelta(seconds=1), "m": timedelta(minutes=1)}[found[2]]
    if unit * int(found[1]) > _LONGEST_SPREAD:
        raise ValueError(f"{text!r} is too long: at most 1m")
    return unit * int(found[1])


def _spread(text: str) -> str:
    spread(text)
    return text


Interval = Annotated[str, AfterValidator(_interval)]
Spread = Annotated[str, AfterValidator(_spread)]
Directory = Annotated[str, AfterValidator(_directory)]
Regex = Annotated[str, AfterValidator(patterns.check)]
SourcePath = Annotated[str, AfterValidator(_source)]


class Section(BaseModel):
    """Types are taken strictly: `"yes"` is no boolean and `1` is no string."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Conditions(Section):
    """When a flow is used, and what becomes of its pull requests."""

    pr_has_labels: tuple[str, ...] | None = Field(
        default=None, alias="prHasLabels", strict=False, description="The merged pull request has any of these labels."
    )
    auto_merge: bool = Field(
        default=False, alias="autoMerge", description="Merge the promotion pull request once opened."
    )


class PromotionPr(Section):
    """One promotion pull request."""

    target_paths: tuple[Directory, ...] = Field(
        alias="targetPaths",
        strict=False,
        min_length=1,
        description="Literal directories; the component is synced into each.",
    )
    target_description: str | None = Field(
        default=None,
        alias="targetDescription",
        description="Used in the title. Default: the target paths joined by a space.",
    )


class PromotionPath(Section):
    """One flow: from where, under which conditions, to where."""

    source_path: SourcePath = Field(
        alias="sourcePath",
        description="A regular expression, matched from the start of the path: a directory that holds components.",
    )
    component_path_extra_depth: int = Field(
        default=0,
        alias="componentPathExtraDepth",
        ge=0,
        le=50,
        description="A component's name is this many path segments plus one.",
    )
    conditions: Conditions = Field(
        default_factory=lambda: Conditions(), description="All must hold for the flow to be used."
    )
    promotion_prs: tuple[PromotionPr, ...] = Field(
        default=(), alias="promotionPrs", strict=False, description="One pull request each."
    )


class WebhookEndpoint(Section):
    """Which pushes are forwarded, and where to."""

    expression: Regex = Field(description="Matched against the path of each changed file.")
    replacements: tuple[str, ...] = Field(
        default=(), strict=False, description="Endpoints, expanded with what was captured."
    )


class ArgoCd(Section):
    """How pull requests and Argo CD's applications meet."""

    comment_diff_on_pr: bool = Field(
        default=False,
        alias="commentDiffonPR",
        description="Comment what a pull request would change in the clusters.",
    )
    auto_merge_no_diff_prs: bool = Field(
        default=False,
        alias="autoMergeNoDiffPRs",
        description="Merge promotion pull requests that change nothing in any cluster.",
    )
    use_sha_label: bool = Field(
        default=False,
        alias="useSHALabelForAppDiscovery",
        description="Find applications by the label telefonistka.io/component-path-sha1 instead of by annotation.",
    )
    allow_sync_from_branch: Regex | None = Field(
        default=None,
        alias="allowSyncfromBranchPathRegex",
        description="Components whose applications people may point at a pull request's branch.",
    )
    create_temp_apps: bool = Field(
        default=False,
        alias="createTempAppObjectFromNewApps",
        description="Show the diff of a component that has no application yet, by a temporary one.",
    )


class DriftReport(Section):
    """One issue that says how every environment stands, kept current."""

    every: Interval = Field(description="How often it is brought up to date: such as 24h, 90m or 7d; at least 10m.")


class Config(Section):
    """`telefonistka.yaml` at the root of the repository."""

    promotion_paths: tuple[PromotionPath, ...] = Field(
        default=(), alias="promotionPaths", strict=False, description="Flows, tried in order."
    )
    promtion_pr_lables: tuple[str, ...] = Field(
        default=(),
        alias="promtionPRlables",
        strict=False,
        description="The spelling of v1 for promotionPrLabels.",
        json_schema_extra={"deprecated": True},
    )
    promotion_pr_labels: tuple[str, ...] = Field(
        default=(), alias="promotionPrLabels", strict=False, description="Labels for promotion pull requests."
    )
    dry_run_mode: bool = Field(
        default=False,
        alias="dryRunMode",
        description="Comment the plan on the merged pull request instead of opening any.",
    )
    auto_approve: bool = Field(
        default=False,
        alias="autoApprovePromotionPrs",
        description="Approve promotion pull requests with the approver identity.",
    )
    merge_method: Literal["merge", "squash", "rebase"] | None = Field(
        default=None,
        alias="mergeMethod",
        description="How promotion pull requests are merged. Default: the first of these that the repository allows.",
    )
    supersede: Literal["comment", "close"] = Field(
        default="comment",
        alias="supersedePromotionPrs",
        description="What becomes of an open promotion when a newer one carries the same components to its targets.",
    )
    toggle_commit_status: dict[str, str] = Field(
        default_factory=dict, alias="toggleCommitStatus", description="Comment word → commit status context."
    )
    webhook_endpoints: tuple[WebhookEndpoint, ...] = Field(
        default=(),
        alias="webhookEndpointRegexs",
        strict=False,
        description="Where pushes to the default branch are forwarded: for each file, by the first that matches.",
    )
    whproxt_skip_tls: bool = Field(
        default=False,
        alias="whProxtSkipTLSVerifyUpstream",
        description="The spelling of v1 for webhookProxySkipTLSVerifyUpstream.",
        json_schema_extra={"deprecated": True},
    )
    webhook_proxy_skip_tls: bool = Field(
        default=False,
        alias="webhookProxySkipTLSVerifyUpstream",
        description="Do not check the certificates of those endpoints.",
    )
    webhook_spread: Spread | None = Field(
        default=None,
        alias="webhookSpread",
        description="Spread the requests of one push over this span of time, such as 2s; at most 1m.",
    )
    comments: Literal["edit", "minimize"] = Field(
        default="edit",
        description="What becomes of our comments when a pull request is pushed to: edited in place, or folded away "
        "as outdated and written anew.",
    )
    drift_report: DriftReport | None = Field(
        default=None, alias="driftReport", description="Keep an issue that says how every environment stands."
    )
    argocd: ArgoCd = Field(default_factory=lambda: ArgoCd(), description="What is shown of Argo CD, and done there.")

    @property
    def skip_tls(self) -> bool:
        """Whether the certificates of webhook endpoints go unchecked."""
        return self.webhook_proxy_skip_tls or self.whproxt_skip_tls

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels for promotion pull requests beside `promotion`, each once, in the order written."""
        return tuple(dict.fromkeys(self.promotion_pr_labels + self.promtion_pr_lables))


class Component(Section):
    """`telefonistka.yaml` in a component's directory."""

    block_list: tuple[Regex, ...] | None = Field(
        default=None,
        alias="promotionTargetBlockList",
        strict=False,
        description="Targets that this component never goes to.",
    )
    allow_list: tuple[Regex, ...] | None = Field(
        default=None, alias="promotionTargetAllowList", strict=False, description="The only targets that it goes to."
    )
    disable_argocd_diff: bool = Field(
        default=False,
        alias="disableArgoCDDiff",
        description="List the objects that change in the clusters, not their contents.",
    )
