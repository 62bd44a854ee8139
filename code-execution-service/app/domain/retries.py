"""When to try a delivery again, and when to try none any more."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

RETRY_PAUSES_S = (1, 5, 30, 120, 600)  # contract S001-X41
LATER_PAUSE_S = 3600
JITTER = 0.2
"""By which share a pause is made shorter or longer, so that what failed together comes back apart.

Standard Webhooks asks for jitter without saying how much; with so little, the pauses stay the
contract's.
"""
GIVE_UP_AFTER = timedelta(days=3)  # what receivers of other webhook senders are used to
ASKED_MAX = timedelta(days=1)
DISABLE_AFTER = timedelta(days=5)
"""Of nothing but failures. Source: Svix, "Disabling failing endpoints"."""
SILENCE_MAX = timedelta(days=1)
"""Failures farther apart say nothing about the time between them."""
GONE = 410
TOO_MANY_REQUESTS = 429
SERVER_ERRORS_FROM = 500
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)


class DisabledFor(StrEnum):
    """Why a receiver is sent nothing: it wants no more (410), or every delivery fails for days."""

    GONE = "gone"
    FAILING = "failing"


def next_pause(
    *, attempts: int, tried_for: timedelta, draw: float, asked: timedelta | None = None
) -> timedelta | None:
    """Return the pause after so many failed attempts; `None` when it is time to give up.

    `draw` is a random number from 0 to 1. `asked` is what the receiver asks for; it may only make
    the pause longer.
    """
    if tried_for >= GIVE_UP_AFTER:
        return None
    is_early = attempts <= len(RETRY_PAUSES_S)
    pause_s = RETRY_PAUSES_S[max(attempts, 1) - 1] if is_early else LATER_PAUSE_S
    pause = timedelta(seconds=pause_s * (1 + JITTER * (2 * draw - 1)))
    return max(pause, asked or pause)


def asked_pause(retry_after: str | None, *, now: datetime) -> timedelta | None:
    """Read the header `Retry-After`, seconds or a date; `None` where it says nothing.

    Total, and never more than a day: nobody may put a result off for ever.

    Source: RFC 9110, section 10.2.3.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(timedelta(seconds=int(text)), ASKED_MAX)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(moment - now, timedelta()), ASKED_MAX)


def is_worth_a_retry(status_code: int | None) -> bool:
    """Whether the receiver may answer better later; `None` stands for no answer at all."""
    return (
        status_code is None or status_code == TOO_MANY_REQUESTS or status_code >= SERVER_ERRORS_FROM
    )


def failing_since(
    *, since: datetime | None, last_failure_at: datetime | None, now: datetime
) -> datetime:
    """Say since when a receiver has been failing that fails now."""
    if since is None or last_failure_at is None or now - last_failure_at > SILENCE_MAX:
        return now
    return since


def is_hopeless(*, since: datetime, now: datetime) -> bool:
    """Whether nothing but failures since then is reason to send nothing more."""
    return now - since >= DISABLE_AFTER
