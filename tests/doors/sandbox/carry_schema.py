"""Makes again the part of GitHub's GraphQL schema that the sandbox speaks: `telefonistka_py/sandbox/github.graphql`.

    python -m tests.doors.sandbox.carry_schema

It is cut from the whole schema in `tests/contracts`. To teach the sandbox a field, add its name below, run this, and
give the node in `telefonistka_py/sandbox` an attribute or a method of that name in snake case.
"""

import lzma
import re
from pathlib import Path
from typing import Any

from graphql import DocumentNode, parse, print_ast

HERE = Path(__file__).parent
SPOKEN = HERE.parents[2] / "telefonistka_py" / "sandbox" / "github.graphql"

_PULL_FIELDS = """id databaseId fullDatabaseId number title body state merged mergedAt mergedBy isDraft
    isCrossRepository headRefName headRefOid headRef baseRef baseRefName baseRefOid headRepository headRepositoryOwner
    baseRepository repository author authorAssociation url permalink resourcePath mergeable mergeStateStatus mergeCommit
    potentialMergeCommit labels assignees comments totalCommentsCount commits files changedFiles additions deletions
    viewerDidAuthor createdAt updatedAt closed closedAt reviewDecision locked maintainerCanModify reviews latestReviews
    latestOpinionatedReviews autoMergeRequest viewerCanEnableAutoMerge viewerCanDisableAutoMerge isInMergeQueue
    isMergeQueueEnabled mergeQueue mergeQueueEntry statusCheckRollup"""

KEPT = {
    "Query": "id viewer rateLimit repository node nodes search",
    "Mutation": """minimizeComment unminimizeComment addComment updateIssueComment closePullRequest
        enablePullRequestAutoMerge disablePullRequestAutoMerge mergePullRequest enqueuePullRequest dequeuePullRequest
        deleteRef""",
    "Repository": """id databaseId name nameWithOwner owner url isArchived isPrivate isFork isEmpty viewerPermission
        mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed deleteBranchOnMerge autoMergeAllowed defaultBranchRef
        ref refs object pullRequest pullRequests label labels viewerDefaultMergeMethod mergeQueue""",
    "Ref": "id name prefix target repository associatedPullRequests",
    "Commit": """id oid abbreviatedOid message messageHeadline messageBody committedDate authoredDate author committer
        tree file parents history associatedPullRequests changedFilesIfAvailable status statusCheckRollup url
        commitUrl additions deletions""",
    "Tag": "id oid abbreviatedOid name message target",
    "Tree": "id oid abbreviatedOid entries",
    "Blob": "id oid abbreviatedOid byteSize isBinary isTruncated text",
    "TreeEntry": "name nameRaw mode oid type path pathRaw size object submodule extension",
    "Submodule": "name nameRaw path pathRaw subprojectCommitOid",
    "GitActor": "name email date user",
    "Status": "id state context contexts commit",
    "StatusContext": "id context state description targetUrl createdAt creator commit isRequired",
    "StatusCheckRollup": "id state contexts commit",
    "StatusCheckRollupContext": "",
    "StatusCheckRollupContextConnection": "nodes edges pageInfo totalCount checkRunCount statusContextCount",
    "CheckRun": """id databaseId name status conclusion detailsUrl externalId url permalink title summary text startedAt
        completedAt isRequired""",
    "RequirableByPullRequest": "isRequired",
    "PullRequestReview": """id databaseId fullDatabaseId state body author authorAssociation authorCanPushToRepository
        viewerDidAuthor commit pullRequest url createdAt updatedAt submittedAt isMinimized minimizedReason""",
    "AutoMergeRequest": "enabledAt enabledBy mergeMethod commitHeadline commitBody pullRequest",
    "MergeQueue": "id url entries repository",
    "MergeQueueEntry": "id state position enqueuedAt enqueuer jump solo pullRequest mergeQueue",
    "PullRequest": _PULL_FIELDS,
    "IssueComment": """id databaseId fullDatabaseId body author authorAssociation viewerDidAuthor isMinimized
        minimizedReason createdAt updatedAt url pullRequest repository""",
    "Label": "id name color description isDefault",
    "User": "id databaseId login url name",
    "Bot": "id databaseId login url",
    "Organization": "id databaseId login url name",
    "PullRequestCommit": "id commit pullRequest",
    "PullRequestChangedFile": "path additions deletions changeType",
    "RateLimit": "cost limit nodeCount remaining resetAt used",
    "PageInfo": "endCursor hasNextPage hasPreviousPage startCursor",
    "SearchResultItemConnection": "issueCount pageInfo",
    "Actor": "login url",
    "RepositoryOwner": "id login url",
    "GitObject": "id oid abbreviatedOid commitUrl",
    "Node": "id",
    "Minimizable": "isMinimized minimizedReason",
    "Comment": "id body author authorAssociation viewerDidAuthor createdAt updatedAt",
    "Closable": "closed closedAt",
    "Labelable": "labels",
    "Assignable": "assignees",
    "MinimizeCommentPayload": "clientMutationId minimizedComment",
    "UnminimizeCommentPayload": "clientMutationId unminimizedComment",
    "AddCommentPayload": "clientMutationId commentEdge subject",
    "UpdateIssueCommentPayload": "clientMutationId issueComment",
    "ClosePullRequestPayload": "clientMutationId pullRequest",
    "EnablePullRequestAutoMergePayload": "clientMutationId pullRequest actor",
    "DisablePullRequestAutoMergePayload": "clientMutationId pullRequest actor",
    "MergePullRequestPayload": "clientMutationId pullRequest actor",
    "EnqueuePullRequestPayload": "clientMutationId mergeQueueEntry",
    "DequeuePullRequestPayload": "clientMutationId mergeQueueEntry",
    "DeleteRefPayload": "clientMutationId",
}
for _name in (
    *("PullRequest", "IssueComment", "Label", "User", "Commit", "Ref", "PullRequestCommit"),
    *("PullRequestReview", "MergeQueueEntry"),
):
    KEPT[f"{_name}Connection"] = "nodes edges pageInfo totalCount"
    KEPT[f"{_name}Edge"] = "cursor node"
KEPT["CommitHistoryConnection"] = KEPT["PullRequestChangedFileConnection"] = KEPT["CommitConnection"]
KEPT["PullRequestChangedFileEdge"] = KEPT["StatusCheckRollupContextEdge"] = "cursor node"
for _name in ("Tree", "Blob", "Tag"):
    KEPT[_name] += " commitUrl"


def spoken(full: DocumentNode) -> str:
    """The kept types and fields, and every input, union, enum and scalar that they refer to, unchanged.

    A kept name without fields is a union.
    """
    definitions = {d.name.value: d for d in full.definitions if hasattr(d, "name") and d.name}
    chunks, wanted, done = [], sorted(KEPT), set()
    while wanted:
        name = wanted.pop(0)
        node: Any = definitions.get(name)
        if name in done or node is None:
            continue
        done.add(name)
        text = re.sub(r'^\s*"""[\s\S]*?"""\n', "", print_ast(node), flags=re.M)
        if KEPT.get(name):
            fields = set(KEPT[name].split())
            missing = fields - {field.name.value for field in node.fields}
            assert not missing, f"{name} has no {missing}"
            bodies = [
                (f.name.value, re.sub(r"\s+", " ", re.sub(r'"""[\s\S]*?"""', "", print_ast(f)))) for f in node.fields
            ]
            kept = [body.replace("( ", "(").replace(" )", ")") for field, body in bodies if field in fields]
            interfaces = [i.name.value for i in node.interfaces or () if i.name.value in KEPT]
            kind = node.kind.removesuffix("_definition").split("_")[0].replace("object", "type")
            heading = f"{kind} {name}" + (f" implements {' & '.join(interfaces)}" if interfaces else "")
            text = heading + " {\n" + "\n".join(f"  {line.strip()}" for line in kept) + "\n}"
            wanted += sorted({w for line in kept for w in re.findall(r"\b[A-Z]\w+", line)} - done)
        elif text.startswith(("input", "union")):
            wanted += sorted(set(re.findall(r"\b[A-Z]\w+", text)) - done)
        elif not text.startswith(("enum", "scalar")):
            raise SystemExit(f"{name} is referred to, but is not among the kept types")
        chunks.append(text)
    return "\n\n".join(chunks) + "\n"


SOURCE = """# A part of GitHub's GraphQL schema, unchanged: names and types of what the sandbox speaks.
# Source: npm @octokit/graphql-schema 15.26.1 (MIT). Made by tests/doors/sandbox/carry_schema.py.

"""


def made() -> str:
    """The file's text."""
    sdl = lzma.decompress((HERE.parents[1] / "contracts" / "github.graphql.xz").read_bytes()).decode()
    return SOURCE + spoken(parse(sdl, no_location=True))


if __name__ == "__main__":
    SPOKEN.write_text(made())
