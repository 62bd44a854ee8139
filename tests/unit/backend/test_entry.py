"""Who may enter a contest, and when they may submit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.entry import (
    has_place,
    is_access_code,
    own_reason_not_to_submit,
    reason_not_to_register,
)
from apps.contests.timing import Schedule, reason_not_to_submit

START = datetime(2026, 1, 1, tzinfo=UTC)
CUP = Schedule(is_active=True, start=START, end=START + timedelta(hours=5))
MINUTES = st.integers(-600, 600).map(lambda minutes: timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("minute", "reason"),
    [
        (-1, "Registration opens at 2026-01-01 00:00:00 UTC."),
        (0, None),
        (59, None),
        (60, "Registration closed at 2026-01-01 01:00:00 UTC."),
    ],
)
def test_one_registers_from_the_opening_to_the_closing(minute: int, reason: str | None) -> None:
    found = reason_not_to_register(
        opens_at=START,
        closes_at=START + timedelta(hours=1),
        now=START + timedelta(minutes=minute),
    )

    assert found == reason


@given(MINUTES)
def test_without_times_one_registers_always(moment: timedelta) -> None:
    assert reason_not_to_register(opens_at=None, closes_at=None, now=START + moment) is None


@pytest.mark.parametrize(
    ("given_code", "expected", "is_right"),
    [
        ("Sesame", "Sesame", True),
        (" Sesame\n", "Sesame", True),
        ("Sesame", "Sesame ", True),
        ("", " ", False),
        ("sesame", "Sesame", False),
        ("", "Sesame", False),
        ("", "", False),
        ("schlüssel", "schlüssel", True),
    ],
)
def test_a_code_is_right_or_not(given_code: str, expected: str, *, is_right: bool) -> None:
    assert is_access_code(given_code, expected) is is_right


@pytest.mark.parametrize(
    ("places_max", "taken", "is_free"), [(None, 10**6, True), (3, 2, True), (3, 3, False)]
)
def test_a_place_is_free_below_the_most(
    places_max: int | None, taken: int, *, is_free: bool
) -> None:
    assert has_place(places_max=places_max, taken=taken) is is_free


@given(moment=MINUTES, is_active=st.booleans())
def test_who_has_no_time_of_their_own_submits_when_the_contest_takes_any(
    moment: timedelta, *, is_active: bool
) -> None:
    schedule = Schedule(is_active=is_active, start=CUP.start, end=CUP.end)
    now = START + moment

    own = own_reason_not_to_submit(schedule, own_start=None, now=now)

    assert own == reason_not_to_submit(schedule, now)


@given(MINUTES, st.integers(0, 300))
def test_extra_time_moves_the_end_and_nothing_else(moment: timedelta, extra_minutes: int) -> None:
    extra = timedelta(minutes=extra_minutes)
    now = START + moment

    reason = own_reason_not_to_submit(CUP, own_start=None, extra=extra, now=now)

    assert (reason is None) == (START <= now < START + timedelta(hours=5) + extra)


@pytest.mark.parametrize(
    ("minute", "reason"),
    [
        (59, "Your time starts at 2026-01-01 01:00:00 UTC."),
        (60, None),
        (119, None),
        (120, "Your time ended at 2026-01-01 02:00:00 UTC."),
        (300, "Your time ended at 2026-01-01 02:00:00 UTC."),
    ],
)
def test_an_own_window_is_told_with_its_times(minute: int, reason: str | None) -> None:
    schedule = Schedule(is_active=True, start=START, end=CUP.end, window=timedelta(hours=1))

    found = own_reason_not_to_submit(
        schedule, own_start=START + timedelta(hours=1), now=START + timedelta(minutes=minute)
    )

    assert found == reason


def test_an_own_window_that_the_end_cuts_short_ends_with_the_contest() -> None:
    schedule = Schedule(is_active=True, start=START, end=CUP.end, window=timedelta(hours=1))

    found = own_reason_not_to_submit(
        schedule, own_start=START + timedelta(hours=4, minutes=30), now=START + timedelta(hours=5)
    )

    assert found == "The contest has ended."


def test_nobody_submits_once_the_results_are_final() -> None:
    schedule = Schedule(is_active=True, start=START, end=CUP.end, finalized=CUP.end)

    found = own_reason_not_to_submit(
        schedule, own_start=None, extra=timedelta(hours=1), now=START + timedelta(hours=5)
    )

    assert found is not None
    assert "final" in found
