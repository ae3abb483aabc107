"""Judges who we are at GitHub: connection, clock, App, permissions, events, installations, limits. Plain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from telefonistka_py import needs
from telefonistka_py.doctor.facts import AppFacts, Installed, Left, Person, Reached
from telefonistka_py.doctor.model import Finding, doubtful, fine, wrong

SKEW_TOLD = timedelta(seconds=30)
"""Proofs of an App are issued a minute ago and last 8 minutes, so that less is no matter."""
SKEW_FATAL = timedelta(days=1)
MOST_NAMED = 5
"""Accounts that are named one by one where all is well."""
LOW = 0.2
"""The share of a limit below which it is worth a word."""


def reached(facts: Reached, url: str) -> Iterator[Finding]:
    yield fine(f"{url} answers within {facts.seconds * 1000:,.0f} ms.")
    off = abs(facts.ahead)
    words = f"This machine's clock is {_span(off)} {'behind' if facts.ahead > timedelta(0) else 'ahead of'} GitHub's"
    if off > SKEW_FATAL:
        yield wrong(f"{words}: GitHub takes no proof of the App's.", "Set the clock; run NTP.")
    elif off > SKEW_TOLD:
        yield doubtful(f"{words}. That is allowed for.", "Set the clock; run NTP.")
    else:
        yield fine("This machine's clock agrees with GitHub's.")


def app(facts: AppFacts) -> Iterator[Finding]:
    yield fine(f"The credentials work: this is the App {facts.slug} (number {facts.id}) of {facts.owner}.")
    settings = f"Add it at {facts.settings_url}/permissions"
    missing = [each for each in needs.PERMISSIONS if not each.granted(facts.permissions)]
    for permission in missing:
        have = facts.permissions.get(permission.name)
        said = f"The App lacks the permission {permission.name}: {permission.level}"
        said += f" (it has {have}). {permission.without}" if have else f". {permission.without}"
        judged = wrong if permission.vital else doubtful
        yield judged(said, f"{settings}; each account must then accept it.")
    if not missing:
        yield fine("It has every permission that is needed.")
    absent = [each for each in needs.EVENTS if each.name not in facts.events]
    for event in absent:
        judged = wrong if event.vital else doubtful
        yield judged(f"The App is not subscribed to {event.name}. {event.without}", f"{settings}.")
    if not absent:
        yield fine("It is subscribed to every event that is used.")


def person(facts: Person) -> Iterator[Finding]:
    yield fine(f"The token works: it belongs to {facts.login}.")
    if facts.scopes is not None and "repo" not in facts.scopes:
        have = ", ".join(sorted(facts.scopes)) or "none"
        yield wrong(f"The token lacks the scope repo (it has: {have}).", "Make a token with that scope.")
    yield doubtful(
        "A personal token has no webhook of its own and no log of deliveries: missed webhooks are not found again.",
        "Register an App with `telefonistka setup`.",
    )


def installations(app: AppFacts, found: Iterable[Installed]) -> Iterator[Finding]:
    found = tuple(found)
    if not found:
        yield wrong(
            "The App is installed nowhere, so that it sees no repository.",
            f"Install it: {app.html_url}/installations/new.",
        )
    well = []
    for each in found:
        if each.suspended:
            yield wrong(f"The installation on {each.account} is suspended.", f"Unsuspend it: {each.html_url}.")
        elif ungranted := _ungranted(app, each):
            vital = any(permission.vital for permission in ungranted)
            names = ", ".join(f"{permission.name}: {permission.level}" for permission in ungranted)
            judged = wrong if vital else doubtful
            yield judged(
                f"{each.account} has not accepted these permissions of the App yet: {names}.",
                f"An owner of {each.account} reviews the request at {each.html_url}.",
            )
        else:
            well.append(each.account)
    if well:
        more = f" and {len(well) - MOST_NAMED:,} more" if len(well) > MOST_NAMED else ""
        yield fine(f"It is installed on {', '.join(well[:MOST_NAMED])}{more}.")


def limits(found: Mapping[str, Sequence[Left] | None], now: datetime) -> Iterator[Finding]:
    """By whose they are; None where GitHub has no limits. What is fine is told one by one only if there are few."""
    well = []
    for whose, left in found.items():
        if left is None:
            well.append(fine(f"{whose}: there is no rate limit."))
        for each in left or ():
            said = f"{whose}: {each.remaining:,} of {each.limit:,} {each.resource} requests are left this hour."
            until = f"It is renewed in {_span(max(each.reset - now, timedelta(0)))}."
            if each.remaining == 0:
                yield wrong(said, f"{until} See who else uses the same App or token.")
            elif each.remaining < LOW * each.limit:
                yield doubtful(said, until)
            else:
                well.append(fine(said))
    if len(well) > 2 * MOST_NAMED:
        yield fine(f"{len(well):,} other limits have more than {LOW:.0%} left.")
    else:
        yield from well


def _ungranted(app: AppFacts, each: Installed) -> list[needs.Permission]:
    """What the App asks for and the account has not granted; what the App itself lacks is told elsewhere."""
    wanted = (permission for permission in needs.PERMISSIONS if permission.granted(app.permissions))
    return [permission for permission in wanted if not permission.granted(each.permissions)]


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
