"""The GraphQL documents. Values go in as variables, never into the text."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

DEPTH = 4
"""How many levels below a directory one query opens."""

NEWEST = 20
"""How many of the open pull requests that were opened last are looked at without their label."""

_LISTING = "entries { nameRaw mode oid }"


def _nested(depth: int) -> str:
    if depth == 0:
        return _LISTING
    return f"entries {{ nameRaw mode oid object {{ ... on Tree {{ {_nested(depth - 1)} }} }} }}"


_FLAT = f"fragment Flat on Tree {{ {_LISTING} }}"
_DEEP = f"fragment Deep on Tree {{ {_nested(DEPTH)} }}"
_TEXT = "fragment Text on Blob { byteSize isBinary isTruncated text }"
_BRANCH = "fragment Tip on Commit { oid message tree { oid } parents(first: 2) { nodes { oid } } }"
_PULL = (
    "fragment Pull on PullRequest { id number state url title headRefOid isCrossRepository viewerDidAuthor "
    "labels(first: 100) { nodes { name } } assignees(first: 20) { nodes { login } } }"
)
_OPEN = (
    "fragment Open on PullRequest { ...Pull body headRefName author { login } commits(last: 1) { totalCount "
    "nodes { commit { authoredDate committedDate author { user { login } } } } } }"
)
_COMMENT = "fragment Comment on IssueComment { databaseId id body viewerDidAuthor isMinimized url }"

_TOUCH = (
    "fragment Touch on Commit { oid committedDate messageHeadline "
    "associatedPullRequests(first: 1) { nodes { number viewerDidAuthor labels(first: 20) { nodes { name } } } } }"
)

# The pull request comes last: if it is still open then, the branch read before it does not hold it yet.
PIN = """
query Pin($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
    defaultBranchRef {
      name
      target {
        oid
        ... on Commit {
          tree { oid ...Flat }
          file(path: "telefonistka.yaml") { mode oid object { ...Text } }
        }
      }
    }
    pullRequest(number: $number) { state }
    pullRequests(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { number } }
  }
}
""" + "\n".join((_FLAT, _TEXT))

TIP = (
    """
query Tip($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      name
      target {
        oid
        ... on Commit {
          tree { oid }
          file(path: "telefonistka.yaml") { mode oid object { ...Text } }
        }
      }
    }
  }
}
"""
    + _TEXT
)

VIEWER = "query Viewer { viewer { login } }"

NEWER_FIELDS = {
    "mergeStateStatus": "mergeStateStatus",
    "isInMergeQueue": "isInMergeQueue",
    "isMergeQueueEnabled": "isMergeQueueEnabled",
    "autoMergeRequest": "autoMergeRequest { enabledAt }",
}
"""Of a pull request's landing: Enterprise Servers lack some of them, depending on their version."""


def landing(lacking: Collection[str] = ()) -> str:
    """How a pull request stands that is to be merged, without the fields that the server lacks."""
    newer = " ".join(text for field, text in NEWER_FIELDS.items() if field not in lacking)
    return f"""
query Landing($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{
    defaultBranchRef {{ name }}
    pullRequest(number: $number) {{ id state headRefOid baseRefName mergeable {newer} }}
  }}
}}
"""


ARM = """
mutation Arm($pull: ID!, $sha: GitObjectID!, $method: PullRequestMergeMethod!, $body: String!) {
  enablePullRequestAutoMerge(
    input: {pullRequestId: $pull, expectedHeadOid: $sha, mergeMethod: $method, commitBody: $body}
  ) { pullRequest { number } }
}
"""

DISARM = """
mutation Disarm($pull: ID!) {
  disablePullRequestAutoMerge(input: {pullRequestId: $pull}) { pullRequest { number } }
}
"""

ENQUEUE = """
mutation Enqueue($pull: ID!, $sha: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $sha}) { mergeQueueEntry { state } }
}
"""

DEQUEUE = """
mutation Dequeue($pull: ID!) {
  dequeuePullRequest(input: {id: $pull}) { mergeQueueEntry { state } }
}
"""

MINIMIZE = """
mutation Minimize($comment: ID!) {
  minimizeComment(input: {subjectId: $comment, classifier: OUTDATED}) { minimizedComment { isMinimized } }
}
"""


@dataclass(frozen=True)
class Document:
    """A query and the variables that belong to it."""

    operation: str
    text: str
    variables: dict[str, Any]


class Look:
    """Collects what to look up, and makes one query of it. Each `add_…` returns the alias of its answer."""

    def __init__(self) -> None:
        self._fields: list[str] = []
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fragments: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._fields)

    def add_default_branch(self) -> str:
        """The default branch now, and the ways to merge into it."""
        alias = f"f{len(self._fields)}"
        methods = "repository { mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed }"
        tip = "target { oid ... on Commit { tree { oid ...Flat } } }"
        self._fields.append(f"  {alias}: defaultBranchRef {{ name {methods} {tip} }}")
        self._fragments[_FLAT] = None
        return alias

    def add_directory(self, expression: str, *, deep: bool) -> str:
        """A directory by `commit:path`."""
        fragment, text = ("Deep", _DEEP) if deep else ("Flat", _FLAT)
        return self._add("object(expression: {})", "String!", expression, f"oid ...{fragment}", text)

    def add_tree(self, sha: str) -> str:
        """A directory by its object id, with what lies below it."""
        return self._add("object(oid: {})", "GitObjectID!", sha, "oid ...Deep", _DEEP)

    def add_commit(self, sha: str) -> str:
        """A commit's own tree."""
        return self._add("object(oid: {})", "GitObjectID!", sha, "oid ... on Commit { tree { oid } }", "")

    def add_file(self, expression: str) -> str:
        """A file's text by `commit:path`."""
        return self._add("object(expression: {})", "String!", expression, "oid ...Text", _TEXT)

    def add_blob(self, sha: str) -> str:
        """A file's text by object id."""
        return self._add("object(oid: {})", "GitObjectID!", sha, "oid ...Text", _TEXT)

    def add_branch(self, name: str) -> str:
        return self._add("ref(qualifiedName: {})", "String!", f"refs/heads/{name}", "target { ...Tip }", _BRANCH)

    def add_pulls(self, head: str) -> str:
        """The pull requests, open or not, whose head branch has this name."""
        field = "pullRequests(headRefName: {}, first: 10, orderBy: {{field: CREATED_AT, direction: DESC}})"
        return self._add(field, "String!", head, "nodes { ...Pull }", _PULL)

    def add_object(self, expression: str) -> str:
        """What stands at `commit:path`."""
        return self._add("object(expression: {})", "String!", expression, "oid", "")

    def add_last_commit(self, commit: str, path: str) -> str:
        """The newest commit, from `commit` back, that touched `path`, and the pull request that brought it."""
        self._variables[f"p{len(self._fields)}"] = ("String!", path)
        history = f"history(first: 1, path: $p{len(self._fields)}) {{ nodes {{ ...Touch }} }}"
        return self._add("object(oid: {})", "GitObjectID!", commit, f"oid ... on Commit {{ {history} }}", _TOUCH)

    def add_approvals(self, number: int) -> str:
        """The approving reviews of a pull request."""
        selection = "reviews(last: 100, states: APPROVED) { nodes { viewerDidAuthor commit { oid } } }"
        return self._add("pullRequest(number: {})", "Int!", number, selection, "")

    def add_comments(self, number: int) -> str:
        """The last 100 comments of a pull request."""
        return self._add(
            "pullRequest(number: {})", "Int!", number, "state comments(last: 100) { nodes { ...Comment } }", _COMMENT
        )

    def add_open_pulls(self, label: str) -> str:
        """The newest open pull requests with this label."""
        field = "pullRequests(labels: [{}], states: OPEN, first: 100, orderBy: {{field: CREATED_AT, direction: DESC}})"
        alias = self._add(field, "String!", label, "nodes { ...Open }", _OPEN)
        self._fragments[_PULL] = None
        return alias

    def add_newest_open_pulls(self) -> str:
        """The open pull requests that were opened last, labelled or not."""
        field = "pullRequests(states: OPEN, first: {}, orderBy: {{field: CREATED_AT, direction: DESC}})"
        alias = self._add(field, "Int!", NEWEST, "nodes { ...Open }", _OPEN)
        self._fragments[_PULL] = None
        return alias

    def add_merge_commit(self, number: int) -> str:
        """The commit that a merged pull request became on its base."""
        return self._add("pullRequest(number: {})", "Int!", number, "mergeCommit { oid }", "")

    def _add(self, field: str, kind: str, value: Any, selection: str, fragment: str) -> str:
        number = len(self._fields)
        self._variables[f"v{number}"] = (kind, value)
        self._fields.append(f"  f{number}: {field.format(f'$v{number}')} {{ {selection} }}")
        self._fragments |= {fragment: None} if fragment else {}
        return f"f{number}"

    def document(self, owner: str, name: str, operation: str = "Look") -> Document:
        declared = "".join(f", ${variable}: {kind}" for variable, (kind, _) in self._variables.items())
        text = (
            f"query {operation}($owner: String!, $name: String!{declared}) {{\n"
            "repository(owner: $owner, name: $name) {\n"
            + "\n".join(self._fields)
            + "\n}}\n"
            + "\n".join(self._fragments)
        )
        values = {variable: value for variable, (_, value) in self._variables.items()}
        return Document(operation, text, {"owner": owner, "name": name, **values})
