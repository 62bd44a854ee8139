"""Hearing what other processes tell through Redis."""

import asyncio
import contextlib
import logging
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from live.hub import Hub
from live.wire import REDIS_CHANNEL, decode

logger = logging.getLogger(__name__)

READY_TIMEOUT_S = 1.0
CONNECT_TIMEOUT_S = 2.0
CHECK_S = 15.0
PAUSE_S = 2.0


class RedisRelay:
    """Brings ticks of other processes from Redis to a hub, from the first stream on.

    What `own_name` sent, the hub has been told already.
    """

    def __init__(self, url: str, hub: Hub, *, own_name: str) -> None:
        self._url = url
        self._own_name = own_name
        self._hub = hub
        self._running: asyncio.Task[None] | None = None
        self._is_ready = asyncio.Event()
        self._waited_for_until_s = 0.0
        self._are_ticks_missed = False

    async def be_ready(self) -> None:
        """Start if need be; return when ticks arrive, or at once after a while without Redis."""
        now_s = asyncio.get_running_loop().time()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
            self._waited_for_until_s = now_s + READY_TIMEOUT_S
        if now_s < self._waited_for_until_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._waited_for_until_s):
                    await self._is_ready.wait()
        if not self._is_ready.is_set():
            self._are_ticks_missed = True

    async def close(self) -> None:
        """End."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
            self._running = None

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                logger.warning("changes in other processes are not heard of: %s", error)
            self._is_ready.clear()
            self._are_ticks_missed = True
            await asyncio.sleep(PAUSE_S)

    async def _listen(self) -> None:
        # Of a server that vanished the network says nothing by itself.
        keepalive = {} if self._url.startswith("unix:") else {"socket_keepalive": True}
        client = redis.asyncio.Redis.from_url(
            self._url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=CHECK_S,
            **keepalive,
        )
        async with client, client.pubsub() as subscriber:
            await subscriber.subscribe(REDIS_CHANNEL)
            while True:
                message = await subscriber.get_message(timeout=CHECK_S)
                if message is not None:
                    self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._is_ready.set()
            if self._are_ticks_missed:
                # What came meanwhile is not known: who comes back is told by the tag.
                self._are_ticks_missed = False
                self._hub.end_all()
        elif message["type"] == "message":
            try:
                tick, sender = decode(message["data"])
            except ValueError:
                logger.warning("what came on %s is no tick", REDIS_CHANNEL)
            else:
                if sender != self._own_name:
                    self._hub.tick(tick)
