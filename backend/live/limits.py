"""How many streams there may be, and how they live."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from gateway.refusals import RefusalError

FULL = RefusalError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "too-many-streams",
    "Too many streams are open. Ask for the resource itself every now and then.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """How many streams there may be at a time, and how they live."""

    streams_max: int = 2000
    streams_per_address_max: int = 500
    """A whole contest hall may come from one address."""
    streams_per_caller_max: int = 30
    asks_at_once_max: int = 4
    """Of the application, so that a change that many watch leaves room for other requests."""
    heartbeat_s: float = 15.0
    pause_s: float = 0.25
    recheck_s: float = 60.0
    """A stream asks so often by itself: some changes come by the clock, and ticks may be lost."""
    lifetime_s: float = 3600.0
    send_timeout_s: float = 10.0
    retry_ms: tuple[int, int] = (2000, 6000)
    """From when to when clients come back that have lost theirs; spread, as all may have."""


class Places:
    """Counts the open streams: of all, of an address, and of a caller once that is known."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._of_addresses: Counter[str | None] = Counter()
        self._of_callers: Counter[str | None] = Counter()

    @contextmanager
    def taken_by_address(self, address: str | None) -> Iterator[None]:
        """Take a place.

        Raises:
            RefusalError: None is free.
        """
        if self._of_addresses.total() >= self._limits.streams_max:
            raise FULL
        with _counted(self._of_addresses, address, self._limits.streams_per_address_max):
            yield

    @contextmanager
    def taken_by_caller(self, caller: str | None) -> Iterator[None]:
        """Take one of a caller's places; somebody who is not signed in has their address's only.

        Raises:
            RefusalError: None is free.
        """
        if caller is None:
            yield
        else:
            with _counted(self._of_callers, caller, self._limits.streams_per_caller_max):
                yield


@contextmanager
def _counted(counts: Counter[str | None], name: str | None, count_max: int) -> Iterator[None]:
    if counts.get(name, 0) >= count_max:
        raise FULL
    counts[name] += 1
    try:
        yield
    finally:
        counts[name] -= 1
        if not counts[name]:
            del counts[name]
