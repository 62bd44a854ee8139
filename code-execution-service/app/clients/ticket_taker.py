"""Taking tickets: a Celery worker in a thread, whose tasks are coroutines of this process."""

import asyncio
import logging
import threading
import warnings
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress

from celery.exceptions import CPendingDeprecationWarning, Reject
from celery.worker import WorkController, state
from celery.worker.consumer import Consumer

from app.clients.tickets import TASK, create_ticket_app

END_TIMEOUT_S = 3.0
QUIET_LOGGERS = ("celery.worker.strategy", "celery.app.trace")
"""They write about each ticket that comes, is served or goes back."""


class TicketConsumer(Consumer):  # type: ignore[misc]  # it has no types
    """Celery's, without what it declares for tasks with a delay: dozens of queues."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """The steps of a start."""

        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        )


class TicketTaker:
    """Takes as many tickets as there are lanes, each until it has been served.

    `serve` says whether it was; a ticket that was not goes back to the broker.
    """

    def __init__(self, url: str, *, lanes: int, serve: Callable[[], Awaitable[bool]]) -> None:
        for name in QUIET_LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        # It advises on every lost connection what would cut through judging.
        warnings.simplefilter("ignore", CPendingDeprecationWarning)
        app = create_ticket_app(url)
        app.conf.worker_consumer = TicketConsumer
        self._loop = asyncio.get_running_loop()
        self._serve = serve
        self._has_ended = asyncio.Event()
        app.task(self._take, name=TASK, shared=False)
        app.set_default()  # the pool's threads look for the task there
        self._worker: WorkController = app.WorkController(
            app=app,
            concurrency=lanes,
            pool_cls="threads",
            without_gossip=True,
            without_heartbeat=True,
            without_mingle=True,
        )
        self._thread = threading.Thread(target=self._run, name="ticket-taker", daemon=True)

    def start(self) -> None:
        """Begin to take tickets, now or whenever the broker answers."""
        state.should_stop = None
        self._thread.start()

    async def wait(self) -> None:
        """Return when no tickets are taken any more, for whatever reason."""
        await self._has_ended.wait()

    def pause(self) -> None:
        """Take no further tickets; those that are held stay so."""
        consumer = self._worker.consumer
        if consumer is not None and consumer.task_consumer is not None:
            self._worker.hub.call_soon(consumer.task_consumer.cancel)

    async def close(self) -> None:
        """End, with tickets that nobody has served back at the broker."""
        state.should_stop = 0  # the exit code; Celery looks at it again and again
        if self._worker.hub is not None:
            self._worker.hub.call_soon(_nothing)
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await self._has_ended.wait()
        except TimeoutError:
            # It hangs at the broker, which will miss this connection by itself.
            logging.getLogger(__name__).warning("the broker did not let go in time")

    def _run(self) -> None:
        try:
            self._worker.start()
        finally:
            with suppress(RuntimeError):  # the loop has gone: nobody waits any more
                self._loop.call_soon_threadsafe(self._has_ended.set)

    def _take(self) -> None:
        serving = asyncio.run_coroutine_threadsafe(self._serve_one(), self._loop)
        try:
            is_served = serving.result()
        except CancelledError:
            is_served = False
        if not is_served:
            raise Reject(requeue=True)

    async def _serve_one(self) -> bool:
        return await self._serve()


def _nothing() -> None:
    """Wake the loop."""
