"""Rate limits, counted atomically: in this process, or in Redis for all processes together."""

import time
from functools import cache
from typing import ClassVar

from django.conf import settings
from limits import RateLimitItem
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

PROCESS_MEMORY = "memory://"


@cache
def _limiter(storage_url: str) -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(storage_from_string(storage_url))


def limiter() -> SlidingWindowCounterRateLimiter:
    """Give the limiter of this process."""
    # Celery writes `redis+socket` where `limits` writes `redis+unix`: one spelling will do.
    return _limiter(settings.REDIS_URL.replace("redis+socket:", "redis+unix:") or PROCESS_MEMORY)


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
        for scope, key in self.counters(request):
            limit: RateLimitItem = settings.RATE_LIMITS[scope]
            if not limiter().hit(limit, scope, key):
                reset_at_s = limiter().get_window_stats(limit, scope, key).reset_time
                self._wait_s = max(1.0, reset_at_s - time.time())
                return False
        return True

    @override
    def wait(self) -> float | None:
        """Tell how many seconds from now it makes sense to try again."""
        return self._wait_s


class ApiThrottle(RateThrottle):
    """The limit that every endpoint has."""

    scope = "api"
