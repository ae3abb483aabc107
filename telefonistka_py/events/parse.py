"""A webhook's bytes become an event in our own words, or a sentence that says why they can't.

Shapes: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. Fields that older payloads lack are
optional here; a field that we need must have the right type, since a wrong guess would be acted upon.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn, TypeVar, cast
from urllib.parse import parse_qs

from telefonistka_py.events import own
from telefonistka_py.events.model import (
    BranchEvent,
    ChecksEvent,
    Chore,
    ChoreEvent,
    CommentEvent,
    Event,
    ForwardEvent,
    LandingEvent,
    MissedEvent,
    OtherEvent,
    PullRequest,
    PullRequestEvent,
    PushCommit,
    PushEvent,
    RecheckEvent,
    Repo,
    Wish,
)
from telefonistka_py.names import Branch, Login, RepoName, RepoPath, Sha

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
READABLE = frozenset({JSON, FORM})
"""The two content types that GitHub can be told to send."""

GHOST = Login("ghost")
"""Who GitHub shows in place of an account that was deleted."""

_REPO_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST_ID = 2**63 - 1

_T = TypeVar("_T")


class MalformedEvent(ValueError):
    """The body is not what its headers announce. `str(error)` is one sentence that names the field."""


def parse(kind: str, body: bytes, content_type: str) -> Event:
    """The event in `body`. `kind` is `X-GitHub-Event`; `content_type` may carry parameters such as a charset.

    Raises `MalformedEvent`, and nothing else, when the body is unreadable or lacks what such an event must have.
    """
    payload = _Object(_decoded(_json_text(body, content_type)), "")
    match kind:
        case "pull_request":
            return _pull_request_event(payload)
        case "issue_comment":
            return _comment_event(payload)
        case "push":
            return _push_event(payload)
        case "status" | "check_run" | "check_suite" | "pull_request_review":
            return _checks_event(kind, payload)
        case own.LANDING:
            return _landing_event(payload)
        case own.MISSED:
            return _missed_event(payload)
        case own.FORWARD:
            return _forward_event(payload)
        case own.BRANCH:
            return _branch_event(payload)
        case own.RECHECK:
            return _recheck_event(payload)
        case own.CHORE:
            return _chore_event(payload)
        case _:
            return _other_event(kind, payload)


def media_type(content_type: str) -> str:
    """`content_type` without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def _json_text(body: bytes, content_type: str) -> str:
    kind = media_type(content_type)
    try:
        if kind == JSON:
            return body.decode()
        if kind == FORM:
            fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
            payloads = fields.get("payload", [])
            if len(payloads) != 1:
                raise MalformedEvent(f"the form must have one field `payload`, it has {len(payloads)}")
            return payloads[0]
    except UnicodeError:
        raise MalformedEvent("the body is not UTF-8") from None
    except MalformedEvent:
        raise
    except ValueError as error:
        raise MalformedEvent(f"the form can't be read: {error}") from None
    raise MalformedEvent(f"the content type must be {JSON} or {FORM}")


def _decoded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except MalformedEvent:
        raise
    except RecursionError:
        raise MalformedEvent("the JSON is nested too deeply") from None
    except ValueError as error:
        raise MalformedEvent(f"the body is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedEvent(f"the body is not JSON: {name} is no JSON number")


class _Object:
    """A JSON object whose fields are asked for by type; `path` leads to it, for the sentence."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise MalformedEvent(f"{path or 'the payload'} must be an object, not {_shape(value)}")
        self._fields: dict[str, object] = value
        self._path = path

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether `key` is there and not null."""
        return self._fields.get(key) is not None

    def text(self, key: str, *, missing: str | None = None) -> str:
        """A string; `missing` stands in for an absent or null one, without it one is an error."""
        value = self._fields.get(key)
        if value is None and missing is not None:
            return missing
        return _text(value, self._at(key))

    def matching(self, key: str, pattern: re.Pattern[str], what: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise MalformedEvent(f"{self._at(key)} is not {what}")
        return value

    def whole(self, key: str) -> int:
        value = self._fields.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_ID:
            raise MalformedEvent(f"{self._at(key)} must be a whole number that is not negative, not {_shape(value)}")
        return value

    def flag(self, key: str, *, missing: bool) -> bool:
        value = self._fields.get(key)
        if value is None:
            return missing
        if not isinstance(value, bool):
            raise MalformedEvent(f"{self._at(key)} must be true or false, not {_shape(value)}")
        return value

    def inner(self, key: str) -> "_Object":
        return _Object(self._fields.get(key), self._at(key))

    def each(self, key: str, read: Callable[[object, str], _T]) -> tuple[_T, ...]:
        """Every item of the list at `key` through `read`; an absent or null list is empty."""
        items = self._fields.get(key)
        if items is None:
            return ()
        if not isinstance(items, list):
            raise MalformedEvent(f"{self._at(key)} must be a list, not {_shape(items)}")
        return tuple(read(item, f"{self._at(key)}[{index}]") for index, item in enumerate(items))


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise MalformedEvent(f"{path} must be a string, not {_shape(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MalformedEvent(f"{path} holds half of a surrogate pair, which is no text") from None
    return value


def _shape(value: object) -> str:
    match value:
        case None:
            return "absent or null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number out of place"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _pull_request_event(payload: _Object) -> PullRequestEvent:
    action = payload.text("action")
    return PullRequestEvent(
        repo=_repo(payload.inner("repository")),
        installation=_installation(payload),
        sender=_login(payload, "sender"),
        action=action,
        pull=_pull(payload.inner("pull_request")),
        label=payload.inner("label").text("name") if payload.has("label") else None,
    )


def _pull(pull: _Object) -> PullRequest:
    head, base = pull.inner("head"), pull.inner("base")
    merged = pull.flag("merged", missing=pull.has("merged_at"))
    # An open pull request's merge_commit_sha is GitHub's test merge, which no branch holds.
    merge_commit = _sha(pull, "merge_commit_sha") if merged and pull.has("merge_commit_sha") else None
    return PullRequest(
        number=pull.whole("number"),
        title=pull.text("title"),
        body=pull.text("body", missing=""),
        author=_login(pull, "user"),
        labels=pull.each("labels", lambda item, path: _Object(item, path).text("name")),
        head_ref=Branch(head.text("ref")),
        head_sha=_sha(head, "sha"),
        head_repo=_repo_name(head.inner("repo")) if head.has("repo") else None,
        base_ref=Branch(base.text("ref")),
        base_sha=_sha(base, "sha"),
        merged=merged,
        merge_commit=merge_commit,
        changed_files=pull.whole("changed_files") if pull.has("changed_files") else None,
        html_url=pull.text("html_url"),
    )


def _comment_event(payload: _Object) -> CommentEvent:
    issue, comment = payload.inner("issue"), payload.inner("comment")
    before = None
    if payload.has("changes") and payload.inner("changes").has("body"):
        before = payload.inner("changes").inner("body").text("from", missing="")
    return CommentEvent(
        repo=_repo(payload.inner("repository")),
        installation=_installation(payload),
        sender=_login(payload, "sender"),
        action=payload.text("action"),
        number=issue.whole("number"),
        on_pull=issue.has("pull_request"),
        comment_id=comment.whole("id"),
        author=_login(comment, "user"),
        body=comment.text("body", missing=""),
        html_url=comment.text("html_url", missing=""),
        body_before=before,
    )


def _push_event(payload: _Object) -> PushEvent:
    return PushEvent(
        repo=_repo(payload.inner("repository")),
        installation=_installation(payload),
        sender=_login(payload, "sender"),
        ref=payload.text("ref"),
        before=_sha(payload, "before"),
        after=_sha(payload, "after"),
        forced=payload.flag("forced", missing=False),
        commits=payload.each("commits", _push_commit),
    )


def _push_commit(item: object, path: str) -> PushCommit:
    commit = _Object(item, path)
    lists = (commit.each(key, _text) for key in ("added", "modified", "removed"))
    paths = dict.fromkeys(RepoPath(name) for names in lists for name in names)
    return PushCommit(sha=_sha(commit, "id"), paths=tuple(paths))


def _checks_event(kind: str, payload: _Object) -> ChecksEvent:
    match kind:
        case "status":
            sha = _sha(payload, "sha")
        case "pull_request_review":
            sha = _sha(payload.inner("pull_request").inner("head"), "sha")
        case _:
            sha = _sha(payload.inner(kind), "head_sha")
    return ChecksEvent(kind, _repo_name(payload.inner("repository")), _installation(payload), sha)


def _landing_event(payload: _Object) -> LandingEvent:
    return LandingEvent(
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")),
        installation=payload.whole("installation") if payload.has("installation") else None,
        number=payload.whole("number"),
        sha=_sha(payload, "sha"),
        method=payload.text("method"),
        branch=Branch(payload.text("branch")),
        sources=payload.each("sources", _source),
        label=payload.text("label") if payload.has("label") else "",
    )


def _missed_event(payload: _Object) -> MissedEvent:
    return MissedEvent(
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")),
        installation=payload.whole("installation") if payload.has("installation") else None,
        number=payload.whole("number"),
    )


def _forward_event(payload: _Object) -> ForwardEvent:
    try:
        began = datetime.fromisoformat(payload.text("began"))
    except ValueError:
        raise MalformedEvent("began is no moment") from None
    return ForwardEvent(
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")),
        source=payload.text("source"),
        key=payload.text("key"),
        endpoints=payload.each("endpoints", _text),
        skip_tls=payload.flag("skip_tls", missing=False),
        spread=payload.whole("spread_ms") / 1000,
        began=began,
    )


def _branch_event(payload: _Object) -> BranchEvent:
    wish = payload.text("wish", missing="")
    if wish not in ("set", "back", ""):
        raise MalformedEvent("wish is none that this version knows")
    return BranchEvent(
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")),
        installation=payload.whole("installation") if payload.has("installation") else None,
        number=payload.whole("number"),
        wish=cast(Wish, wish) if wish else None,
        comment_id=payload.whole("comment_id"),
        sender=Login(payload.text("sender")) if payload.has("sender") else None,
    )


def _recheck_event(payload: _Object) -> RecheckEvent:
    return RecheckEvent(
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")),
        installation=payload.whole("installation") if payload.has("installation") else None,
        number=payload.whole("number"),
        sha=_sha(payload, "sha"),
        tries=payload.whole("tries"),
        due=payload.flag("due", missing=False),
    )


def _chore_event(payload: _Object) -> ChoreEvent:
    try:
        chore = Chore(payload.text("chore"))
    except ValueError:
        raise MalformedEvent("chore is none that this version knows") from None
    return ChoreEvent(
        chore=chore,
        repo=RepoName(payload.matching("repo", _REPO_NAME, "of the form owner/name")) if payload.has("repo") else None,
        installation=payload.whole("installation") if payload.has("installation") else None,
        memory=payload.text("memory"),
    )


def _source(item: object, path: str) -> tuple[RepoPath, Sha | None]:
    source = _Object(item, path)
    return RepoPath(source.text("path")), _sha(source, "sha") if source.has("sha") else None


def pull(content: bytes) -> PullRequest:
    """A pull request as GitHub's REST API gives it. Raises `MalformedEvent`."""
    return _pull(_Object(_decoded(content.decode()), "the pull request"))


def _other_event(kind: str, payload: _Object) -> OtherEvent:
    repo = _repo_name(payload.inner("repository")) if payload.has("repository") else None
    action = payload.text("action") if payload.has("action") else None
    return OtherEvent(kind=kind, action=action, repo=repo, installation=_installation(payload))


def _repo(repository: _Object) -> Repo:
    return Repo(
        name=_repo_name(repository),
        default_branch=Branch(repository.text("default_branch")),
        html_url=repository.text("html_url"),
    )


def _repo_name(repository: _Object) -> RepoName:
    return RepoName(repository.matching("full_name", _REPO_NAME, "of the form owner/name"))


def _sha(owner: _Object, key: str) -> Sha:
    return Sha(owner.matching(key, _SHA, "a git object id"))


def _login(owner: _Object, key: str) -> Login:
    return Login(owner.inner(key).text("login")) if owner.has(key) else GHOST


def _installation(payload: _Object) -> int | None:
    return payload.inner("installation").whole("id") if payload.has("installation") else None
