"""GraphQL: a true part of GitHub's schema, answered from git."""

from importlib import resources
from typing import Any

from telefonistka_py.sandbox import Hub, Repo
from tests.contracts import github
from tests.doors.sandbox import carry_schema
from tests.doors.sandbox.conftest import SUBMODULE, Caller


def test_the_schema_is_a_part_of_githubs() -> None:
    sdl = (resources.files("telefonistka_py.sandbox") / "github.graphql").read_text()
    assert github.is_subset(sdl) == []
    assert sdl == carry_schema.made()


async def asked(caller: Caller, fields: str, **variables: Any) -> Any:
    query = 'query { repository(owner: "acme", name: "gitops") { %s } }'
    answer = await caller.graphql(query % fields, **variables)
    assert "errors" not in answer.body, answer.body
    return answer.body["data"]["repository"]


ENTRIES = """object(expression: "main:dev/app") { oid ... on Tree { entries {
    name mode type oid path size submodule { subprojectCommitOid }
    object { __typename ... on Blob { text byteSize isBinary isTruncated }
             ... on Tree { entries { path object { ... on Tree { entries { path } } } } } } } } }"""


async def test_trees_are_read_to_any_depth(bot: Caller, repo: Repo) -> None:
    tree = (await asked(bot, ENTRIES))["object"]
    assert tree["oid"] == await repo.tree_sha("main", "dev/app")
    entries = {each["name"]: each for each in tree["entries"]}
    modes = {name: oct(each["mode"]) for name, each in entries.items()}
    assert modes == {
        "a.yaml": "0o100644",
        "run.sh": "0o100755",
        "link": "0o120000",
        "deep": "0o40000",
        "module": "0o160000",
    }
    assert entries["a.yaml"]["object"]["text"] == "x: 1\n"
    assert entries["a.yaml"]["path"] == "dev/app/a.yaml"
    assert (entries["module"]["object"], entries["module"]["submodule"]) == (None, {"subprojectCommitOid": SUBMODULE})
    deepest = entries["deep"]["object"]["entries"][0]["object"]["entries"]
    assert deepest == [{"path": "dev/app/deep/er/b.yaml"}]


async def test_what_is_not_there_is_null(bot: Caller, repo: Repo) -> None:
    for expression in ("main:nope", "nope:dev", "nope", "main:dev/app/module", "", ":", "main:dev/app/a.yaml/x"):
        assert (await asked(bot, f'object(expression: "{expression}") {{ oid }}'))["object"] is None, expression
    assert (await asked(bot, 'ref(qualifiedName: "refs/heads/nope") { name }'))["ref"] is None
    assert (await asked(bot, f'object(oid: "{"c" * 40}") {{ oid }}'))["object"] is None


async def test_texts_that_are_binary_or_huge_say_so(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "main", {"binary": b"\0\1", "huge": "x" * 600_000, "latin": b"\xe9\n"})
    blob = "{ ... on Blob { text isBinary isTruncated byteSize } }"
    found = await asked(
        bot, " ".join(f'{n}: object(expression: "main:{n}") {blob}' for n in ("binary", "huge", "latin"))
    )
    assert found["binary"] == {"text": None, "isBinary": True, "isTruncated": False, "byteSize": 2}
    assert (found["huge"]["isTruncated"], found["huge"]["byteSize"]) == (True, 600_000)
    assert len(found["huge"]["text"]) < 600_000
    assert found["latin"]["text"] == "\ufffd\n"


PULL = """pullRequest(number: 1) { id title state merged mergeable mergeStateStatus isCrossRepository headRefName
    headRefOid
    baseRefName author { login __typename } viewerDidAuthor authorAssociation changedFiles reviewDecision
    labels(first: 10) { nodes { name } } assignees(first: 10) { nodes { login } }
    files(first: 100) { nodes { path changeType } }
    commits(last: 1) { totalCount nodes { commit { oid author { user { login } } status { state
        context(name: "telefonistka") { state description } contexts { context } } } } }
    comments(last: 100) { totalCount nodes { id databaseId body isMinimized minimizedReason viewerDidAuthor
        author { login } } } }"""


async def test_a_pull_request_shows_what_happened_to_it(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="T", labels=["show-plan"])
    await bot("POST", f"/repos/acme/gitops/statuses/{pull.head_sha}", {"state": "success", "context": "telefonistka"})
    made = await bot("POST", "/repos/acme/gitops/issues/1/comments", {"body": "hello"})
    found = (await asked(bot, PULL))["pullRequest"]
    assert (found["state"], found["mergeable"], found["mergeStateStatus"]) == ("OPEN", "MERGEABLE", "CLEAN")
    assert found["author"] == {"login": "alice", "__typename": "User"}
    assert found["labels"]["nodes"] == [{"name": "show-plan"}]
    assert found["files"]["nodes"] == [{"path": "x", "changeType": "ADDED"}]
    commit = found["commits"]["nodes"][0]["commit"]
    assert (commit["oid"], commit["author"]["user"]["login"]) == (pull.head_sha, "alice")
    assert commit["status"]["context"] == {"state": "SUCCESS", "description": None}
    comment = found["comments"]["nodes"][0]
    assert (comment["databaseId"], comment["viewerDidAuthor"]) == (made.body["id"], True)
    assert comment["id"] == made.body["node_id"]
    assert comment["author"]["login"] == "telefonistka"


async def test_a_comment_is_minimised_and_shown_again(bot: Caller, alice: Caller, hub: Hub, repo: Repo) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="T")
    made = await bot("POST", "/repos/acme/gitops/issues/1/comments", {"body": "hello"})
    minimise = """mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
        minimizedComment { isMinimized minimizedReason } } }"""
    answer = await bot.graphql(minimise, id=made.body["node_id"])
    shape = {"isMinimized": True, "minimizedReason": "outdated"}
    assert answer.body["data"]["minimizeComment"]["minimizedComment"] == shape
    assert pull.comments[0].minimized == "outdated"
    carol = alice.as_token(hub.user("carol").token)
    assert (await carol.graphql(minimise, id=made.body["node_id"])).body["errors"][0]["type"] == "FORBIDDEN"
    unknown = await bot.graphql(minimise, id="IC_bm9wZQ")
    assert unknown.body["errors"][0]["type"] == "NOT_FOUND"


async def test_pull_requests_are_found_by_branch_state_and_label(bot: Caller, repo: Repo) -> None:
    for name in ("one", "two"):
        await repo.commit("alice", name, {name: "1"})
        await repo.open_pull("alice", head=name, title=name, labels=[name])
    await repo.merge("bob", 2)
    found = await asked(
        bot,
        """head: pullRequests(first: 5, headRefName: "one", states: [OPEN]) { totalCount nodes { number } }
           merged: pullRequests(last: 1, states: [MERGED]) { nodes { number mergeCommit { oid } } }
           labelled: pullRequests(first: 5, labels: ["TWO"]) { nodes { number } }
           ref(qualifiedName: "refs/heads/one") { associatedPullRequests(first: 5) { nodes { number } } }
           newest: pullRequests(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) {
               nodes { number } pageInfo { hasNextPage endCursor } }""",
    )
    assert found["head"] == {"totalCount": 1, "nodes": [{"number": 1}]}
    assert found["merged"]["nodes"] == [{"number": 2, "mergeCommit": {"oid": (await repo.branches())["main"]}}]
    assert found["labelled"]["nodes"] == [{"number": 2}]
    assert found["ref"]["associatedPullRequests"]["nodes"] == [{"number": 1}]
    assert (found["newest"]["nodes"], found["newest"]["pageInfo"]["hasNextPage"]) == ([{"number": 2}], True)
    after = found["newest"]["pageInfo"]["endCursor"]
    rest = await asked(
        bot,
        f'pullRequests(first: 9, after: "{after}", orderBy: {{field: CREATED_AT, direction: DESC}})'
        " { nodes { number } }",
    )
    assert rest["pullRequests"]["nodes"] == [{"number": 1}]
    count = 'query { search(type: ISSUE, query: "repo:acme/gitops is:pr is:open label:one", first: 1) { issueCount } }'
    assert (await bot.graphql(count)).body["data"]["search"]["issueCount"] == 1


async def test_a_missing_repository_is_an_error_with_status_200(bot: Caller, repo: Repo) -> None:
    answer = await bot.graphql('{ repository(owner: "acme", name: "nope") { id } }')
    assert answer.status == 200
    assert answer.body["data"] == {"repository": None}
    (error,) = answer.body["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["repository"])


async def test_odd_ids_and_cursors_are_errors_not_crashes(bot: Caller, repo: Repo) -> None:
    for id in ("", "x", "R_", "PR_MTAwMQ", "PR_eDp5", "IC_\u2028"):
        answer = await bot.graphql("query($id: ID!) { node(id: $id) { id } }", id=id)
        assert (answer.status, answer.body["errors"][0]["type"]) == (200, "NOT_FOUND"), id
    query = '{ repository(owner: "acme", name: "gitops") { pullRequests(first: 1, after: "zz") { totalCount } } }'
    assert (await bot.graphql(query)).body["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


async def test_connections_need_their_bounds(bot: Caller, hub: Hub, repo: Repo) -> None:
    query = '{ repository(owner: "acme", name: "gitops") { pullRequests%s { ...P } } }'
    query += " fragment P on PullRequestConnection { nodes { id } }"
    for arguments, kind in (("", "MISSING_PAGINATION_BOUNDARIES"), ("(first: 101)", "EXCESSIVE_PAGINATION")):
        answer = await bot.graphql(query % arguments)
        assert answer.status == 200
        assert answer.body["errors"][0]["type"] == kind
        assert "data" not in answer.body
    counted = '{ repository(owner: "acme", name: "gitops") { pullRequests { totalCount } } }'
    assert (await bot.graphql(counted)).body["data"]["repository"]["pullRequests"] == {"totalCount": 0}
    hub.exchanges.clear()


async def test_a_field_or_argument_it_does_not_know_is_501(bot: Caller, hub: Hub, repo: Repo) -> None:
    outer = '{ repository(owner: "acme", name: "gitops") { %s } }'
    for query in (
        outer % "stargazerCount",
        outer
        % (
            'defaultBranchRef { target { ... on Commit { history(first: 1, since: "2020-01-01T00:00:00Z")'
            " { totalCount } } } }"
        ),
        '{ search(type: USER, query: "x", first: 1) { issueCount } }',
    ):
        assert (await bot.graphql(query)).status == 501, query
    assert len(hub.unknown) == 3
    hub.unknown.clear()
    hub.exchanges.clear()


async def test_six_trees_of_a_thousand_files_take_well_under_a_second(bot: Caller, repo: Repo, within: Any) -> None:
    files = {f"env{env}/app/f{number:04}.yaml": f"{env} {number}\n" for env in range(6) for number in range(1000)}
    await repo.commit("alice", "main", files)
    below = "{ ... on Tree { entries { name mode type oid } } }"
    tree = f"{{ ... on Tree {{ oid entries {{ name mode type oid object {below} }} }} }}"
    fields = " ".join(f'e{env}: object(expression: "main:env{env}") {tree}' for env in range(6))
    await bot.graphql("{ viewer { login } }")
    with within(15):
        found = await asked(bot, fields)
    assert all(len(found[f"e{env}"]["entries"][0]["object"]["entries"]) == 1000 for env in range(6))


async def test_a_branch_is_deleted_by_its_node(bot: Caller, hub: Hub, repo: Repo) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    ref = (await asked(bot, 'ref(qualifiedName: "refs/heads/side") { id }'))["ref"]
    delete = 'mutation($id: ID!) { deleteRef(input: {refId: $id, clientMutationId: "7"}) { clientMutationId } }'
    assert (await bot.graphql(delete, id=ref["id"])).body == {"data": {"deleteRef": {"clientMutationId": "7"}}}
    assert "side" not in await repo.branches()
    assert (await bot.graphql(delete, id=ref["id"])).body["errors"][0]["message"] == "Reference does not exist"
    main = (await asked(bot, "defaultBranchRef { id }"))["defaultBranchRef"]
    assert (await bot.graphql(delete, id=main["id"])).body["errors"][0]["type"] == "UNPROCESSABLE"


async def test_comments_are_added_and_pulls_closed_over_graphql(bot: Caller, repo: Repo) -> None:
    for name in ("one", "two"):
        await repo.commit("alice", name, {name: "1"})
        await repo.open_pull("alice", head=name, title=name, body=f"About {name}", labels=["promotion"])
    field = """pullRequests(labels: ["promotion"], states: OPEN, first: 1,
        orderBy: {field: CREATED_AT, direction: DESC}) { nodes { id number body } pageInfo { hasNextPage } }"""
    found = (await asked(bot, field))["pullRequests"]
    (newest,) = found["nodes"]
    assert (newest["number"], newest["body"], found["pageInfo"]["hasNextPage"]) == (2, "About two", True)
    say = """mutation($id: ID!, $body: String!) { addComment(input: {subjectId: $id, body: $body}) {
        commentEdge { node { id body viewerDidAuthor } } } }"""
    for text in ("one", "two"):
        await bot.graphql(say, id=newest["id"], body=text)
    page = "pullRequest(number: 2) { comments(last: 1) { nodes { body } pageInfo { hasPreviousPage startCursor } } }"
    comments = (await asked(bot, page))["pullRequest"]["comments"]
    assert (comments["nodes"], comments["pageInfo"]["hasPreviousPage"]) == ([{"body": "two"}], True)
    close = "mutation($id: ID!) { closePullRequest(input: {pullRequestId: $id}) { pullRequest { state } } }"
    closed = (await bot.graphql(close, id=newest["id"])).body["data"]["closePullRequest"]["pullRequest"]
    assert (closed["state"], repo.pull(2).state) == ("CLOSED", "closed")
