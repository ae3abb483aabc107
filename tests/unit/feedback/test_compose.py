import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.feedback import compose, fences, size
from telefonistka_py.feedback.model import Message, Section
from tests.unit.feedback import reading
from tests.unit.feedback.test_balance import JUNK

HEAD = "## Found drift between environments\n\nA target differs from its source."
DIFF = "-  image: nginx:1.26\n+  image: nginx:1.27\n"
HOW = "telefonistka drift"


def diff(name: str, units: int, *, brief: str = "", unfolded: bool = False) -> Section:
    """A section of about that many UTF-16 units, every line of which names it."""
    line = f"-  {name}: a\n+  {name}: b\n"
    return Section(f"`{name}`", fences.fenced(line * (units // len(line) + 1), "diff"), brief, unfolded)


def test_a_short_message_is_shown_as_asked() -> None:
    message = Message(HEAD, [Section("`a`", "text", open=True), Section("b", "```\nx\n```")], "The end.")
    assert compose.compose(message) == [
        f"{HEAD}\n\n"
        "<details open><summary><code>a</code></summary>\n\ntext\n\n</details>\n\n"
        "<details><summary>b</summary>\n\n```\nx\n```\n\n</details>\n\n"
        "The end."
    ]


def test_a_message_of_one_sentence_is_that_sentence() -> None:
    assert compose.compose(Message("Nothing to do.\r\n")) == ["Nothing to do."]


def test_a_long_message_is_folded() -> None:
    sections = [diff("a", 10_000, unfolded=True), diff("b", 3_000, unfolded=True)]
    (part,) = compose.compose(Message(HEAD, sections))
    assert part.count("<details>") == 2
    assert "<details open>" not in part


def test_what_fits_in_no_comment_is_split_between_sections() -> None:
    """N19: never a part that shows another part's content."""
    names = ["east", "west", "north"]
    parts = compose.compose(Message(HEAD, [diff(name, 40_000) for name in names], "The end."))
    assert len(parts) == 3
    for name, part in zip(names, parts, strict=True):
        assert [other for other in names if other in part] == [name]
        assert size.fits(part, size.LIMIT)
        assert reading.complaints(part) == []
        assert diff(name, 40_000).body in part
        assert part.startswith("## Found drift between environments\n\n")
    assert [part.count("A target differs") for part in parts] == [1, 0, 0]
    assert [part.count("The end.") for part in parts] == [0, 0, 1]
    assert "**Part 2 of 3** · see also part 1, part 3\n" in parts[1]


def test_parts_link_each_other_once_their_comments_exist() -> None:
    parts = compose.compose(Message(HEAD, [diff(name, 40_000) for name in "abc"]))
    urls = ["https://github.example/o/r/pull/7#issuecomment-1", "", "https://github.example/o/r/pull/7#issuecomment-3"]
    texts = compose.linked(parts, urls)
    assert f"**Part 1 of 3** · see also part 2, [part 3]({urls[2]})\n" in texts[0]
    assert f"**Part 2 of 3** · see also [part 1]({urls[0]}), [part 3]({urls[2]})\n" in texts[1]
    assert compose.linked(texts, urls) == texts
    assert compose.linked(["alone"], [urls[0]]) == ["alone"]


def test_linked_parts_fit_even_with_long_addresses() -> None:
    message = Message(HEAD, [Section("a", "x " * 90_000), *(diff(name, 60_000) for name in "bcdefg")])
    parts = compose.compose(message)
    assert len(parts) == compose.MOST_PARTS
    texts = compose.linked(parts, ["https://github.example/" + "x" * 250] * 5)
    assert all(size.fits(text, size.LIMIT) for text in texts)
    assert all(text.count("https://") == 4 for text in texts)
    assert compose.linked(parts, ["https://github.example/" + "x" * 60_000] * 5) == parts


def test_a_section_too_long_for_any_part_is_shown_by_its_brief() -> None:
    long = diff("web", 90_000, brief="- `web/Deployment/nginx`\n- `web/Service/nginx`")
    (part,) = compose.compose(Message(HEAD, [long, Section("b", "fits")]), how_to_see_the_rest=HOW)
    lines = long.body.count("\n") + 1
    assert (
        "<summary><code>web</code></summary>\n\n- `web/Deployment/nginx`\n- `web/Service/nginx`\n\n"
        f"{lines:,} lines are too long to show here; see the rest with `telefonistka drift`.\n\n</details>" in part
    )
    assert "image" not in part
    assert "fits" in part


def test_without_a_brief_it_is_cut_at_a_line_and_the_rest_counted() -> None:
    long = diff("web", 90_000)
    (part,) = compose.compose(Message(HEAD, [long]), how_to_see_the_rest=HOW)
    assert reading.complaints(part) == []
    (block,) = reading.code_blocks(part)
    assert block in long.body
    missing = long.body.count("\n") + 1 - 1 - len(block.splitlines())
    assert f"```\n\n… {missing:,} more lines; see the rest with `telefonistka drift`.\n\n</details>" in part
    assert len(part) > 60_000


def test_sections_beyond_the_last_part_are_counted_and_named() -> None:
    sections = [diff(f"env-{number:03}", 5_000) for number in range(300)]
    parts = compose.compose(Message(HEAD, sections, "The end."), how_to_see_the_rest=HOW)
    assert len(parts) == compose.MOST_PARTS
    whole = sum(part.count("<summary>") for part in parts)
    assert (
        f"**{300 - whole} more sections are not shown here**; see the rest with `telefonistka drift`.\n\n" in parts[-1]
    )
    assert re.findall(r"^- <code>(.*)</code>$", parts[-1], re.M) == [f"env-{n:03}" for n in range(whole, 300)]
    assert parts[-1].endswith("\n\nThe end.")


def test_titles_that_do_not_fit_either_are_counted() -> None:
    sections = [Section(f"`{number}-{'x' * 250}`", "body " * 30) for number in range(2_000)]
    parts = compose.compose(Message(HEAD, sections))
    shown = sum(part.count("<summary>") for part in parts)
    named = len(re.findall(r"^- <code>", parts[-1], re.M))
    assert parts[-1].endswith(f"\n- … and {2_000 - shown - named:,} more")
    assert f"**{2_000 - shown:,} more sections are not shown here**." in parts[-1]
    assert named > 50


def test_a_section_that_forgets_to_close_its_block_takes_no_other_with_it() -> None:
    """N28"""
    bodies = ["```\nopen", "<details>\n\nopen", "</details>", "<!-- open", "<pre>\nopen"]
    (part,) = compose.compose(
        Message("<details>\n\n~~~", [Section(f"title {body}", body) for body in bodies], "</div>")
    )
    assert reading.complaints(part) == []
    assert part.count("<summary>title") == len(bodies)


@pytest.mark.parametrize(
    "message",
    [
        Message("a line of prose, as people write it\n" * 9_000),
        Message("🚀" * 90_000),
        Message("# a\n\n" + "a few words\n" * 9_000, [Section("b", "c")], "other words\n" * 9_000),
        Message("", [Section("", "")]),
        Message(
            "", [Section("t" * 90_000, "🚀 and a few words\n" * 9_000, "é and a few words\n" * 9_000)], "z" * 90_000
        ),
        Message("x" * 90_000, [Section("a", "- ```\n" * 90_000)]),
    ],
)
def test_nothing_is_too_long_to_be_said(message: Message) -> None:
    """N19"""
    for most_parts in (1, 2, 5):
        parts = compose.compose(message, most_parts=most_parts)
        assert 1 <= len(parts) <= most_parts
        assert all(size.fits(part, size.LIMIT) and not reading.complaints(part) for part in parts)


@pytest.mark.parametrize(("limit", "most_parts"), [(7_999, 5), (8_000, 14), (65_000, 0)])
def test_an_impossible_frame_is_refused(limit: int, most_parts: int) -> None:
    with pytest.raises(ValueError, match="no comment fits"):
        compose.compose(Message("a"), limit=limit, most_parts=most_parts)


_BLOCKS = st.one_of(
    st.builds(lambda text, times: fences.fenced(text * times, "diff"), st.text(max_size=20), st.integers(1, 800)),
    st.builds(
        lambda line, times: f"{line}\n" * times,
        st.sampled_from(["words", "| a | `b` |", "- é 🚀", "> q"]),
        st.integers(1, 900),
    ),
    st.builds(
        lambda text: f"<details><summary>a</summary>\n\n{fences.fenced(text)}\n\n</details>", st.text(max_size=40)
    ),
    st.sampled_from(["<!-- note -->", "~~~~\n```\n~~~~", "<table><tr><td>\n\na\n\n</td></tr></table>", "x" * 9_000]),
)
_BODIES = st.one_of(
    st.lists(_BLOCKS, max_size=4).map("\n\n".join), st.builds(lambda a, n: a * n, JUNK, st.integers(1, 300))
)
_SECTIONS = st.lists(
    st.tuples(_BODIES, st.sampled_from(["", "", "- brief", "- brief\n" * 3_000]), st.booleans()), max_size=14
)


@given(_SECTIONS, st.sampled_from(["## Title\n\nwords", "", "## Title\n\n" + "long " * 3_000]), st.integers(1, 6))
@settings(max_examples=80, deadline=None)
def test_every_part_fits_and_every_section_is_in_one_place_in_order(
    drawn: Sequence[tuple[str, str, bool]], head: str, most_parts: int
) -> None:
    """N19, N28"""
    sections = [Section(f"section {n} of this", body, brief, unfold) for n, (body, brief, unfold) in enumerate(drawn)]
    message = Message(head, sections, "the foot")
    parts = compose.compose(message, limit=8_000, long=3_000, most_parts=most_parts)
    assert parts == compose.compose(message, limit=8_000, long=3_000, most_parts=most_parts)
    assert 1 <= len(parts) <= most_parts
    assert all(
        size.fits(part, 8_000)
        for part in compose.linked(parts, ["https://x.example/" + "y" * 270] * len(parts), limit=8_000)
    )
    named = [int(n) for n in re.findall(r"^(?:<details.*<summary>|- |)section (\d+) of this", "\n".join(parts), re.M)]
    uncounted = re.search(r"^- … and ([\d,]+) more$", parts[-1], re.M)
    assert named == list(range(len(named)))
    assert len(named) + (int(uncounted[1]) if uncounted else 0) == len(sections)
    if all(_is_sound(section.body) for section in sections):
        assert [reading.complaints(part) for part in parts] == [[]] * len(parts)


def _is_sound(body: str) -> bool:
    return not reading.complaints(body)


def test_long_messages_take_no_time() -> None:
    """300 sections of 5 KB and one of 10 MB; the bounds leave a slow machine ten times what this takes."""
    many = Message(HEAD, [diff(f"env-{number}", 5_000) for number in range(300)])
    huge = Message(HEAD, [Section("a", fences.fenced(f"{DIFF}  größe: 🚀\n" * 190_000, "diff"))])
    assert len(huge.sections[0].body.encode()) > 10_000_000
    for message, most in ((many, 0.05), (huge, 0.2)):
        started = time.process_time()
        compose.compose(message)
        assert time.process_time() - started < 10 * most
