"""A contest's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.contests.timing import Phase, Schedule, reason_not_to_submit

START = datetime(2026, 1, 1, tzinfo=UTC)
CUP = Schedule(
    is_active=True,
    start=START,
    end=START + timedelta(hours=5),
    freeze=START + timedelta(hours=4),
)


def moment(minute: int | None) -> datetime | None:
    return None if minute is None else START + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("is_active", "start_minute", "end_minute", "may_submit"),
    [
        (True, None, None, True),
        (True, -1, 1, True),
        (True, 0, 1, True),
        (False, -1, 1, False),
        (True, 1, 2, False),
        (True, -2, 0, False),
        (True, -2, -1, False),
    ],
)
def test_takes_submissions_from_start_to_end(
    *, is_active: bool, start_minute: int | None, end_minute: int | None, may_submit: bool
) -> None:
    schedule = Schedule(is_active=is_active, start=moment(start_minute), end=moment(end_minute))

    assert (reason_not_to_submit(schedule, START) is None) is may_submit


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        (-1, Phase.BEFORE),
        (0, Phase.RUNNING),
        (4, Phase.FROZEN),
        (5, Phase.ENDED),
        (500, Phase.ENDED),
    ],
)
def test_start_freeze_and_end_follow_from_the_clock(hours: int, phase: Phase) -> None:
    assert CUP.phase(START + timedelta(hours=hours)) is phase


def test_a_board_stays_frozen_after_the_end_until_somebody_unfreezes_it() -> None:
    later = START + timedelta(days=1)

    assert CUP.is_frozen(later)


def test_a_participant_with_extra_time_goes_on_after_the_end() -> None:
    window = CUP.window_of(extra=timedelta(minutes=30))

    assert window.has(START + timedelta(hours=5, minutes=29))
    assert not window.has(START + timedelta(hours=5, minutes=30))


def test_an_own_window_ends_with_the_contest_at_the_latest() -> None:
    schedule = Schedule(
        is_active=True, start=START, end=START + timedelta(hours=5), window=timedelta(hours=2)
    )
    early = schedule.window_of(own_start=START + timedelta(hours=1))
    late = schedule.window_of(own_start=START + timedelta(hours=4))

    assert early.end == START + timedelta(hours=3)
    assert late.end == START + timedelta(hours=5)


def test_a_virtual_participation_lasts_as_long_as_the_contest_did() -> None:
    later = START + timedelta(days=10)

    assert CUP.virtual_window(own_start=later).end == later + timedelta(hours=5)
