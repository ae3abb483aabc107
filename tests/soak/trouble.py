"""What goes wrong, by one seeded row of dice: requests that fail, webhooks sent twice, servers killed."""

import random
from collections import Counter
from dataclasses import dataclass, field

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.model import Delivery, Exchange
from tests.soak.replicas import Replicas

FAULTS = 0.05
TWICE = 0.10
REQUESTS_PER_KILL = (250, 500)
"""A server is killed each time that so many requests have been made since the last kill. Oftener, and chance alone
would kill the server five times while it handles one delivery, which is then parked, as it should be."""


@dataclass
class Trouble:
    hub: Hub
    replicas: Replicas
    rng: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    calm: bool = False
    """Whether nothing goes wrong any more but what is sent twice."""
    _until_kill: int = REQUESTS_PER_KILL[1]

    async def on_request(self, exchange: Exchange, side: str) -> None:
        if side == "before":
            self.requests += 1
            if self.calm:
                return
            self._spoil()
            self._until_kill -= 1
            if self._until_kill <= 0:
                self._until_kill = self.rng.randint(*REQUESTS_PER_KILL)
                await self.replicas.kill(self.rng.randrange(self.replicas.count))

    def hear(self, delivery: Delivery) -> None:
        if self.rng.random() < TWICE:
            self.hub.webhooks_will(twice=1)

    def _spoil(self) -> None:
        """The request that is about to be handled meets a fault: nothing comes in between."""
        if self.rng.random() >= FAULTS:
            return
        after_effect = self.rng.random() < 0.5
        kind = self.rng.choice(["502", "limit", "broken connection"])
        self.faults[kind] += 1
        match kind:
            case "502":
                self.hub.will_answer(502, after_effect=after_effect)
            case "limit":
                self.hub.limit_secondary(retry_after=1)
            case _:
                self.hub.will_answer(None, after_effect=after_effect)
