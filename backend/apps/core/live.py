"""Streams of changes: offering one for a resource, and telling who watches that it changed."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request

from apps.core.after_commit import after_commit
from live.publisher import RedisPublisher
from live.resource import QUESTION, Question
from live.wire import Tick

PROCESS = uuid4().hex
"""The name of this process among those that tell each other of changes."""
_EXPIRY = "apps.core.expires_at_s"
_listeners: list[Callable[[Tick], None]] = []


def listen(listener: Callable[[Tick], None]) -> None:
    """Have this process's streams told; the listener is called in any thread."""
    _listeners.append(listener)


def publish(channels: Iterable[str], tag: str) -> None:
    """Tell, once the transaction has been committed, that what the channels name has changed.

    The tag is its new state, or for lists the id of what changed in them.
    """
    publish_all([Tick(channels=tuple(channels), tag=tag)])


def publish_all(ticks: Sequence[Tick]) -> None:
    """Tell of many changes, once the transaction has been committed."""
    after_commit(_tell, ticks)


def offer(
    response: HttpResponseBase, request: Request, *, channels: Iterable[str], embeds: bool
) -> None:
    """Let a stream that sends the request follow what the response is about.

    The first channel, up to its slash, names the events. With `embeds` they have the response's
    body, else its `ETag` only.
    """
    if question_of(request) is None:
        return
    response["X-Live-Channels"] = ",".join(channels)
    if embeds:
        response["X-Live-Embed"] = "1"
    if request.user.is_authenticated:
        response["X-Live-Caller"] = str(request.user.pk)
    expires_at_s = request.META.get(_EXPIRY)
    if expires_at_s is not None:
        response["X-Live-Until"] = str(expires_at_s)


def question_of(request: Request) -> Question | None:
    """Give the question of the stream that sends the request; `None` if it is a client's own."""
    question: Question | None = request.META.get(QUESTION)
    return question


def is_asked_again(request: Request) -> bool:
    """Tell whether it is a stream that asks, of which the client's request was counted already."""
    question = question_of(request)
    return question is not None and not question.is_opening


def note_expiry(request: HttpRequest | Request, expires_at_s: int) -> None:
    """Note until when (Unix seconds) the token of a request is good: streams end with it."""
    request.META[_EXPIRY] = expires_at_s


def _tell(ticks: Sequence[Tick]) -> None:
    for tick, listener in product(ticks, _listeners):
        listener(tick)
    if settings.LIVE_REDIS_URL:
        _publisher(settings.LIVE_REDIS_URL).publish(ticks)


@cache
def _publisher(url: str) -> RedisPublisher:
    return RedisPublisher(url, sender=PROCESS)
