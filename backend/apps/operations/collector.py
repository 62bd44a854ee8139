"""The figures of the tables, for Prometheus whenever it asks."""

import logging
from collections.abc import Callable, Iterable

from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from apps.operations.domain import BackendFacts
from apps.operations.facts import read_backend

logger = logging.getLogger(__name__)


class FiguresCollector(Collector):
    """Asks the database in the thread of the scrape; `count_streams` is of this process."""

    def __init__(self, count_streams: Callable[[], int]) -> None:
        self._count_streams = count_streams

    def describe(self) -> Iterable[Metric]:
        """Name nothing ahead: registering must not ask the database."""
        return ()

    @override
    def collect(self) -> Iterable[Metric]:
        """Give what can be had; without the database, its figures are missing."""
        yield _gauge("contest_live_streams", "Open live streams.", self._count_streams())
        try:
            facts = read_backend(now=timezone.now())
        except DatabaseError as error:
            logger.warning("metrics of the database are missing: %r", error)
            yield _gauge("contest_figures_up", "Whether the database gave its figures.", 0)
            return
        finally:
            connection.close()  # the thread ends with the scrape
        yield _gauge("contest_figures_up", "Whether the database gave its figures.", 1)
        yield from _families(facts)


def _families(facts: BackendFacts) -> Iterable[Metric]:
    unfinished = GaugeMetricFamily(
        "contest_submissions_unfinished", "Submissions without a result.", labels=["status"]
    )
    unfinished.add_metric(["pending"], facts.submissions_pending)
    unfinished.add_metric(["running"], facts.submissions_running)
    yield unfinished
    yield _gauge(
        "contest_outbox_due", "Judgements to be handed over or asked about.", facts.outbox_due
    )
    yield _gauge(
        "contest_outbox_oldest_seconds",
        "For how long the one that is due longest has been.",
        facts.outbox_oldest_s,
    )
    if facts.beat_age_s is not None:
        yield _gauge(
            "contest_beat_age_seconds", "Time since Celery's beat ticked.", facts.beat_age_s
        )
    yield _gauge(
        "contest_disk_free_ratio",
        "Free part of the disk that has the backend's data.",
        facts.disk_free_ratio,
    )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
