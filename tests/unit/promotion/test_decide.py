import pytest

from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import decide, route
from telefonistka_py.tree.reading import Trees, Wanted, attempt
from tests import builders
from tests.builders import flow

TREE = {"w/x/telefonistka.yaml": "promotionTargetBlockList: [prod]\n", "w/x/f": "1", "w/y/f": "1", "dev/x/f": "0"}
ROUTES = route.find(builders.config(flow("w/", ["dev/", "prod/"])), [RepoPath("w/x/f"), RepoPath("w/y/f")], frozenset())


def test_only_components_that_have_a_file_of_their_own_are_read() -> None:
    reader, root = builders.reader(TREE)
    found = decide.component_files(reader, root, ROUTES)
    assert found == {"w/x": builders.file(TREE["w/x/telefonistka.yaml"]).entry}


def test_the_plan_and_the_trees_go_together() -> None:
    reader, root = builders.reader(TREE)
    files = {RepoPath("w/x"): builders.component(promotionTargetBlockList=["prod"])}
    decision = decide.on(reader, root, ROUTES, files)
    [promotion], [graft] = decision.plan.promotions, decision.grafts
    assert set(promotion.sync) == {"dev/x", "dev/y", "prod/y"}
    after = {**TREE, "dev/x/f": "1", "dev/x/telefonistka.yaml": TREE["w/x/telefonistka.yaml"]}
    assert builders.made(graft).root == builders.trees({**after, "dev/y/f": "1", "prod/y/f": "1"})[1]


def test_nothing_is_decided_on_trees_that_are_not_there_yet() -> None:
    """N1: an unread source is not a deleted one."""
    loaded, root = builders.trees(TREE)
    partly = Trees()
    for _ in range(10):
        answer = attempt(partly, lambda reader: decide.on(reader, root, ROUTES, {}))
        if not isinstance(answer, Wanted):
            break
        for sha in answer.shas:
            listing = loaded.get(sha)
            assert listing is not None
            partly.add(sha, listing)
    assert answer == attempt(loaded, lambda reader: decide.on(reader, root, ROUTES, {}))


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        (builders.symlink("elsewhere"), "must be a plain file, not a symlink"),
        (builders.submodule(), "must be a plain file, not a submodule"),
    ],
)
def test_a_components_file_that_is_no_plain_file_can_not_be_used(leaf: builders.File, said: str) -> None:
    """N3: a block list that can't be read blocks everything."""
    found = decide.read_component(RepoPath("w/x"), leaf.entry, leaf.content)
    assert isinstance(found, Invalid)
    assert str(found.problems[0]) == f"w/x/telefonistka.yaml: {said}"


def test_a_directory_in_the_files_place_can_not_be_used() -> None:
    reader, root = builders.reader({"w/x/telefonistka.yaml/f": "1"})
    entry = reader.find(root, RepoPath("w/x/telefonistka.yaml"))
    assert entry is not None
    found = decide.read_component(RepoPath("w/x"), entry, None)
    assert isinstance(found, Invalid)
    assert "not a directory" in found.problems[0].message


@pytest.mark.parametrize("mode", [0o100644, 0o100755, 0o100664])
def test_any_plain_file_is_read(mode: int) -> None:
    entry = builders.File(b"", mode).entry
    assert isinstance(decide.read_component(RepoPath("w/x"), entry, b"disableArgoCDDiff: true"), Valid)
