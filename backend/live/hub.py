"""Carrying ticks to the streams of this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from live.wire import Tick

TICKS_MAX = 100

MANY = ()
"""Stands for more tags than are kept."""


class Subscription:
    """What one stream has not told yet: the tags that came, each once, the newest last.

    Until it is narrowed to channels it keeps the ticks of all, so that none is lost while the
    application is asked which ones they are.
    """

    def __init__(self) -> None:
        self.has_ended = False
        self.channels: frozenset[str] = frozenset()
        self._pending: dict[Tick, None] = {}
        self._are_too_many = False
        self._wake_up = asyncio.Event()

    def take(self, tick: Tick) -> None:
        """Take a tick."""
        self._pending.pop(tick, None)
        self._pending[tick] = None
        if len(self._pending) > TICKS_MAX:
            del self._pending[next(iter(self._pending))]
            self._are_too_many = True
        self._wake_up.set()

    def narrow(self, channels: frozenset[str]) -> None:
        """Keep the ticks of these channels only."""
        self.channels = channels
        self._pending = {
            tick: None for tick in self._pending if not channels.isdisjoint(tick.channels)
        }

    def end(self) -> None:
        """Let the stream end; its client comes back."""
        self.has_ended = True
        self._wake_up.set()

    async def next_tags(self, *, within_s: float) -> tuple[str, ...] | None:
        """Wait for ticks, and give their tags, or `MANY`.

        It is `None` if none comes within the time, or the stream is to end.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._wake_up.wait()
        except TimeoutError:
            return None
        self._wake_up.clear()
        tags = tuple(tick.tag for tick in self._pending)
        are_too_many = self._are_too_many
        self._pending.clear()
        self._are_too_many = False
        if are_too_many:
            return MANY
        return tags or None


class Hub:
    """Knows the subscriptions of this process; all but `tick_from_thread` is for its event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._not_narrowed: set[Subscription] = set()
        self._by_channel: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def stream_count(self) -> int:
        """How many subscribe now."""
        return len(self._subscriptions)

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """Receive ticks while the block runs."""
        self._loop = asyncio.get_running_loop()
        subscription = Subscription()
        self._subscriptions.add(subscription)
        self._not_narrowed.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self._not_narrowed.discard(subscription)
            self._forget_channels(subscription)

    def narrow(self, subscription: Subscription, channels: frozenset[str]) -> None:
        """Give a subscription the ticks of these channels only."""
        self._not_narrowed.discard(subscription)
        self._forget_channels(subscription)
        subscription.narrow(channels)
        for channel in channels:
            self._by_channel[channel].add(subscription)

    def tick(self, tick: Tick) -> None:
        """Tell the subscriptions."""
        told = set(self._not_narrowed)
        for channel in tick.channels:
            told |= self._by_channel.get(channel, set())
        for each in told:
            each.take(tick)

    def tick_from_thread(self, tick: Tick) -> None:
        """Tell the subscriptions, from any thread."""
        if self._loop is not None and self._subscriptions and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.tick, tick)

    def end_all(self) -> None:
        """End all streams; clients that come back are told what they missed."""
        for each in self._subscriptions:
            each.end()

    def _forget_channels(self, subscription: Subscription) -> None:
        for channel in subscription.channels:
            self._by_channel[channel].discard(subscription)
            if not self._by_channel[channel]:
                del self._by_channel[channel]
