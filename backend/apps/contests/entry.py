"""Who may enter a contest, and when they may submit, as pure functions."""

from datetime import UTC, datetime, timedelta
from secrets import compare_digest

from apps.contests.timing import NO_TIME, Schedule, reason_not_to_submit


def reason_not_to_register(
    *, opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> str | None:
    """Say why nobody registers now; `None` if one may."""
    if opens_at is not None and now < opens_at:
        return f"Registration opens at {_shown(opens_at)}."
    if closes_at is not None and closes_at <= now:
        return f"Registration closed at {_shown(closes_at)}."
    return None


def is_access_code(given: str, expected: str) -> bool:
    """Tell whether the code is the contest's; with an empty one nobody enters."""
    wanted = expected.strip()
    return bool(wanted) and compare_digest(given.strip().encode(), wanted.encode())


def has_place(*, places_max: int | None, taken: int) -> bool:
    """Tell whether one more may take part."""
    return places_max is None or taken < places_max


def own_reason_not_to_submit(
    schedule: Schedule, *, own_start: datetime | None, extra: timedelta = NO_TIME, now: datetime
) -> str | None:
    """Say why a contest takes no submissions of one participant now; `None` if it does.

    In a contest with windows this is for those whose own time has been started.
    """
    if not schedule.is_active:
        return reason_not_to_submit(schedule, now)
    if schedule.finalized is not None:
        return "The contest has ended, and its results are final."
    window = schedule.window_of(own_start=own_start, extra=extra)
    if window.start is not None and now < window.start:
        is_own = window.start != schedule.start
        return (
            f"Your time starts at {_shown(window.start)}."
            if is_own
            else "The contest has not started."
        )
    if window.end is not None and window.end <= now:
        is_own = window.end != schedule.end
        return f"Your time ended at {_shown(window.end)}." if is_own else "The contest has ended."
    return None


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
