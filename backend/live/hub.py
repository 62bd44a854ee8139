"""Carrying ticks to the streams of this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from live.wire import Tick


class Subscription:
    """What one stream has not told yet: the newest tag, whatever came before it.

    Until it is narrowed to a channel it keeps the ticks of all, so that none is lost while the
    application is asked which one it is.
    """

    def __init__(self) -> None:
        self.has_ended = False
        self._channel: str | None = None
        self._pending: dict[str, str] = {}
        self._wake_up = asyncio.Event()

    def take(self, tick: Tick) -> None:
        """Take a tick, if it is of the channel."""
        if self._channel in {None, tick.channel}:
            self._pending[tick.channel] = tick.tag
            self._wake_up.set()

    def narrow(self, channel: str) -> None:
        """Keep the ticks of this channel only."""
        self._channel = channel
        self._pending = {name: tag for name, tag in self._pending.items() if name == self._channel}

    def end(self) -> None:
        """Let the stream end; its client comes back."""
        self.has_ended = True
        self._wake_up.set()

    async def next_tag(self, *, within_s: float) -> str | None:
        """Wait for a tick; `None` if none comes within the time, or the stream is to end."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake_up.wait()
        except TimeoutError:
            return None
        self._wake_up.clear()
        _, tag = self._pending.popitem() if self._pending else (None, None)
        return tag


class Hub:
    """Knows the subscriptions of this process; all but `tick_from_thread` is for its event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """Receive ticks while the block runs."""
        self._loop = asyncio.get_running_loop()
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def tick(self, tick: Tick) -> None:
        """Tell the subscriptions."""
        for each in self._subscriptions:
            each.take(tick)

    def tick_from_thread(self, tick: Tick) -> None:
        """Tell the subscriptions, from any thread."""
        if self._loop is not None and self._subscriptions and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.tick, tick)

    def end_all(self) -> None:
        """End all streams; clients that come back are told what they missed."""
        for each in self._subscriptions:
            each.end()
