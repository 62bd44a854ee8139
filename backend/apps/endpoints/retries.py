"""When to send again what was not taken, and when to give up: pure."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Three days in all. Source: the schedule that Standard Webhooks recommends.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# What failed together shall not come back together.
JITTER = 0.2
ASKED_MAX = timedelta(days=1)
# Source: Svix, "Disabling failing endpoints".
DISABLED_AFTER = timedelta(days=5)
# Failures farther apart than any pause say nothing about the time between them.
SILENCE_MAX = timedelta(days=2)
_SECONDS = re.compile(r"[0-9]{1,9}")


def next_pause(*, attempts: int, draw: float, asked: timedelta | None) -> timedelta | None:
    """Give the pause after so many attempts; `None`: give up.

    `draw` is a random number from 0 to 1. What the receiver asked for makes a pause longer only.
    """
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[max(attempts, 1) - 1] * (1 + JITTER * (2 * draw - 1))
    return max(pause, asked or timedelta(0))


def asked_pause(retry_after: str | None, *, now: datetime) -> timedelta | None:
    """Read a `Retry-After`, in seconds or as a date, of at most a day; `None`: it says nothing.

    Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        return min(timedelta(seconds=int(text)), ASKED_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), ASKED_MAX)


def failing_since(
    *, since: datetime | None, last_failure_at: datetime | None, now: datetime
) -> datetime:
    """Say since when a receiver has been failing that fails now."""
    if since is None or last_failure_at is None or now - last_failure_at > SILENCE_MAX:
        return now
    return since
