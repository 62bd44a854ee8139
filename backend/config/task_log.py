"""A line for each task, under the id of the request that asked for it."""

import logging.config
import secrets
import time
from typing import Any

from celery import Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings

from logbook import context

logger = logging.getLogger(__name__)

_HEADER = "request_id"
_STARTED_S = "started_s"


def log_tasks(*, repeated: frozenset[str]) -> None:
    """Write lines from now on; tasks that are `repeated` all the time only at DEBUG."""

    def configure(**_: object) -> None:
        # Celery, left to itself, would keep back all that is no warning.
        logging.config.dictConfig(settings.LOGGING)

    def send_id_along(headers: dict[str, Any], **_: object) -> None:
        headers[_HEADER] = context.request_id()

    def begin(task: Task, task_id: str, **_: object) -> None:
        request_id = getattr(task.request, _HEADER, None) or secrets.token_hex(16)
        context.renew(request_id=request_id, task=task.name, task_id=task_id)
        setattr(task.request, _STARTED_S, time.perf_counter())

    def end(task: Task, state: str | None = None, **_: object) -> None:
        duration_ms = round((time.perf_counter() - getattr(task.request, _STARTED_S)) * 1000, 1)
        is_expected = state == "SUCCESS" and task.name in repeated
        level = logging.DEBUG if is_expected else logging.INFO
        logger.log(level, "task", extra={"facts": {"state": state, "duration_ms": duration_ms}})
        context.renew()

    setup_logging.connect(configure, weak=False)
    before_task_publish.connect(send_id_along, weak=False)
    task_prerun.connect(begin, weak=False)
    task_postrun.connect(end, weak=False)
