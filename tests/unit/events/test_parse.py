"""Payloads become events, or sentences; nothing else comes out (N23)."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.events import own, parse
from telefonistka_py.events.model import (
    ChecksEvent,
    Chore,
    ChoreEvent,
    CommentEvent,
    OtherEvent,
    PullRequestEvent,
    PushEvent,
    lane,
)
from telefonistka_py.events.parse import FORM, JSON, MalformedEvent
from telefonistka_py.names import RepoName

PAYLOADS = Path(__file__).parent / "payloads"
FILES = sorted(PAYLOADS.glob("*.json"))


def body(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_bytes())


def parsed(kind: str, payload: Any) -> Any:
    return parse.parse(kind, json.dumps(payload).encode(), JSON)


def merged() -> Any:
    """A merged `closed`, which no published example is: the unmerged one with what a merge changes."""
    payload = body("pull_request.closed.3.json")
    payload["pull_request"] |= {"merged": True, "merged_at": "2019-05-15T15:21:18Z", "merged_by": payload["sender"]}
    return payload


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_published_example_parses(file: Path) -> None:
    kind = file.name.partition(".")[0]
    event = parse.parse(kind, file.read_bytes(), f"{JSON}; charset=utf-8")
    classes = {
        "pull_request": PullRequestEvent,
        "issue_comment": CommentEvent,
        "push": PushEvent,
        "check_run": ChecksEvent,
        "pull_request_review": ChecksEvent,
    }
    assert type(event) is classes.get(kind, OtherEvent)


def test_the_examples_are_there() -> None:
    assert len(FILES) == 12


def test_a_merged_pull_request_names_its_merge_commit() -> None:
    event = parsed("pull_request", merged())
    assert (event.action, event.pull.merged, event.pull.number) == ("closed", True, 2)
    assert event.pull.merge_commit == "c4295bd74fb0f4fda03689c3df3f2803b658fd85"
    assert (event.repo.name, event.repo.default_branch) == ("Codertocat/Hello-World", "master")
    assert (event.pull.base_ref, event.pull.head_ref, event.pull.changed_files) == ("master", "changes", 1)
    assert event.pull.labels == ("bug",)
    assert lane(event) == "Codertocat/Hello-World#2"


def test_githubs_test_merge_of_an_unmerged_pull_request_is_not_taken_for_its_merge_commit() -> None:
    payload = body("pull_request.closed.3.json")
    assert payload["pull_request"]["merge_commit_sha"]
    assert parsed("pull_request", payload).pull.merge_commit is None


def test_a_synchronize_names_the_new_head() -> None:
    payload = body("pull_request.opened.0.json") | {"action": "synchronize", "before": "a" * 40, "after": "b" * 40}
    payload["pull_request"]["head"]["sha"] = "b" * 40
    event = parsed("pull_request", payload)
    assert (event.action, event.pull.head_sha) == ("synchronize", "b" * 40)


def test_a_labeled_event_names_the_label() -> None:
    assert parsed("pull_request", body("pull_request.labeled.9.json")).label


def test_a_deleted_fork_a_deleted_account_and_an_empty_body_are_read_as_such() -> None:
    payload = merged()
    payload["pull_request"]["head"]["repo"] = None
    payload["pull_request"]["user"] = None
    payload["pull_request"]["body"] = None
    del payload["sender"]
    event = parsed("pull_request", payload)
    assert (event.pull.head_repo, event.pull.author, event.pull.body, event.sender) == (None, "ghost", "", "ghost")


def test_what_older_payloads_lack_is_none_or_derived() -> None:
    payload = merged()
    for key in ("merged", "changed_files", "labels"):
        del payload["pull_request"][key]
    del payload["installation"]
    event = parsed("pull_request", payload)
    assert (event.pull.merged, event.pull.changed_files, event.pull.labels) == (True, None, ())
    assert event.installation is None


def test_a_comment_on_an_issue_is_told_from_one_on_a_pull_request() -> None:
    payload = body("issue_comment.edited.7.json")
    event = parsed("issue_comment", payload)
    assert not event.on_pull
    assert event.body_before == "You are totally right! I'll get this fixed right away."
    payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/1"}
    assert parsed("issue_comment", payload).on_pull
    assert parsed("issue_comment", body("issue_comment.created.0.json")).body_before is None


def test_a_push_names_every_path_of_each_commit_once() -> None:
    payload = body("push.4.json")
    payload["commits"][0] |= {"added": ["a", "b"], "modified": ["b", "c"], "removed": ["d"]}
    event = parsed("push", payload)
    assert event.commits[0].paths == ("a", "b", "c", "d")
    assert lane(event) == "Codertocat/Hello-World@master:6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def test_a_push_without_a_commit_list_has_no_commits() -> None:
    payload = body("push.4.json")
    del payload["commits"]
    assert parsed("push", payload).commits == ()


def test_the_form_encoded_content_type_gives_the_same_event() -> None:
    raw = json.dumps(merged())
    form = urlencode({"payload": raw}).encode()
    assert parse.parse("pull_request", form, f"{FORM}; charset=utf-8") == parse.parse(
        "pull_request", raw.encode(), JSON
    )


@pytest.mark.parametrize(
    ("raw", "content_type", "sentence"),
    [
        (b"", JSON, "not JSON"),
        (b"{", JSON, "not JSON"),
        (b"\xff{}", JSON, "not UTF-8"),
        (b"[]", JSON, "the payload must be an object, not a list"),
        (b"null", JSON, "the payload must be an object"),
        (b'{"a": NaN}', JSON, "NaN"),
        (b'{"a": -Infinity}', JSON, "-Infinity"),
        (b"[" * 200_000, JSON, "nested too deeply"),
        (b'{"a":' * 200_000, JSON, "nested too deeply"),
        (b'{"a": ' + b"9" * 100_000 + b"}", JSON, "not JSON"),
        (b"{}", "text/plain", "content type"),
        (b"{}", "", "content type"),
        (b"a=b", FORM, "one field `payload`"),
        (b"payload={}&payload={}", FORM, "one field `payload`"),
        (b"payload=%ff", FORM, "not UTF-8"),
        (b"payload=\xff", FORM, "not UTF-8"),
        (b"&".join([b"a=b"] * 1000), FORM, "form can't be read"),
    ],
    ids=str,
)
def test_an_unreadable_body_is_a_sentence(raw: bytes, content_type: str, sentence: str) -> None:
    for kind in ("pull_request", "ping"):
        with pytest.raises(MalformedEvent, match=sentence):
            parse.parse(kind, raw, content_type)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("repository", None),
        ("repository.full_name", "no-slash"),
        ("repository.full_name", "a/b/../c"),
        ("repository.full_name", 7),
        ("repository.default_branch", None),
        ("pull_request", []),
        ("pull_request.number", "2"),
        ("pull_request.number", True),
        ("pull_request.number", -1),
        ("pull_request.number", 2**70),
        ("pull_request.number", 2.0),
        ("pull_request.title", "\ud800"),
        ("pull_request.merged", "yes"),
        ("pull_request.merge_commit_sha", "main"),
        ("pull_request.head.sha", "HEAD"),
        ("pull_request.head.repo", "fork"),
        ("pull_request.base", None),
        ("pull_request.labels", {"name": "bug"}),
        ("pull_request.labels", ["bug"]),
        ("pull_request.changed_files", None.__class__.__name__),
        ("installation.id", "1"),
        ("action", None),
    ],
)
def test_a_field_of_the_wrong_type_is_named(path: str, value: object) -> None:
    payload = merged()
    *parents, last = path.split(".")
    place = payload
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(MalformedEvent, match=path.replace(".", r"\.")):
        parsed("pull_request", payload)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


BASES = [(file.name.partition(".")[0], json.loads(file.read_bytes())) for file in FILES]
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_a_payload_with_anything_anywhere_is_an_event_or_a_sentence(data: st.DataObject) -> None:
    kind, payload = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_places(payload)[1:] or [()]))
        if not path:
            break
        place = payload
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = data.draw(JUNK)
    _event_or_sentence(kind, json.dumps(payload).encode(), JSON)


@given(st.sampled_from(["pull_request", "issue_comment", "push", "ping"]), st.binary(), st.sampled_from([JSON, FORM]))
def test_any_bytes_are_an_event_or_a_sentence(kind: str, raw: bytes, content_type: str) -> None:
    _event_or_sentence(kind, raw, content_type)
    _event_or_sentence(kind, f"payload={quote_plus(raw)}".encode(), FORM)


def _event_or_sentence(kind: str, raw: bytes, content_type: str) -> None:
    with contextlib.suppress(MalformedEvent):
        lane(parse.parse(kind, raw, content_type)).encode()


@pytest.mark.parametrize("repo", [None, RepoName("acme/gitops")])
@pytest.mark.parametrize("installation", [None, 7])
def test_a_chore_is_read_back_as_it_was_written(repo: RepoName | None, installation: int | None) -> None:
    chore = ChoreEvent(Chore.DRIFT_REPORT, repo, installation, '{"since": 3}')
    assert parse.parse(own.CHORE, own.body(chore), JSON) == chore


def test_a_chore_of_another_version_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="none that this version knows"):
        parse.parse(own.CHORE, b'{"chore": "polish-the-brass", "memory": ""}', JSON)
