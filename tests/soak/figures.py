"""How long people waited for their promotions."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from telefonistka_py.sandbox.model import Delivery
from tests.soak import judgement
from tests.soak.town import Change, Town


def waits(town: Town, changes: Iterable[Change]) -> list[float]:
    """Seconds from the webhook of each merge to its promotion pull request, shortest first."""
    sent: dict[tuple[str, int], datetime] = {}
    for delivery in town.hub.deliveries:
        if (of := _merge(delivery)) is not None:
            sent.setdefault(of, delivery.delivered_at)
    made = ((change, judgement.promotions(town, change)) for change in changes)
    return sorted(
        (found[0].created_at - sent[change.repo.name, change.number]).total_seconds() for change, found in made if found
    )


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent don't exceed."""
    return sorted_values[max(0, math.ceil(len(sorted_values) * percent / 100) - 1)]


def _merge(delivery: Delivery) -> tuple[str, int] | None:
    if delivery.event != "pull_request" or delivery.action != "closed":
        return None
    return str(delivery.payload["repository"]["full_name"]), int(delivery.payload["number"])
