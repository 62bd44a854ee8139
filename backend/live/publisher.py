"""Telling the other processes, from a thread."""

import logging
import time
from collections.abc import Iterable

import redis

from live.wire import REDIS_CHANNEL, Tick, encode

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.25
"""A request waits for this at its end; who watches polls too."""
FIRST_PAUSE_S = 0.25
MAX_PAUSE_S = 5.0
"""After each vain try in a row the pause is twice as long, up to this."""


class RedisPublisher:
    """Publishes ticks; while Redis is away it tries less and less often, and loses the others."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._sender = sender
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
        )
        self._next_try_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def publish(self, ticks: Iterable[Tick]) -> None:
        """Tell every process that has streams."""
        if time.monotonic() < self._next_try_s:
            return
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for tick in ticks:
                    pipeline.publish(REDIS_CHANNEL, encode(tick, sender=self._sender))
                pipeline.execute()
        except redis.RedisError as error:
            self._next_try_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
            logger.warning("other processes are not told of changes: %s", error)
        else:
            self._pause_s = FIRST_PAUSE_S
