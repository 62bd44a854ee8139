"""One life of the connection over which a process hears what is published."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.errors import RedisUnavailableError

logger = logging.getLogger(__name__)


class Hearing:
    """Subscribes to channels, and ends for good with the first fault.

    Only tasks of its own use the connection: who is cancelled while sending would break it for
    all.
    """

    def __init__(
        self,
        subscriber: PubSub,
        *,
        take: Callable[[bytes], None],
        lose: Callable[[], None],
        check_s: float,
        timeout_s: float,
    ) -> None:
        self._subscriber = subscriber
        self._take = take
        self._lose = lose
        self._check_s = check_s
        self._timeout_s = timeout_s
        self._begun: dict[bytes, asyncio.Future[None]] = {}
        self._unconfirmed: deque[asyncio.Future[None]] = deque()
        self._commands: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue()
        self._is_heard = False
        self._running: asyncio.Task[None] | None = None
        self.is_over = False

    async def open(self) -> None:
        """Connect.

        Raises:
            RedisError: that was not possible.
            OSError: nor this.
        """
        try:
            await self._subscriber.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await self._subscriber.aclose()  # type: ignore[no-untyped-call]
            raise
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End."""
        self.is_over = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def begin(self, channel: bytes) -> None:
        """Return when everything that is published from now on will be heard.

        Raises:
            RedisUnavailableError: Redis does not answer.
        """
        begun = self._begun.get(channel)
        if begun is None:
            begun = self._begun[channel] = asyncio.get_running_loop().create_future()
            self._commands.put_nowait(partial(self._subscribe, channel, begun))
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(begun)
        except TimeoutError:
            raise RedisUnavailableError from None
        if self.is_over:
            raise RedisUnavailableError

    def end(self, channel: bytes) -> None:
        """Hear no more of a channel."""
        if self._begun.pop(channel, None) is not None:
            self._commands.put_nowait(partial(self._subscriber.unsubscribe, channel))

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self._listen, self._speak, self._check):
                    _ = tasks.create_task(self._to_the_end(part))
        except* (RedisError, OSError) as faults:
            logger.warning("updates of other replicas are not heard of: %s", faults.exceptions[0])
        finally:
            self.is_over = True
            for begun in self._begun.values():
                if not begun.done():
                    begun.set_result(None)
            self._lose()
            await self._subscriber.aclose()  # type: ignore[no-untyped-call]

    async def _to_the_end(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        finally:
            self.is_over = True

    async def _listen(self) -> None:
        while not self.is_over:
            message = await self._subscriber.get_message(timeout=None)
            self._is_heard = True
            if message is None:
                continue
            if message["type"] == "message":
                self._take(message["data"])
            elif message["type"] == "subscribe":
                # Redis answers in order; of one channel several answers may be on their way.
                self._unconfirmed.popleft().set_result(None)

    async def _speak(self) -> None:
        # Being cancelled is not enough: on Python 3.11 the client may lose it (`asyncio.wait_for`).
        while not self.is_over:
            command = await self._commands.get()
            await command()

    async def _check(self) -> None:
        while True:
            self._is_heard = False
            self._commands.put_nowait(self._subscriber.ping)
            await asyncio.sleep(self._check_s)
            if not self._is_heard:
                raise ConnectionError(f"Redis has said nothing for {self._check_s} s")

    async def _subscribe(self, channel: bytes, begun: asyncio.Future[None]) -> None:
        self._unconfirmed.append(begun)
        await self._subscriber.subscribe(channel)
