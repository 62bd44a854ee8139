"""Asking Celery to look what is due at once, by processes that leave it work."""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from apps.code_execution import queue

if TYPE_CHECKING:
    from celery import Celery

logger = logging.getLogger(__name__)

PAUSE_S = 0.25


class SweepBell:
    """Asks for sweeps, so that after each ring one begins, but no two within `PAUSE_S`.

    Ringing neither waits nor fails: a thread asks, which ends when nobody has rung for a while.
    What can't be asked for is left to the sweep that beat starts.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._is_rung = False
        self._is_heard = False

    def ring(self) -> None:
        """Have a sweep begin soon."""
        with self._lock:
            self._is_rung = True
            if not self._is_heard:
                threading.Thread(target=self._run, name="sweeps", daemon=True).start()
                self._is_heard = True

    def _run(self) -> None:
        while self._take():
            try:
                self._ask()
            except Exception:
                logger.exception("no sweep could be asked for")
            time.sleep(PAUSE_S)

    def _take(self) -> bool:
        with self._lock:
            was_rung, self._is_rung = self._is_rung, False
            self._is_heard = was_rung
            return was_rung


def ask_for_sweep() -> None:
    """Send the message; without a broker only a line is written."""
    # Imported late, as Celery is large, and few processes ever need it.
    from celery.exceptions import OperationalError  # noqa: PLC0415

    app = _app()
    try:
        # A connection of its own, as a kept one may be dead, which only the message after tells.
        with app.connection_for_write() as connection:
            app.send_task(
                queue.SWEEP, connection=connection, expires=queue.SWEEP_INTERVAL_S, retry=False
            )
    except (OperationalError, OSError) as error:
        logger.warning("no sweep could be asked for: %s", error)


@cache
def _app() -> "Celery":
    """Make what sends messages where the settings say, and takes none."""
    from celery import Celery  # noqa: PLC0415

    app = Celery("backend", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    return app


bell = SweepBell(ask_for_sweep)
