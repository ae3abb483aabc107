"""What is said of forwarded pushes: in the log, and in the notes of deliveries."""

from collections.abc import Sequence

from telefonistka_py.fanout.model import Answered, Attempt, Busy, Forbidden, Later, Result, Sent, Unanswered, shown

LONGEST = 2_000
"""Characters of a note."""


def status(attempt: Answered | Unanswered) -> str:
    """For counting: `200`, or one of few words."""
    return str(attempt.status) if isinstance(attempt, Answered) else attempt.kind


def of(attempt: Attempt) -> str:
    """How an attempt ended: `200 in 12 ms`."""
    match attempt:
        case Answered(status, seconds):
            redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
            return f"{status} in {seconds * 1000:.0f} ms{redirect}"
        case Unanswered(kind, why):
            return f"{kind}: {why}"
        case Forbidden(why) | Busy(why):
            return why


def together(urls: Sequence[str], results: Sequence[Result]) -> str:
    """The note of a round: a summary, what is not well, and then each endpoint, as far as there is room."""
    sent = sum(isinstance(result, Sent) for result in results)
    later = sum(isinstance(result, Later) for result in results)
    never = len(results) - sent - later
    parts = [f"forwarded to {sent} of {len(results)}"]
    parts += [f"{later} will be tried again"] if later else []
    parts += [f"{never} never"] if never else []
    said = sorted(
        zip(urls, results, strict=True), key=lambda each: isinstance(each[1], Sent)
    )  # what needs a look comes first
    note = ", ".join(parts)
    for number, (url, result) in enumerate(said):
        line = f"; {shown(url)} {result.note}"
        if len(note) + len(line) > LONGEST:
            return f"{note}; and {len(said) - number} more"
        note += line
    return note
