"""What begins traces, or goes on with those that come from elsewhere: requests and tasks."""

from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun

from apps.core import tracing
from apps.operations.middleware import METHODS, UNKNOWN
from gateway.asgi import AsgiApplication, Message, Receive, Scope, Send, header
from logbook.envelope import PROBES

_HEADER = tracing.HEADER.encode()
_SPAN = "span_of_it"


class TracedRequests:
    """Goes on with the trace that a request comes with, or begins one.

    What it passes on says that it came from here, so that the gateway needs to know nothing of it.
    """

    def __init__(self, application: AsgiApplication) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] != "http" or scope["path"].rstrip("/") in PROBES:
            await self._application(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else UNKNOWN
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with tracing.request(method=method, told=header(scope, _HEADER)):
            others = [each for each in scope["headers"] if each[0] != _HEADER]
            ours = (_HEADER, (tracing.traceparent() or "").encode())
            scope = {**scope, "headers": [*others, ours]}
            try:
                await self._application(scope, receive, note_status)
            finally:
                tracing.request_answered(status=status)


def trace_tasks() -> None:
    """Make a span of each task; one that a request or a task asked for belongs to its trace."""
    if not tracing.is_on():
        return
    before_task_publish.connect(_send_place_along, weak=False)
    task_prerun.connect(_begin, weak=False)
    task_postrun.connect(_end, weak=False)


def _send_place_along(headers: dict[str, Any], **_: object) -> None:
    headers[tracing.HEADER] = tracing.traceparent()


def _begin(task: Task, **_: object) -> None:
    span = tracing.task(name=task.name, told=getattr(task.request, tracing.HEADER, None))
    span.__enter__()
    setattr(task.request, _SPAN, span)


def _end(task: Task, state: str | None = None, **_: object) -> None:
    span: AbstractContextManager[None] = getattr(task.request, _SPAN)
    tracing.note(state=state)
    span.__exit__(None, None, None)
