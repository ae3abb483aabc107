"""Temporary apps: what an app that does not exist yet would create is seen by making one, for a moment."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telefonistka_py.argocd import applications, discovery
from telefonistka_py.argocd.applications import TEMPORARY
from telefonistka_py.argocd.examine import Head
from telefonistka_py.names import RepoName

YES = "true"
"""The value of the label by which we know our temporary apps."""

FOR = "telefonistka.io/pull-request"
"""The annotation that says which pull request one was made for: `owner/name#7`."""

PREFIX = "temp-"

LONGEST_NAME = 63
"""Characters: the name also becomes the value of a label on what the app would create."""

LEFT_BEHIND = timedelta(minutes=15)
"""An app of ours that is older was left by a process that died: no comparison takes as long."""

_KEPT_ANNOTATIONS = (discovery.ANNOTATION, "argocd.argoproj.io/compare-options")
"""What decides on the comparison; others could notify people, or order a refresh."""


@dataclass(frozen=True)
class Mark:
    """The pull request that a temporary app is made for."""

    repo: RepoName
    number: int

    def __str__(self) -> str:
        return f"{self.repo}#{self.number}"


def name(app: str) -> str:
    """What the temporary app in place of `app` is called."""
    whole = PREFIX + app
    if len(whole) <= LONGEST_NAME:
        return whole
    digest = hashlib.sha256(app.encode()).hexdigest()[:8]
    return f"{whole[: LONGEST_NAME - 9].rstrip('-.')}-{digest}"


def wanted(generated: Mapping[str, Any], mark: Mark, head: Head) -> dict[str, Any]:
    """The temporary app in place of a `generated` one: it stands at the pull request's head, does nothing by itself,
    and takes nothing along when it is deleted. Raises `applications.Unreadable`."""
    app = applications.read(generated)
    spec = copy.deepcopy(dict(generated["spec"]))
    for place in discovery.positions(app, head.repo_url):
        source = spec["sources"][place - 1] if app.several else spec["source"]
        source["targetRevision"] = head.sha
        if source.get("helm"):
            # Else the release, and with it most objects, would be named after the temporary app.
            source["helm"].setdefault("releaseName", app.name)
    policy = {key: value for key, value in (spec.pop("syncPolicy", None) or {}).items() if key != "automated"}
    annotations = {key: app.annotations[key] for key in _KEPT_ANNOTATIONS if key in app.annotations}
    metadata = {
        "name": name(app.name),
        **({"namespace": app.ref.namespace} if app.ref.namespace else {}),
        "labels": {TEMPORARY: YES},
        "annotations": {**annotations, FOR: str(mark)},
    }
    return {"metadata": metadata, "spec": spec | ({"syncPolicy": policy} if policy else {})}


def is_ours(app: Mapping[str, Any]) -> bool:
    """Whether `app` (`metadata` and `spec`) was made here: by label, by name, and as it never syncs by itself."""
    metadata, spec = _mapping(app.get("metadata")), _mapping(app.get("spec"))
    labelled = _mapping(metadata.get("labels")).get(TEMPORARY) == YES
    automated = _mapping(spec.get("syncPolicy")).get("automated")
    return labelled and str(metadata.get("name") or "").startswith(PREFIX) and automated is None


def is_left_behind(app: Mapping[str, Any], now: datetime, mark: Mark | None = None) -> bool:
    """Whether `app` is ours, and nobody needs it: it is old, or it was made for the pull request `mark`, which one
    process at a time looks at."""
    metadata = _mapping(app.get("metadata"))
    if not is_ours(app) or metadata.get("deletionTimestamp"):
        return False
    if mark is not None and _mapping(metadata.get("annotations")).get(FOR) == str(mark):
        return True
    try:
        made = datetime.fromisoformat(str(metadata.get("creationTimestamp")))
    except ValueError:
        return False
    return made.tzinfo is not None and now - made > LEFT_BEHIND


def _mapping(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}
