"""Telling who watches that something changed; what it is they ask for by themselves."""

from collections.abc import Callable
from functools import cache, partial

from django.conf import settings
from django.db import transaction

from live.publisher import RedisPublisher
from live.wire import Tick

_listeners: list[Callable[[Tick], None]] = []


def listen(listener: Callable[[Tick], None]) -> None:
    """Have this process's streams told; the listener is called in any thread."""
    _listeners.append(listener)


def publish(channel: str, tag: str) -> None:
    """Tell, once the transaction has been committed, that a channel's state is another one."""
    tick = Tick(channel=channel, tag=tag)
    # A failure here must not make what is stored look like one.
    transaction.on_commit(partial(_tell, tick), robust=True)


def _tell(tick: Tick) -> None:
    for listener in _listeners:
        listener(tick)
    if settings.LIVE_REDIS_URL:
        _publisher(settings.LIVE_REDIS_URL).publish(tick)


@cache
def _publisher(url: str) -> RedisPublisher:
    return RedisPublisher(url)
