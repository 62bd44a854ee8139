"""Tickets: messages through Celery by which judge workers learn that one more submission waits.

A ticket never says which one: whose turn it is the table knows. So one that is lost costs a pause
until the next sweep, and one that comes twice finds nothing.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import KombuError

from app.errors import BrokerUnavailableError

logger = logging.getLogger(__name__)

QUEUE = "judge-tickets"
TASK = "judge.one-more-waits"
CONNECT_TIMEOUT_S = 2.0
SOCKET_TIMEOUT_S = 5.0
PAUSE_AFTER_FAULT_S = 1.0
LOOK_S = 10.0
"""How long a silent broker is believed to be there."""
VISIBILITY_TIMEOUT_S = 300
"""When Redis hands out again what nobody has acknowledged: then it is a ticket too many."""
KEPT_S = 3.0
"""How long RabbitMQ keeps a ticket that nobody takes: all judges are at work then, and each looks
for more before the next ticket. Redis keeps them all."""
END_TIMEOUT_S = 1.0


def create_ticket_app(url: str) -> Celery:
    """Configure Celery for tickets, alike for those who send and those who take them."""
    app = Celery("tickets", set_as_current=False)
    app.conf.update(
        # These two, as CELERY_BROKER_URL in the environment, the backend's, goes before `broker`.
        broker_read_url=url,
        broker_write_url=url,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=CONNECT_TIMEOUT_S,
        broker_transport_options=_transport_options(url),
        broker_use_ssl=_tls_options(url),
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_default_queue_type="quorum",
        task_ignore_result=True,
        task_publish_retry=False,
        worker_detect_quorum_queues=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
    )
    return app


def _tls_options(url: str) -> dict[str, Any] | None:
    """Have the server prove that it is who the address names: left alone, the libraries don't."""
    parts = urlsplit(url)
    match parts.scheme:
        case "rediss":
            return {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        case "amqps":
            return {"server_hostname": parts.hostname}
        case _:
            return None


def _transport_options(url: str) -> dict[str, Any]:
    if url.startswith("amqp"):
        # Nothing waits for the broker's word on a ticket that may get lost.
        return {"confirm_publish": False, "write_timeout": SOCKET_TIMEOUT_S}
    return {
        # Others may use the same database, with a patience of their own for what is unacknowledged.
        "global_keyprefix": "code-execution:",
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
    }


@contextmanager
def connected(app: Celery) -> Iterator[Connection]:
    """Open a connection to the broker for the block; the tickets' queue is there.

    Raises:
        BrokerUnavailableError: the broker does not answer, refuses us, or is lost meanwhile.
    """
    with closing(app.connection_for_write()) as connection:
        faults = (*connection.connection_errors, *connection.channel_errors, KombuError)
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            look(app, connection)
            yield connection
        except faults as error:
            raise BrokerUnavailableError from error


def look(app: Celery, connection: Connection) -> None:
    """Have the broker answer, and the tickets' queue declared."""
    with closing(connection.channel()) as channel:
        app.amqp.queues[QUEUE](channel).declare()


class TicketSender:
    """The bell of a process that judges nothing: each ring sends a ticket.

    Ringing neither waits nor fails: a thread sends, and drops what it can't send.
    """

    waiting = 0
    """Nobody here judges what it rings for."""

    def __init__(self, url: str) -> None:
        self._app = create_ticket_app(url)
        self._changed = threading.Condition()
        self._rings = 0
        self._is_ending = False
        self._is_connected = False
        self._was_connected = True
        self._thread = threading.Thread(target=self._run, name="tickets", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def ring(self) -> None:
        """Tell one judge worker."""
        with self._changed:
            self._rings += 1
            self._changed.notify()

    async def check(self) -> None:
        """Return if tickets get to the broker.

        Raises:
            BrokerUnavailableError: they did not, the last time.
        """
        if not self._is_connected:
            raise BrokerUnavailableError

    def close(self) -> None:
        """Send what is left, if that goes quickly."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(END_TIMEOUT_S)

    def _run(self) -> None:
        while not self._is_ending:
            try:
                with connected(self._app) as connection:
                    self._send_while_connected(connection)
            except BrokerUnavailableError as error:
                self._note(is_connected=False, why=error.__cause__)
                self._wait(PAUSE_AFTER_FAULT_S, is_interested_in_rings=False)
                self._take_rings()

    def _send_while_connected(self, connection: Connection) -> None:
        producer = self._app.amqp.Producer(connection)
        self._note(is_connected=True)
        while True:
            self._wait(LOOK_S)
            rings = self._take_rings()
            if not rings:
                if self._is_ending:
                    return
                look(self._app, connection)
            for _ in range(rings):
                self._app.send_task(TASK, producer=producer, expiration=KEPT_S)

    def _wait(self, at_most_s: float, *, is_interested_in_rings: bool = True) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_ending or (is_interested_in_rings and self._rings), at_most_s
            )

    def _take_rings(self) -> int:
        with self._changed:
            rings, self._rings = self._rings, 0
            return rings

    def _note(self, *, is_connected: bool, why: BaseException | None = None) -> None:
        if is_connected and not self._was_connected:
            logger.info("the judge workers' broker is back")
        elif self._was_connected and not is_connected:
            logger.warning("the judge workers' broker can't be reached: %s", why)
        self._is_connected = self._was_connected = is_connected
