"""Whether the execution service answers, asked seldom however often somebody wants to know."""

import threading
import time

from apps.code_execution.client import ServiceUnavailableError, get_client

KEPT_FOR_S = 5.0
TIMEOUT_S = 2.0


class _LastAnswer:
    """What the service said last; one thread asks again, the others take what is there."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._is_healthy = True
        self._asked_at_s = float("-inf")

    def get(self) -> bool:
        """Tell whether the service answered when it was last asked."""
        is_old = time.monotonic() - self._asked_at_s > KEPT_FOR_S
        if is_old and self._asking.acquire(blocking=False):
            try:
                self._is_healthy = _is_healthy()
                self._asked_at_s = time.monotonic()
            finally:
                self._asking.release()
        return self._is_healthy

    def forget(self) -> None:
        """Ask anew when somebody wants to know."""
        self._asked_at_s = float("-inf")


_last_answer = _LastAnswer()
service_is_healthy = _last_answer.get
forget_health = _last_answer.forget


def _is_healthy() -> bool:
    try:
        get_client().health(timeout_s=TIMEOUT_S)
    except ServiceUnavailableError:
        return False
    return True
