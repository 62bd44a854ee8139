"""The port on which Prometheus asks for metrics; nothing else is served there, and nobody else."""

import atexit
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import Any

from celery import Task
from celery.signals import task_postrun, task_prerun, worker_init, worker_process_shutdown
from django.conf import settings

from apps.core import metrics

logger = logging.getLogger(__name__)

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_STARTED_S = "measured_from_s"


def measure_web(count_streams: Callable[[], int]) -> None:
    """Measure this web process and serve its metrics, where a port is set."""
    if settings.METRICS_PORT is None:
        return
    # Imported late: nobody who measures nothing needs it.
    from prometheus_client import ProcessCollector  # noqa: PLC0415

    from apps.operations.collector import FiguresCollector  # noqa: PLC0415

    registry = metrics.turn_on()
    ProcessCollector(registry=registry)
    registry.register(FiguresCollector(count_streams))
    _serve(registry)


def measure_tasks() -> None:
    """Let a Celery worker count, all its processes together, where a port is set."""
    if settings.METRICS_PORT is None:
        return
    worker_init.connect(_measure_worker, weak=False)
    worker_process_shutdown.connect(_forget_process, weak=False)
    task_prerun.connect(_begin, weak=False)
    task_postrun.connect(_end, weak=False)


def _measure_worker(**_: object) -> None:
    # Before it forks: what is counted by each process then stands in a file of its own.
    directory = os.environ[_DIRECTORY] = tempfile.mkdtemp(prefix="backend-metrics-")
    atexit.register(_remove, directory, owner=os.getpid())
    metrics.turn_on()
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]
    _serve(registry)


def _forget_process(pid: int, **_: object) -> None:
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _remove(directory: str, *, owner: int) -> None:
    if os.getpid() == owner:  # and not a process that it has forked
        shutil.rmtree(directory, ignore_errors=True)


def _serve(registry: Any) -> None:
    from prometheus_client import start_http_server  # noqa: PLC0415

    host, port = settings.METRICS_HOST, settings.METRICS_PORT
    assert port is not None  # noqa: S101 - nothing is measured without
    try:
        server, _ = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        # Nothing that only looks on may stop a contest.
        logger.error("no metrics: %s:%d can't be used: %s", host, port, error)  # noqa: TRY400
        return
    logger.info("metrics are served at http://%s:%d/metrics", host, server.server_port)


def _begin(task: Task, **_: object) -> None:
    setattr(task.request, _STARTED_S, time.perf_counter())


def _end(task: Task, state: str | None = None, **_: object) -> None:
    started_s = getattr(task.request, _STARTED_S)
    metrics.task_ended(
        task=task.name, state=state or "unknown", seconds=time.perf_counter() - started_s
    )
