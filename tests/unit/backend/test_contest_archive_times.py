"""Times in contest archives: absolute ones with a zone, relative ones with milliseconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.archives.contest_archive.times import (
    format_relative_time,
    format_time,
    parse_relative_time,
    parse_time,
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00+01", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("2026-03-01T10:00:00.25+01:30", datetime(2026, 3, 1, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.1239999Z", datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00-0430", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_reads_absolute_times(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text", ["", "2026-03-01T10:00:00", "2026-02-30T10:00:00Z", "2026-03-01 10:00:00Z", "now"]
)
def test_refuses_what_is_no_absolute_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5:00:00", timedelta(hours=5)),
        ("-0:15:32.457", -timedelta(minutes=15, seconds=32, milliseconds=457)),
        ("100:00:00.5", timedelta(hours=100, milliseconds=500)),
    ],
)
def test_reads_relative_times(text: str, length: timedelta) -> None:
    assert parse_relative_time(text) == length


@pytest.mark.parametrize("text", ["", "5:00", "0:60:00", "1:00:00:00", "--1:00:00"])
def test_refuses_what_is_no_relative_time(text: str) -> None:
    with pytest.raises(ValueError, match="relative time"):
        parse_relative_time(text)


@given(st.integers(-(10**12), 10**12))
def test_times_read_as_they_were_written(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert parse_relative_time(format_relative_time(length)) == length
    moment = datetime(2026, 1, 1, tzinfo=UTC) + length
    if 1000 <= moment.year < 3000:
        assert parse_time(format_time(moment)) == moment
