"""Repositories are shared out among queries that are not too heavy, and none is left out."""

from telefonistka_py.census import share
from telefonistka_py.github.tallies import Ask
from telefonistka_py.names import RepoName


def asks(*sizes: int) -> list[Ask]:
    return [Ask(RepoName(f"o/r{number}"), size) for number, size in enumerate(sizes)]


def batches(todo: list[Ask], heaviest: int) -> list[list[int]]:
    found = []
    while todo:
        now, todo = share.batch(todo, heaviest)
        found.append([each.first for each in now])
    return found


def test_a_query_holds_what_it_can_carry() -> None:
    assert batches(asks(10, 10, 10, 10), 24) == [[10, 10], [10, 10]]


def test_something_always_goes_however_heavy() -> None:
    assert batches(asks(100, 100, 1), 5) == [[100], [100], [1]]


def test_a_hundred_full_repositories_take_25_queries_and_a_hundred_small_ones_2() -> None:
    assert len(batches(asks(*[100] * 100), share.HEAVIEST)) == 25
    assert len(batches(asks(*[share.first(RepoName("o/r"), 3).first] * 100), share.HEAVIEST)) == 2


def test_no_query_names_too_many_repositories() -> None:
    assert [len(each) for each in batches(asks(*[1] * 130), share.HEAVIEST)] == [60, 60, 10]


def test_a_page_is_asked_for_that_holds_a_few_more_than_there_were_and_never_too_many() -> None:
    repo = RepoName("o/r")
    assert share.first(repo, None).first == 10
    assert share.first(repo, 0).first == 2
    assert share.first(repo, 16).first == 18
    assert share.first(repo, 99).first == 100
    assert share.further(Ask(repo, 10), "cursor", 5) == Ask(repo, 7, "cursor")
    assert share.further(Ask(repo, 10), "cursor", 1000).first == 100
    assert share.further(Ask(repo, 10), "cursor", -5).first == 1
