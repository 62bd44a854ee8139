"""The port on which Prometheus asks for metrics; nothing else is served there, and nobody else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from prometheus_client import start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from app import metrics
from app.domain.operations import DatabaseFacts, Operations
from app.errors import ServiceError
from app.factory import Factory

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long a scrape waits for figures of the database; less than Prometheus waits for a scrape."""


@asynccontextmanager
async def metrics_served(
    factory: Factory, *, host: str, port: int | None
) -> AsyncIterator[int | None]:
    """Measure, and serve the metrics, while the block runs; does nothing without a port.

    Yields the port, which the host chooses for 0. Where it is taken, the service works without:
    nothing that only looks on may stop a contest.
    """
    if port is None:
        yield None
        return
    figures = FiguresCollector(factory, asyncio.get_running_loop())
    with metrics.measured(figures) as registry:
        try:
            server, thread = start_http_server(port, addr=host, registry=registry)
        except OSError as error:
            logger.error("no metrics: %s:%d can't be used: %s", host, port, error)  # noqa: TRY400
            yield None
            return
        logger.info("metrics are served at http://%s:%d/metrics", host, server.server_port)
        try:
            yield server.server_port
        finally:
            # In a thread, as a scrape that is being answered needs this loop.
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            await asyncio.to_thread(thread.join)


class FiguresCollector(Collector):
    """Asks for the figures of the database whenever Prometheus does, from its thread."""

    def __init__(self, factory: Factory, loop: asyncio.AbstractEventLoop) -> None:
        self._factory = factory
        self._loop = loop

    def describe(self) -> Iterable[Metric]:
        """Name nothing ahead: registering must not ask the database."""
        return ()

    @override
    def collect(self) -> Iterable[Metric]:
        """Give what can be had; without the database, its figures are missing."""
        yield _gauge("execution_open_sockets", "Open WebSockets.", self._factory.open_sockets.total)
        asked = asyncio.run_coroutine_threadsafe(self._factory.operations.get(), self._loop)
        try:
            operations = asked.result(PATIENCE_S)
        except (ServiceError, TimeoutError) as error:
            asked.cancel()
            logger.warning("metrics of the database are missing: %r", error)
            yield _gauge("execution_figures_up", "Whether the database gave its figures.", 0)
            return
        yield _gauge("execution_figures_up", "Whether the database gave its figures.", 1)
        yield from _families(operations)


def _families(operations: Operations) -> Iterable[Metric]:
    yield _gauge(
        "execution_disk_free_ratio",
        "Free part of the disk that has the service's data.",
        operations.disk.free_bytes / operations.disk.total_bytes,
    )
    if operations.executions_waiting is not None:
        yield _gauge(
            "execution_executions_waiting",
            "Executions that wait for a worker.",
            operations.executions_waiting,
        )
    if operations.database is not None:
        yield from _database_families(operations.database)


def _database_families(database: DatabaseFacts) -> Iterable[Metric]:
    jobs = GaugeMetricFamily(
        "execution_queue_jobs", "Submissions not judged yet.", labels=["priority", "state"]
    )
    oldest = GaugeMetricFamily(
        "execution_queue_oldest_seconds",
        "How long the oldest submission that waits has done so.",
        labels=["priority"],
    )
    for queue in database.queues:
        jobs.add_metric([queue.priority, "waiting"], queue.waiting)
        jobs.add_metric([queue.priority, "claimed"], queue.claimed)
        oldest.add_metric([queue.priority], queue.oldest_waiting_s)
    yield from (jobs, oldest)
    workers = GaugeMetricFamily(
        "execution_judge_workers", "Processes that judge.", labels=["state"]
    )
    silent = sum(worker.is_silent for worker in database.workers)
    workers.add_metric(["alive"], len(database.workers) - silent)
    workers.add_metric(["silent"], silent)
    yield workers
    events = database.events
    yield _gauge(
        "execution_events_undelivered",
        "Events that the backend has not acknowledged.",
        events.undelivered,
    )
    yield _gauge(
        "execution_events_oldest_undelivered_seconds",
        "How old the oldest of them is.",
        events.oldest_undelivered_s,
    )
    yield _gauge(
        "execution_events_failed_lately",
        "Events that were given up within a day.",
        events.failed_lately,
    )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
