"""Handing over in the request that brings a submission, as long as few do so at a time.

That spares the participant the wait for Celery. While many come it costs what taking the others
needs, and Celery hands over many together.
"""

import threading
from datetime import timedelta

from apps.code_execution.client import ExecutionServiceClient
from apps.code_execution.delivery import hand_over
from apps.code_execution.models import Judgement

AT_ONCE_MAX = 2
# The participant waits for the first try; Celery's may take `CODE_EXECUTION_TIMEOUT`.
TIMEOUT_S = 3.0
LEASE = timedelta(seconds=15)


class FirstTries:
    """Counts those that are being made in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    @property
    def are_enough(self) -> bool:
        """Whether the next one is better left to Celery."""
        return self._running >= AT_ONCE_MAX

    def make(self, judgement: Judgement, *, client: ExecutionServiceClient) -> None:
        """Hand over a judgement that has just been made."""
        with self._lock:
            self._running += 1
        try:
            hand_over([judgement], client=client, timeout_s=TIMEOUT_S)
        finally:
            with self._lock:
                self._running -= 1


first_tries = FirstTries()
