"""The clients of every Argo CD, from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telefonistka_py.argocd.client import Client
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Asked, Tracer
from telefonistka_py.settings import Settings


@asynccontextmanager
async def clients(
    settings: Settings, metrics: Metrics, tracer: Tracer = tracing.OFF
) -> AsyncIterator[tuple[Client, ...]]:
    """One for each instance; their connections are open as long as the context is. Nothing is asked yet."""

    def observe(instance: str, operation: str, status: str, seconds: float) -> None:
        metrics.argocd_requests.labels(argocd_instance=instance, operation=operation, status=status).inc()
        metrics.argocd_seconds.labels(argocd_instance=instance, operation=operation).observe(seconds)
        answered = int(status) if status.isdecimal() else None
        told = {"telefonistka.argocd.instance": instance, "telefonistka.argocd.operation": operation}
        failed = answered is None or answered >= 400
        tracer.asked(Asked(f"Argo CD {operation}", seconds, answered, failed, told))

    made = tuple(Client(each, settings.argocd_limits, observe=observe) for each in settings.argocd_instances)
    try:
        yield made
    finally:
        for client in made:
            await client.close()
