"""Rate limits, counted atomically: in this process, or in Redis for all processes together."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from limits.util import WindowStats
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

from apps.core import live

logger = logging.getLogger(__name__)

T = TypeVar("T")

SWEPT_EVERY_S = 60.0
REDIS_TIMEOUT_S = 0.25
"""How long a request may wait for a Redis that hangs."""
REDIS_PAUSE_S = 5.0
# Where a request carries the limits that it was counted under.
QUOTAS = "apps.core.quotas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One limit, and what is left of it for who sent a request."""

    scope: str
    requests_max: int
    window_s: int
    remaining: int
    reset_s: int

    @property
    def policy(self) -> str:
        """The limit as an item of `RateLimit-Policy`."""
        return f'"{self.scope}";q={self.requests_max};w={self.window_s}'

    @property
    def state(self) -> str:
        """What is left as an item of `RateLimit`."""
        return f'"{self.scope}";r={self.remaining};t={self.reset_s}'


class ProcessMemory(MemoryStorage):
    """Counters of this process.

    Its base starts a thread after a request to forget what has expired; here a request does that
    now and then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._sweep_at_s = 0.0

    @override
    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count a request, if it is within the limit."""
        with self._lock:
            return super().acquire_sliding_window_entry(key, limit, expiry, amount)

    @override
    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter that lives for `expiry` seconds, and give it."""
        now_s = time.time()
        with self._lock:
            self._sweep(now_s)
            count = self.get(key) + amount
            self.storage[key] = count
            self.expirations.setdefault(key, now_s + expiry)
        return count

    def _sweep(self, now_s: float) -> None:
        if now_s < self._sweep_at_s:
            return
        self._sweep_at_s = now_s + SWEPT_EVERY_S
        expirations = list(self.expirations.items())
        for key in [key for key, until_s in expirations if until_s <= now_s]:
            self.clear(key)


class Limiter:
    """Counts requests in a sliding window.

    Where processes count together, in Redis, each counts by itself while that is away: requests are
    served, and nobody gets unlimited tries at a password.
    """

    def __init__(self, redis_url: str) -> None:
        self._own = SlidingWindowCounterRateLimiter(ProcessMemory())
        self._shared = _counting_in(redis_url) if redis_url else None
        self._next_try_s = 0.0

    def hit(self, limit: RateLimitItem, *identifiers: str) -> bool:
        """Count a request, if it is within the limit, and say whether it is."""
        return self._ask(lambda counters: counters.hit(limit, *identifiers))

    def test(self, limit: RateLimitItem, *identifiers: str) -> bool:
        """Say whether another request would be within the limit."""
        return self._ask(lambda counters: counters.test(limit, *identifiers))

    def get_window_stats(self, limit: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say when the window ends (Unix seconds), and what is left until then."""
        return self._ask(lambda counters: counters.get_window_stats(limit, *identifiers))

    def _ask(self, question: Callable[[SlidingWindowCounterRateLimiter], T]) -> T:
        if self._shared is None or time.monotonic() < self._next_try_s:
            return question(self._own)
        try:
            return question(self._shared)
        except StorageError as error:
            self._next_try_s = time.monotonic() + REDIS_PAUSE_S
            logger.warning("requests are counted by each process: %s", error.storage_error)
            return question(self._own)


def _counting_in(redis_url: str) -> SlidingWindowCounterRateLimiter:
    storage = storage_from_string(redis_url, wrap_exceptions=True, socket_timeout=REDIS_TIMEOUT_S)
    return SlidingWindowCounterRateLimiter(storage)


@cache
def _limiter(redis_url: str) -> Limiter:
    return Limiter(redis_url)


def limiter() -> Limiter:
    """Give the limiter of this process."""
    # Celery writes `redis+socket` where `limits` writes `redis+unix`: one spelling will do.
    return _limiter(settings.REDIS_URL.replace("redis+socket:", "redis+unix:"))


class RateThrottle(BaseThrottle):
    """Allows so many requests as `settings.RATE_LIMITS` has for each of `counters`."""

    scope: ClassVar[str]
    _wait_s: float | None = None

    def counters(self, request: Request) -> list[tuple[str, str]]:
        """Name the limits and who is counted under each: the user, or else the address."""
        if request.user.is_authenticated:
            return [(self.scope, f"user:{request.user.pk}")]
        return [(self.scope, f"address:{self.get_ident(request)}")]

    @override
    def allow_request(self, request: Request, view: object) -> bool:
        """Count the request, and say whether it is within the limit."""
        if live.is_asked_again(request):
            return True
        for scope, key in self.counters(request):
            limit: RateLimitItem = settings.RATE_LIMITS[scope]
            is_within = limiter().hit(limit, scope, key)
            reset_at_s, remaining = limiter().get_window_stats(limit, scope, key)
            wait_s = max(0.0, reset_at_s - time.time())
            quota = Quota(
                scope=scope,
                requests_max=limit.amount,
                window_s=limit.get_expiry(),
                remaining=max(0, remaining),
                reset_s=math.ceil(wait_s),
            )
            request.META.setdefault(QUOTAS, []).append(quota)
            if not is_within:
                self._wait_s = max(1.0, wait_s)
                return False
        return True

    @override
    def wait(self) -> float | None:
        """Tell how many seconds from now it makes sense to try again."""
        return self._wait_s


class ApiThrottle(RateThrottle):
    """The limit that every endpoint has."""

    scope = "api"


def tell_quotas(request: HttpRequest, response: HttpResponseBase) -> None:
    """Tell the client which limits the request was counted under, and what is left of them.

    Source: draft-ietf-httpapi-ratelimit-headers-10.
    """
    quotas: list[Quota] = request.META.get(QUOTAS, [])
    if quotas:
        response.headers["RateLimit-Policy"] = ", ".join(quota.policy for quota in quotas)
        response.headers["RateLimit"] = ", ".join(quota.state for quota in quotas)
