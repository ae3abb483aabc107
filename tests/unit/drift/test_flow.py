"""The drift check on an open pull request: what it reads, what it says, and what it keeps quiet about."""

import pytest

from telefonistka_py.drift import gather
from telefonistka_py.drift.model import Content as Read
from telefonistka_py.drift.model import Differs, LeftOut, Nature, NotCompared, Opaque
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import metadata
from telefonistka_py.sandbox import Content, File, Link, Submodule
from tests import builders
from tests.unit.drift.conftest import Benches

CONFIG = """
promotionPaths:
  - sourcePath: workspace/
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
"""
PLACES = ("workspace", "clusters/dev", "clusters/lab")
CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": "tag: 9\n"}


def level(config: str = CONFIG, places: tuple[str, ...] = PLACES) -> dict[str, Content]:
    files: dict[str, Content] = {"telefonistka.yaml": config}
    for place in places:
        files |= {f"{place}/nginx/values.yaml": "tag: 1\n", f"{place}/nginx/deep/er/down/here/it/is.yaml": "x: 1\n"}
    return files


async def test_no_drift_is_no_comment(benches: Benches) -> None:
    bench = await benches.holding(level())
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull)

    assert len(report.compared) == 2
    assert report.differing == ()
    assert not report.failed
    assert bench.said(pull) == []


async def test_a_direct_change_of_a_target_is_told_with_its_commit(benches: Benches) -> None:
    bench = await benches.holding(level())
    sha = await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n", "clusters/lab/nginx/extra.yaml": "y\n"})
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull)

    [said] = bench.said(pull)
    assert not report.failed
    assert "Found drift between environments" in said
    assert "| `workspace/nginx` ↔️  `clusters/lab/nginx` | 2 | +1 −1 | changed directly in the target by " in said
    assert f"[`{sha[:7]}`]({bench.repo.html_url}/commit/{sha})" in said
    assert "1 other target is in step." in said
    assert "-tag: 1\n+tag: 2\n" in said
    assert "missing from the source: a promotion removes them.\n\n- `clusters/lab/nginx/extra.yaml`" in said
    assert f"]({bench.repo.html_url}/blame/main/clusters/lab/nginx/values.yaml)" in said
    assert "tag: 9" not in said, "the changes of the pull request itself are no drift"


async def test_an_open_promotion_that_carries_the_change_is_named(benches: Benches) -> None:
    bench = await benches.holding(level())
    await bench.directly({"workspace/nginx/values.yaml": "tag: 2\n"})
    await bench.repo.commit("promoter", "promotions/1", {"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    body = promoting("clusters/lab/nginx", "clusters/dev/nginx")
    promotion = await bench.repo.open_pull("promoter", head="promotions/1", title="P", body=body, labels=("promotion",))
    pull = await bench.opened(CHANGE)

    await bench.check(pull)

    [said] = bench.said(pull)
    lab, dev = row(said, "clusters/lab/nginx"), row(said, "clusters/dev/nginx")
    assert f"the open promotion #{promotion.number} carries this change" in lab
    assert f"#{promotion.number} goes there, but not with what the source holds now" in dev, "metadata proves nothing"


async def test_a_source_that_moved_on_is_told_where_no_promotion_carries_it(benches: Benches) -> None:
    bench = await benches.holding(level())
    sha = await bench.directly({"workspace/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)

    await bench.check(pull)

    [said] = bench.said(pull)
    assert f"the source was changed by [`{sha[:7]}`]" in row(said, "clusters/lab/nginx")
    assert "no open promotion carries that" in row(said, "clusters/dev/nginx")


async def test_the_comment_is_kept_current_and_folded_away_when_all_is_level_again(benches: Benches) -> None:
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)
    await bench.check(pull)
    await bench.check(pull)
    [first] = bench.said(pull)

    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 3\n"})
    await bench.check(pull)
    [second] = bench.shown(pull)
    assert first != second
    assert "+tag: 3" in second

    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 1\n"})
    await bench.check(pull)
    [third] = bench.said(pull)
    assert "in step" in third
    assert bench.shown(pull) == []

    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 4\n"})
    await bench.check(pull)
    assert [text for text in bench.shown(pull) if "+tag: 4" in text] == bench.shown(pull)
    assert len(bench.shown(pull)) == 1


async def test_a_pull_request_that_touches_no_component_any_more_loses_its_comment(benches: Benches) -> None:
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)
    await bench.check(pull)
    await bench.repo.commit("alice", "feature", {"workspace/nginx/values.yaml": "tag: 1\n", "README.md": "x\n"})

    await bench.check(pull)

    assert bench.shown(pull) == []


async def test_five_targets_with_ten_differing_files_cost_at_most_six_requests_beside_the_status(
    benches: Benches,
) -> None:
    targets = [f"clusters/c{number}" for number in range(5)]
    config = f"promotionPaths:\n  - sourcePath: workspace/\n    promotionPrs:\n      - targetPaths: {targets}\n"
    files: dict[str, Content] = {"telefonistka.yaml": config}
    for number in range(10):
        files[f"workspace/nginx/templates/f{number}.yaml"] = f"value: {number}\n"
        files |= {f"{target}/nginx/templates/f{number}.yaml": f"{target}: {number}\n" for target in targets}
    bench = await benches.holding(files)
    pull = await bench.opened({"workspace/nginx/new.yaml": "x\n"})

    report = await bench.check(pull)

    assert [len(differs.files) for _, differs in report.differing] == [10] * 5
    assert len(bench.hub.exchanges) <= 6


@pytest.mark.parametrize("status", [502, 403, 404])
async def test_contents_that_can_not_be_read_are_named_never_taken_for_equal(benches: Benches, status: int) -> None:
    """N1"""
    bench = await benches.holding(level() | {"clusters/lab/nginx/b": b"\xff\xfe", "workspace/nginx/b": b"\xff"})
    pull = await bench.opened(CHANGE)
    bench.hub.will_answer(status, path=r"/git/blobs/", times=9)

    report = await bench.check(pull)

    assert report.failed
    assert (report.unwell is None) == (status == 404), "what GitHub refuses is refused the next time, too"
    [said] = bench.said(pull)
    assert "`b` ⛔ could not be compared: GitHub answered" in said


async def test_where_the_comparison_can_not_be_read_nothing_is_said_and_it_is_to_be_tried_again(
    benches: Benches,
) -> None:
    """N1"""
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)
    await bench.check(pull)
    before = bench.said(pull)
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 3\n"})
    bench.hub.will_answer(502, operation="Look")

    report = await bench.check(pull)

    assert isinstance(report.unwell, WorldUnwell)
    assert report.failed
    assert bench.said(pull) == before
    await bench.check(pull)
    assert "+tag: 3" in bench.said(pull)[0]


async def test_a_history_that_can_not_be_read_hides_no_drift(benches: Benches) -> None:
    """N17"""
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)
    bench.hub.will_answer(502, operation="Traces")

    report = await bench.check(pull)

    [said] = bench.said(pull)
    assert "+tag: 2" in said
    assert "unknown: the history could not be read" in said
    assert not report.failed


async def test_a_component_whose_own_file_can_not_be_used_is_not_in_step(benches: Benches) -> None:
    """N3"""
    bench = await benches.holding(level())
    pull = await bench.opened({**CHANGE, "workspace/nginx/telefonistka.yaml": "promotionTargetBlockList: 1\n"})

    report = await bench.check(pull)

    assert report.failed
    assert all(isinstance(each.standing, NotCompared) for each in report.compared)
    [said] = bench.said(pull)
    assert "`workspace/nginx` ↔️  `clusters/dev/nginx` could not be compared: " in said
    assert "Found drift" not in said


async def test_the_block_list_of_the_head_counts(benches: Benches) -> None:
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n", "clusters/dev/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened({"workspace/nginx/telefonistka.yaml": "promotionTargetBlockList: [lab]\n"})

    report = await bench.check(pull)

    assert [pair.target for pair, _ in report.differing] == ["clusters/dev/nginx"]


async def test_the_block_list_of_a_fork_does_not_count(benches: Benches) -> None:
    """N26"""
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    bench.hub.add_user("mallory")
    fork = await bench.repo.fork("mallory")
    await fork.commit("mallory", "main", {"workspace/nginx/telefonistka.yaml": "promotionTargetBlockList: [lab]\n"})
    pull = await bench.repo.open_pull("mallory", head="mallory:main", title="Look away")

    report = await bench.check(pull)

    assert [pair.target for pair, _ in report.differing] == ["clusters/lab/nginx"]


async def test_a_pull_request_to_another_branch_is_not_checked(benches: Benches) -> None:
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    await bench.repo.commit("alice", "other", {"README.md": "x\n"})
    await bench.repo.commit("alice", "feature", CHANGE, start="other")
    pull = await bench.repo.open_pull("alice", head="feature", title="T", base="other")

    assert (await bench.check(pull)).compared == ()
    assert bench.said(pull) == []


async def test_a_configuration_that_can_not_be_used_is_said(benches: Benches) -> None:
    bench = await benches.holding(level("promotionPaths: 1\n"))
    pull = await bench.opened(CHANGE)

    assert (await bench.check(pull)).failed
    [said] = bench.said(pull)
    assert "Found drift" not in said
    assert "telefonistka.yaml on main can't be used: line 1: promotionPaths must be a list, not the number 1" in said


async def test_every_kind_of_difference_is_named(benches: Benches) -> None:
    differing: dict[str, tuple[Content, Content, Nature]] = {
        "binary": (b"\0a", b"\0b", Nature.BINARY),
        "latin": (b"caf\xe9\n", b"th\xe9\n", Nature.NOT_UTF8),
        "huge": ("a\n" * 600_000, "b\n" * 600_000, Nature.HUGE),
        "truncated": ("a" * 600_000 + "\nx\n", "a" * 600_000 + "\ny\n", Nature.TEXT),
        "mode": ("x\n", File("x\n", mode="100755"), Nature.MODE),
        "link": (Link("one"), Link("other"), Nature.SYMLINK),
        "module": (Submodule("1" * 40), Submodule("2" * 40), Nature.SUBMODULE),
        "kind": ("x", Link("x"), Nature.KIND),
        "text": ("a\r\nb", "a\r\nb\n", Nature.TEXT),
    }
    files = level()
    for name, (one, other, _) in differing.items():
        files |= {f"workspace/nginx/{name}": one, f"clusters/lab/nginx/{name}": other}
    files |= {f"clusters/dev/nginx/{name}": one for name, (one, _, _) in differing.items()}
    bench = await benches.holding(files)
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull)

    [(_, lab)] = report.differing
    assert isinstance(lab, Differs)
    assert {file.path: file.nature for file in lab.files} == {name: nature for name, (*_, nature) in differing.items()}
    assert not report.failed


def promoting(*targets: str) -> str:
    """The body of a promotion that says it goes to `targets`."""
    return metadata.block(builders.metadata(promoted_paths=tuple(RepoPath(target) for target in targets)))


def row(said: str, target: str) -> str:
    """The line of the summary about `target`."""
    return next(line for line in said.splitlines() if line.startswith("| ") and f"`{target}`" in line)


async def test_drift_longer_than_one_comment_is_told_in_parts_that_go_again(benches: Benches) -> None:
    """N19"""
    files = level()
    for place in PLACES:
        files[f"{place}/nginx/long.yaml"] = "".join(f"{place}-{number}: value\n" for number in range(900))
    bench = await benches.holding(files)
    pull = await bench.opened(CHANGE)

    await bench.check(pull)

    first, second = bench.shown(pull)
    assert "**Part 1 of 2** · see also [part 2](" in first
    for part, own, other in ((first, "dev", "lab"), (second, "lab", "dev")):
        assert f"+clusters/{own}-7: value" in part
        assert f"+clusters/{other}-7: value" not in part

    long = files["workspace/nginx/long.yaml"]
    await bench.directly({"clusters/dev/nginx/long.yaml": long, "clusters/lab/nginx/long.yaml": "short\n"})
    await bench.check(pull)
    [only] = bench.shown(pull)
    assert "+short" in only


async def test_a_head_that_github_does_not_know_yet_is_no_head_without_a_block_list(benches: Benches) -> None:
    """N1, N3"""
    bench = await benches.holding(level())
    await bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"})
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull, head_sha="1" * 40)

    assert isinstance(report.unwell, WorldUnwell)
    assert bench.said(pull) == []


async def test_what_happens_on_the_default_branch_meanwhile_is_not_mixed_in(benches: Benches) -> None:
    """N4"""
    bench = await benches.holding(level())
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull, meanwhile=lambda: bench.directly({"clusters/lab/nginx/values.yaml": "tag: 2\n"}))

    assert report.differing == ()
    assert [pair.target for pair, _ in (await bench.check(pull)).differing] == ["clusters/lab/nginx"]


async def test_of_hundreds_of_differing_files_those_beyond_the_limit_are_named(benches: Benches) -> None:
    files = level()
    for number in range(gather.MOST_READ // 2 + 10):
        files |= {f"{place}/nginx/f{number:03}": f"{place}: {number}\n" for place in PLACES if "dev" not in place}
        files[f"clusters/dev/nginx/f{number:03}"] = files[f"workspace/nginx/f{number:03}"]
    bench = await benches.holding(files)
    pull = await bench.opened(CHANGE)

    report = await bench.check(pull)

    [(_, lab)] = report.differing
    natures = [file.nature for file in lab.files]
    assert natures.count(Nature.TEXT) == gather.MOST_READ // 2
    assert natures.count(Nature.LEFT_OUT) == 10
    assert not report.failed
    assert len(bench.hub.exchanges) <= 10


def test_megabytes_of_differing_files_are_left_out_not_compared() -> None:
    """N27"""
    read: dict[Sha, Read] = {Sha("a"): b"x" * 6, Sha("b"): Opaque(9, True), Sha("c"): b"x" * 5, Sha("d"): b"x" * 5}
    kept = gather.within(read, 11)
    assert [kept[sha] for sha in read if sha != "d"] == [read[sha] for sha in read if sha != "d"]
    assert isinstance(kept[Sha("d")], LeftOut)
