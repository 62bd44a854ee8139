"""Display strings of the contract; integers with a unit in the name stay the truth.

Source: contract S001-V04.
"""

from datetime import UTC, datetime

from app.domain.limits import MIB


def execution_time_text(time_ms: int | None) -> str | None:
    """Render seconds with two or three decimals: `0.045s`, `0.05s`."""
    if time_ms is None:
        return None
    seconds = f"{time_ms / 1000:.3f}"
    return seconds.removesuffix("0") + "s"


def memory_usage_text(memory_bytes: int | None) -> str | None:
    """Render MiB with one decimal: `8.2MB`."""
    return None if memory_bytes is None else f"{memory_bytes / MIB:.1f}MB"


def instant_text(instant: datetime) -> str:
    """Render ISO 8601 in UTC with milliseconds and `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
