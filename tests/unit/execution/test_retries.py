from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.retries import (
    ASKED_MAX,
    DISABLE_AFTER,
    GIVE_UP_AFTER,
    JITTER,
    SILENCE_MAX,
    asked_pause,
    failing_since,
    is_hopeless,
    is_worth_a_retry,
    next_pause,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = 0.5
DRAWS = st.floats(min_value=0, max_value=1)
ATTEMPTS = st.integers(min_value=0, max_value=10_000)
PAUSES = st.timedeltas(min_value=timedelta(), max_value=ASKED_MAX)
AGES = st.timedeltas(min_value=timedelta(), max_value=2 * GIVE_UP_AFTER)


def test_pauses_grow_and_then_stay_at_an_hour() -> None:
    pauses = [next_pause(attempts=n, tried_for=timedelta(), draw=MIDDLE) for n in range(1, 8)]

    assert pauses == [timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600, 3600)]


@pytest.mark.parametrize(("draw", "pause_s"), [(0, 24), (1, 36)])
def test_what_failed_together_comes_back_apart(draw: float, pause_s: int) -> None:
    pause = next_pause(attempts=3, tried_for=timedelta(), draw=draw)

    assert pause == timedelta(seconds=pause_s)


def test_gives_up_after_days() -> None:
    assert next_pause(attempts=9, tried_for=GIVE_UP_AFTER, draw=MIDDLE) is None


@given(attempts=ATTEMPTS, tried_for=AGES, draw=DRAWS, asked=st.none() | PAUSES)
def test_never_comes_back_before_it_was_asked_to_nor_before_the_schedule(
    attempts: int, tried_for: timedelta, draw: float, asked: timedelta | None
) -> None:
    pause = next_pause(attempts=attempts, tried_for=tried_for, draw=draw, asked=asked)
    scheduled = next_pause(attempts=attempts, tried_for=timedelta(), draw=MIDDLE)

    assert scheduled is not None
    if tried_for >= GIVE_UP_AFTER:
        assert pause is None
        return
    assert pause is not None
    assert pause >= (asked or timedelta())
    assert pause >= scheduled * (1 - JITTER) - timedelta(microseconds=1)
    assert pause <= max(scheduled * (1 + JITTER), asked or timedelta()) + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("9999999999", ASKED_MAX),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), timedelta()),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), ASKED_MAX),
        ("Thu, 01 Jan 2026 00:01:00 -0000", timedelta(seconds=60)),
        ("Sun, 31 Dec 9999 23:59:59 -2359", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_reads_how_long_the_receiver_asks_to_be_left_alone(
    retry_after: str | None, pause: timedelta | None
) -> None:
    assert asked_pause(retry_after, now=NOW) == pause


@given(st.text() | st.from_regex(r"\A\w{3}, \d\d? \w{3} \d{1,5} \d\d:\d\d:\d\d [+-]\d{4}\Z"))
def test_no_header_makes_it_fail_or_wait_for_longer_than_a_day(text: str) -> None:
    pause = asked_pause(text, now=NOW)

    assert pause is None or timedelta() <= pause <= ASKED_MAX


@pytest.mark.parametrize("status_code", [None, 429, 500, 503])
def test_retries_what_may_get_better(status_code: int | None) -> None:
    assert is_worth_a_retry(status_code)


@pytest.mark.parametrize("status_code", [301, 400, 401, 404, 410])
def test_does_not_retry_a_refusal(status_code: int) -> None:
    assert not is_worth_a_retry(status_code)


def test_a_receiver_fails_since_its_first_failure_in_a_row() -> None:
    first, last = NOW - timedelta(days=4), NOW - timedelta(hours=1)

    assert failing_since(since=None, last_failure_at=None, now=NOW) == NOW
    assert failing_since(since=first, last_failure_at=last, now=NOW) == first


def test_two_failures_with_a_long_silence_between_them_are_no_row() -> None:
    before = NOW - SILENCE_MAX - timedelta(seconds=1)

    assert failing_since(since=before, last_failure_at=before, now=NOW) == NOW


def test_a_receiver_is_hopeless_after_days_and_not_before_its_events_are_given_up() -> None:
    assert is_hopeless(since=NOW - DISABLE_AFTER, now=NOW)
    assert not is_hopeless(since=NOW - DISABLE_AFTER + timedelta(seconds=1), now=NOW)
    assert DISABLE_AFTER > GIVE_UP_AFTER
