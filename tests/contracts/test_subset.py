"""The check of a stand-in's GraphQL schema against GitHub's."""

import pytest

from tests.contracts import github

SOUND = """
type Query {
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  node(id: ID!): Node
}
type Mutation { minimizeComment(input: MinimizeCommentInput!): MinimizeCommentPayload }
interface Node { id: ID! }
type Repository implements Node {
  id: ID!
  nameWithOwner: String!
  object(oid: GitObjectID, expression: String): GitObject
  pullRequest(number: Int!): PullRequest
}
interface GitObject { oid: GitObjectID! }
type Blob implements GitObject & Node { id: ID! oid: GitObjectID! text: String isBinary: Boolean }
scalar GitObjectID
type PullRequest implements Node { id: ID! state: PullRequestState! }
enum PullRequestState { OPEN MERGED }
union RenamedTitleSubject = PullRequest
input MinimizeCommentInput { classifier: ReportedContentClassifiers! subjectId: ID! }
enum ReportedContentClassifiers { OUTDATED }
type MinimizeCommentPayload { clientMutationId: String }
"""

WRONG = [
    ("Repository", "Depot", "Depot: GitHub has no such type"),
    ("nameWithOwner: String!", "nameAndOwner: String!", "Repository.nameAndOwner: GitHub has no such field"),
    ("nameWithOwner: String!", "nameWithOwner: String", "Repository.nameWithOwner: String here, String! at"),
    ("text: String ", "text: String! ", "Blob.text: String! here, String at GitHub"),
    ("text: String ", "text: [String] ", "Blob.text: [String] here, String at GitHub"),
    ("number: Int!", "number: Int! draft: Boolean", "pullRequest(draft:): GitHub has no such argument"),
    ("number: Int!", "number: Int", "pullRequest(number:): Int here, Int! at GitHub"),
    ("(number: Int!)", "", "pullRequest(number:): GitHub demands it"),
    ("= true", "= false", "repository(followRenames:): its default differs"),
    ("= true", "", "repository(followRenames:): its default differs"),
    ("OPEN MERGED", "OPEN DONE", "PullRequestState: GitHub has no value DONE"),
    ("subjectId: ID!", "subject: ID!", "MinimizeCommentInput(subject:): GitHub has no such argument"),
    ("subjectId: ID!", "", "MinimizeCommentInput(subjectId:): GitHub demands it"),
    ("= PullRequest", "= PullRequest | Blob", "RenamedTitleSubject: GitHub has no member Blob"),
    (
        "type MinimizeCommentPayload { ",
        "type MinimizeCommentPayload implements Node { id: ID! ",
        "MinimizeCommentPayload: GitHub has no interface Node",
    ),
    ("scalar GitObjectID", "enum GitObjectID { A }", "GitObjectID: enum here, scalar at GitHub"),
    ("type Query", "directive @fast on FIELD type Query", "@fast: GitHub has no such directive"),
    ("type Query", "schema { query: Repository } type Query", "its query is Repository, GitHub's is Query"),
    ("PullRequestState!", "Missing!", "schema: Unknown type 'Missing'"),
    ("id: ID! state", "state", "schema: Interface field Node.id expected"),
    ("type Query {", "type Query", "schema: Syntax Error"),
]


def test_a_schema_that_only_leaves_things_out_is_a_subset() -> None:
    assert github.is_subset(SOUND) == []


@pytest.mark.parametrize(("old", "new", "says"), WRONG, ids=[row[-1] for row in WRONG])
def test_whatever_else_it_says_is_named(old: str, new: str, says: str) -> None:
    changed = SOUND.replace(old, new)
    assert changed != SOUND
    problems = github.is_subset(changed)
    assert any(says in problem for problem in problems), problems
