"""Facts to HTML: also odd ones."""

from datetime import UTC, datetime, timedelta

from telefonistka_py.inbox.model import Counts, Entry, State
from telefonistka_py.names import Lane
from telefonistka_py.server.pages import render
from telefonistka_py.server.pages.model import Deliveries, Facts, Server

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def facts(*entries: Entry, dead: int = 0) -> Facts:
    of = {state: [each for each in entries if each.state is state] for state in State}
    counts = Counts(0, 0, 0, dead or len(of[State.DEAD]))
    held = Deliveries(counts, 0, of[State.DEAD], of[State.WAITING], of[State.UNDERWAY], entries)
    return Facts(Server("1.0", "server-0", NOW - timedelta(hours=3), "https://github.com"), NOW, [], held, [], [], [])


def entry(state: State, note: str = "", lane: str = "acme/infra#7", due_at: datetime | None = None) -> Entry:
    return Entry("d1", "pull_request", Lane(lane), NOW, state, 1, 0, due_at, None, None, note)


def shown(given: Facts) -> str:
    return render.page(given, lambda text: text.replace("hunter2", "[secret]"))


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    html = shown(facts(entry(State.DONE, "file \udcff and \ud800")))
    html.encode()
    assert "\\xff" in html or "\\udcff" in html


def test_texts_of_others_are_scrubbed_wherever_they_stand() -> None:
    html = shown(facts(entry(State.DEAD, "hunter2", lane="hunter2"), entry(State.WAITING, "hunter2", due_at=NOW)))
    assert "hunter2" not in html


def test_how_many_more_are_dead_is_said() -> None:
    assert "The newest 1 are shown" in shown(facts(entry(State.DEAD, "a bug"), dead=1_234))


def test_spans_are_said_in_the_largest_unit_that_fits_twice() -> None:
    html = shown(facts(entry(State.WAITING, "later", due_at=NOW + timedelta(days=3))))
    assert "in 3 d" in html
    assert "3 h ago" in html
    assert "just now" in html


def test_commits_are_shortened_and_only_pull_requests_are_links() -> None:
    html = shown(
        facts(entry(State.DONE, lane=f"acme/infra!{'a' * 40}"), entry(State.DONE, lane="acme/infra#9!landing"))
    )
    assert f"acme/infra!{'a' * 10}<" in html
    assert 'href="https://github.com/acme/infra/issues/9"' in html
    assert html.count("<a ") == 1
