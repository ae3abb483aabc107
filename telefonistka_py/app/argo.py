"""The clients of every Argo CD, from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telefonistka_py.argocd.client import Client
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.settings import Settings


@asynccontextmanager
async def clients(settings: Settings, metrics: Metrics) -> AsyncIterator[tuple[Client, ...]]:
    """One for each instance; their connections are open as long as the context is. Nothing is asked yet."""

    def observe(instance: str, operation: str, status: str, seconds: float) -> None:
        metrics.argocd_requests.labels(instance=instance, operation=operation, status=status).inc()
        metrics.argocd_seconds.labels(instance=instance, operation=operation).observe(seconds)

    made = tuple(Client(each, settings.argocd_limits, observe=observe) for each in settings.argocd_instances)
    try:
        yield made
    finally:
        for client in made:
            await client.close()
