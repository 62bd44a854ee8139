"""Times as the Contest API writes them; an archive keeps whole milliseconds.

Source: ccs-specs.icpc.io, 2023-06, JSON property types (TIME and RELTIME).
"""

import re
from datetime import UTC, datetime, timedelta

_MILLISECOND = timedelta(milliseconds=1)
_TIME = re.compile(
    r"([12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:(Z)|([+-][0-9]{2})(?::?([0-9]{2}))?)"
)
_RELATIVE_TIME = re.compile(r"(-?)([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?")


def parse_time(text: str) -> datetime:
    """Read an absolute time; finer parts than milliseconds are cut.

    Raises:
        ValueError: It is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("is no time with a time zone, such as 2026-03-01T10:00:00.000+01:00")
    moment, fraction, zulu, hours, minutes = match.groups()
    zone = "+00:00" if zulu else f"{hours}:{minutes or '00'}"
    try:
        whole = datetime.fromisoformat(f"{moment}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is no time that exists: {error}") from error
    return whole + _milliseconds(fraction)


def format_time(moment: datetime) -> str:
    """Write an absolute time in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def parse_relative_time(text: str) -> timedelta:
    """Read a time relative to the start of a contest, or a duration.

    Raises:
        ValueError: It is no such time.
    """
    match = _RELATIVE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("is no relative time, such as 4:59:00.000")
    sign, hours, minutes, seconds, fraction = match.groups()
    length = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    length += _milliseconds(fraction)
    return -length if sign else length


def format_relative_time(length: timedelta) -> str:
    """Write a relative time as hours, minutes, seconds and milliseconds."""
    total_ms = abs(length) // _MILLISECOND
    minutes, in_minute_ms = divmod(total_ms, 60_000)
    sign = "-" if length < timedelta() and total_ms else ""
    return (
        f"{sign}{minutes // 60}:{minutes % 60:02}:{in_minute_ms // 1000:02}"
        f".{in_minute_ms % 1000:03}"
    )


def _milliseconds(fraction: str | None) -> timedelta:
    return int((fraction or "")[:3].ljust(3, "0")) * _MILLISECOND
