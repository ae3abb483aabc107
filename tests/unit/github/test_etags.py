"""Answers that are asked about again are bounded in bytes, the least recently used go first."""

from telefonistka_py.github.etags import Etags


def keep(it: Etags, url: str, size: int, etag: str = "W/1") -> None:
    it.answered(url, {"etag": etag}, b"x" * size)


def test_what_was_kept_is_found_with_its_etag() -> None:
    it = Etags()
    keep(it, "/a?page=1", 3, "W/1")
    keep(it, "/a?page=2", 4, "W/2")
    found = it.find("/a?page=2")
    assert found is not None
    assert (found.etag, len(found.content)) == ("W/2", 4)
    assert it.find("/a") is None


def test_a_new_answer_replaces_the_old_one() -> None:
    it = Etags()
    keep(it, "/a", 3)
    keep(it, "/a", 5, "W/2")
    assert it.bytes == 5
    it.answered("/a", {}, b"no etag any more")
    assert it.find("/a") is None
    assert it.bytes == 0


def test_what_is_too_large_is_not_kept_nor_what_was_there_before() -> None:
    it = Etags(largest=10)
    keep(it, "/a", 10)
    assert it.find("/a") is not None
    keep(it, "/a", 11)
    assert it.find("/a") is None


def test_it_never_holds_more_than_its_bytes_and_what_was_not_asked_for_longest_goes() -> None:
    it = Etags(most_bytes=100, largest=50)
    for name in "abcdef":
        keep(it, name, 40)
        assert it.bytes <= 100
        it.find("a")
    assert [name for name in "abcdef" if it.find(name)] == ["a", "f"]
