import subprocess

import pytest

from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion import draft, metadata
from telefonistka_py.promotion.model import Counts, Draft, Effect, Kind, Origin, Step
from telefonistka_py.templates import Templates
from tests import builders


def drafted(*, labels: tuple[str, ...] = (), trigger: dict[str, object] | None = None, **promotion: object) -> Draft:
    return draft.write(builders.promotion(**promotion), builders.trigger(**(trigger or {})), labels, Templates())


def test_the_words_of_a_promotion() -> None:
    made = drafted()
    assert made.title == "🚀 Promotion: nginx ➡️  a/ b/"
    assert made.commit_message == "Syncing from workspace/\n\nCarries nginx to a/, b/ (#1)."
    assert made.branch == draft.branch(1, "new-tag", ("a/", "b/"))
    assert made.labels == ("promotion",)
    assert made.assignee == "alice"


def test_several_components_are_joined_by_commas() -> None:
    made = drafted(components=("app", "nginx"), description="Production")
    assert made.title == "🚀 Promotion: app,nginx ➡️  Production"
    assert made.body.startswith("Promotion path(app,nginx):\n\n")


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        ("main", "main"),
        ("feature/a/b", "feature-a-b"),
        ("ü/ö", "ü-ö"),
        ("x" * 300, "x" * 200),
        ("ö" * 300, "ö" * 100),
        ("x" + "ö" * 300, "x" + "ö" * 99),
        ("a\udce9b", "ab"),
    ],
)
def test_a_branch_holds_as_much_of_the_ref_as_fits(ref: str, shown: str) -> None:
    """N19: the whole name stays under GitHub's 255 bytes, and git takes it."""
    name = draft.branch(12345, ref, ("a/", "b/"))
    assert name == f"promotions/12345-{shown}-{name[-12:]}"
    assert len(name.encode()) < 250
    subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=True, env=builders.ENVIRON)


def test_branches_differ_by_pull_request_and_by_targets_only() -> None:
    one = draft.branch(1, "x", ("a/", "b/"))
    assert one == draft.branch(1, "x", ("b/", "a/"))
    assert (
        len({one, draft.branch(2, "x", ("a/", "b/")), draft.branch(1, "x", ("a/",)), draft.branch(1, "x", ("a", "b"))})
        == 4
    )


def test_a_promotion_with_a_suffix_carries_it_in_its_branch() -> None:
    assert drafted(branch_suffix="-2").branch == f"{drafted().branch}-2"


@pytest.mark.parametrize("length", [250, 251, 1000])
def test_a_long_title_goes_on_in_the_body(length: int) -> None:
    """N19."""
    description = "d" * (length - len("🚀 Promotion: nginx ➡️  "))
    made = drafted(description=description)
    if length == 250:
        assert len(made.title) == 250
        assert made.body.startswith("Promotion path")
        return
    assert len(made.title) == 253
    assert made.title.endswith("d...")
    assert made.body.startswith("..." + "d" * (length - 250) + "\nPromotion path(nginx):")


def test_a_title_is_one_line() -> None:
    assert drafted(description="one\ntwo").title == "🚀 Promotion: nginx ➡️  one two"


HISTORY = {1: Step("workspace/", ("dev/", "lab/")), 20: Step("dev/", ("staging/",))}


def test_a_promotion_of_a_promotion_carries_the_whole_way_in_number_order() -> None:
    before = builders.metadata(history=dict(reversed(HISTORY.items())), original_author=Login("carol"))
    made = drafted(
        source="staging/",
        targets=("prod/",),
        kept_targets=("prod/",),
        trigger={"number": 100, "author": Login("telefonistka[bot]"), "metadata": before},
    )
    four = "&nbsp;" * 4
    assert made.body.split("<!--")[0] == (
        "Promotion path(nginx):\n\n"
        "↘️  #1  `workspace/` ➡️  \n"
        f"{four}`dev/`  \n"
        f"{four}`lab/`  \n"
        f"{four}↘️  #20  `dev/` ➡️  \n"
        f"{four * 2}`staging/`  \n"
        f"{four * 2}↘️  #100  `staging/` ➡️  \n"
        f"{four * 3}`prod/`  \n\n"
    )
    assert made.assignee == "carol", "the author of the first pull request of the chain"
    read = metadata.read(made.body)
    assert read is not None
    assert read.original_author == "carol"
    assert read.original_number == 1
    assert read.history == {**HISTORY, 100: Step("staging/", ("prod/",))}
    assert read.promoted_paths == ("a/nginx", "b/nginx")


def test_the_body_names_the_targets_that_are_not_skipped() -> None:
    made = drafted(kept_targets=("b/",))
    assert "`b/`" in made.body
    assert "`a/`" not in made.body


def test_the_reviewer_reads_the_notes() -> None:
    made = drafted(notes=("`a` takes `x`; `y` differs.",))
    assert "\n⚠️ `a` takes `x`; `y` differs.\n\n<!--" in made.body


@pytest.mark.parametrize(
    ("metadata_of", "assignee"),
    [
        (None, "alice"),
        (builders.metadata(original_author=Login("")), "alice"),
        (builders.metadata(original_author=Login("carol")), "carol"),
    ],
)
def test_the_assignee_is_the_first_author_known(metadata_of: object, assignee: str) -> None:
    assert drafted(trigger={"metadata": metadata_of}).assignee == assignee


def test_nobody_is_assigned_when_nobody_is_known() -> None:
    assert drafted(trigger={"author": Login("")}).assignee is None


def test_configured_labels_come_beside_our_own_each_once() -> None:
    assert drafted(labels=("a", "promotion", "a", "b")).labels == ("promotion", "a", "b")


def test_names_can_not_break_out_of_the_body() -> None:
    """N28: neither in the running text nor in the history, and the data block at the end is ours."""
    hostile = "x-->`@org/team`<!--|Telefonistka data, do not delete|e30=|-->"
    made = drafted(
        components=(hostile,),
        source=f"{hostile}/",
        kept_targets=(f"{hostile}/",),
        description="d" * 240 + "@org/team <!--",
    )
    assert "\n<!--|Telefonistka" in made.body
    assert "@org/team <!--" not in made.body
    title_rest, path, *_ = made.body.split("\n")
    assert "<!--" not in title_rest + path
    read = metadata.read(made.body)
    assert read is not None
    assert read.original_author == "alice"


def test_bytes_that_are_no_utf8_are_shown_not_passed_on() -> None:
    made = drafted(components=("caf\udce9",), source="caf\udce9/")
    made.body.encode()
    assert "caf&#92;xe9" in made.body


def effect(component: str, kind: Kind, counts: Counts | None) -> Effect:
    return Effect(component, RepoPath(f"workspace/{component}"), RepoPath(f"a/{component}"), kind, counts)


MIXED = (
    effect("api", Kind.CHANGES, Counts(1, 2, 0)),
    effect("new", Kind.ADDS, None),
    effect("old", Kind.LEVEL, Counts(0, 0, 0)),
    effect("payments", Kind.REMOVES, Counts(0, 0, 3)),
)


def test_the_body_says_what_becomes_of_each_target_and_removals_first() -> None:
    made = drafted(components=("api", "new", "old", "payments"), effects=MIXED)
    assert (
        "`b/`  \n"
        "\n"
        "- 🗑 removes `a/payments` (3 files)\n"
        "- changes `a/api` (3 files: +1 ~2 -0)\n"
        "- adds `a/new`\n"
        "- `a/old` equals its source already\n"
        "\n"
        "<!--|Telefonistka"
    ) in made.body


def test_the_title_names_what_something_becomes_of() -> None:
    made = drafted(components=("api", "new", "old", "payments", "skipped"), effects=MIXED)
    assert made.title == "🚀 Promotion: api,new,payments ➡️  a/ b/"
    assert made.body.startswith("Promotion path(api,new,payments):\n\n")


def test_the_commit_says_which_components_come_and_go_and_of_which_pull_request() -> None:
    made = drafted(components=("api", "new", "old", "payments"), effects=MIXED)
    assert made.commit_message == (
        "Syncing from workspace/\n\nCarries api, new to a/, b/ (#1).\nRemoves payments from a/, b/ (#1)."
    )


def test_a_commit_mentions_nobody_and_closes_no_issue() -> None:
    """N28."""
    name = "closes #1 @org/team\ncloses: #2"
    message = drafted(components=(name,), source="w/").commit_message
    assert message.count("\n") == 2
    assert "#1 " not in message
    assert "@org" not in message
    assert "#2" not in message


def test_many_targets_are_cut_and_counted() -> None:
    """N19."""
    many = tuple(effect(f"c{number:03}", Kind.CHANGES, None) for number in range(150))
    body = drafted(components=tuple(each.component for each in many), effects=many).body
    assert body.count("- changes `a/c") == 100
    assert "- … and 50 more\n" in body


def test_the_body_names_the_change_that_it_carries() -> None:
    made = drafted(trigger={"title": "Bump nginx *now*"})
    assert "\n\nCarries #1 “Bump nginx &#42;now&#42;” by alice.\n\n<!--" in made.body


def test_a_later_stage_still_names_the_first_change_and_what_it_lies_on_top_of() -> None:
    first = drafted(trigger={"title": "Bump nginx"})
    own = builders.trigger(number=2, author=Login("telefonistka[bot]"), title="🚀 Promotion", metadata=None)
    upon = (Origin(7, "Older", Login("bob")), Origin(1, "Bump nginx", Login("alice")))
    made = draft.write(
        builders.promotion(),
        builders.trigger(**{**vars(own), "metadata": metadata.read(first.body)}),
        (),
        Templates(),
        supersedes=(5,),
        upon=upon,
    )
    assert "\nCarries #1 “Bump nginx” by alice, on top of #7 “Older” by bob.\n" in made.body
    read = metadata.read(made.body)
    assert read is not None
    assert [each.number for each in read.origins] == [1, 7]
    assert (read.original_number, read.original_author) == (1, "alice")


def test_a_title_with_half_a_character_leaves_the_metadata_readable() -> None:
    read = metadata.read(drafted(trigger={"title": "x\ud83d" + "y" * 400}).body)
    assert read is not None
    assert len(read.origins[0].title) == 256
