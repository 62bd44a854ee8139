"""When other teams' endpoints are tried again, and when that ends."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.endpoints.retries import (
    ASKED_MAX,
    JITTER,
    PAUSES,
    SILENCE_MAX,
    asked_pause,
    failing_since,
    next_pause,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_pauses_are_those_of_the_specification() -> None:
    pauses = [next_pause(attempts=n, draw=0.5, asked=None) for n in range(1, 11)]

    assert pauses == [*PAUSES, None]
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=4)


@given(st.integers(1, len(PAUSES)), st.floats(0, 1))
def test_a_pause_is_a_fifth_shorter_or_longer_at_most(attempts: int, draw: float) -> None:
    pause = next_pause(attempts=attempts, draw=draw, asked=None)

    assert pause is not None
    assert abs(pause - PAUSES[attempts - 1]) <= JITTER * PAUSES[attempts - 1] + timedelta(
        microseconds=1
    )


def test_a_receiver_can_only_make_a_pause_longer() -> None:
    assert next_pause(attempts=1, draw=0.5, asked=HOUR) == HOUR
    assert next_pause(attempts=4, draw=0.5, asked=HOUR) == 2 * HOUR
    assert next_pause(attempts=10, draw=0.5, asked=HOUR) is None


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("999999999", ASKED_MAX),
        (format_datetime(NOW + HOUR, usegmt=True), HOUR),
        (format_datetime(NOW - HOUR, usegmt=True), timedelta()),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), ASKED_MAX),
        ("Thu, 01 Jan 2026 13:00:00 -0000", HOUR),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("٣", None),
    ],
)
def test_reads_how_long_a_receiver_asks_to_be_left_alone(
    header: str | None, pause: timedelta | None
) -> None:
    assert asked_pause(header, now=NOW) == pause


@given(st.text())
def test_reading_a_retry_after_is_total(text: str) -> None:
    pause = asked_pause(text, now=NOW)

    assert pause is None or timedelta() <= pause <= ASKED_MAX


def test_failures_count_from_the_first_unless_there_was_a_long_silence() -> None:
    since = NOW - 4 * timedelta(days=1)

    assert failing_since(since=None, last_failure_at=None, now=NOW) == NOW
    assert failing_since(since=since, last_failure_at=NOW - HOUR, now=NOW) == since
    assert failing_since(since=since, last_failure_at=NOW - SILENCE_MAX - HOUR, now=NOW) == NOW


def test_no_pause_is_taken_for_a_silence() -> None:
    assert max(PAUSES) * (1 + JITTER) < SILENCE_MAX
    assert ASKED_MAX < SILENCE_MAX
