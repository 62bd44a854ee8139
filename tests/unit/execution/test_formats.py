from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.formats import execution_time_text, instant_text, memory_usage_text


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [(45, "0.045s"), (50, "0.05s"), (0, "0.00s"), (1000, "1.00s"), (1200, "1.20s"), (None, None)],
)
def test_time_has_two_or_three_decimals(time_ms: int | None, text: str | None) -> None:
    assert execution_time_text(time_ms) == text


@pytest.mark.parametrize(
    ("memory_bytes", "text"), [(8_598_323, "8.2MB"), (2_202_010, "2.1MB"), (None, None)]
)
def test_memory_has_one_decimal(memory_bytes: int | None, text: str | None) -> None:
    assert memory_usage_text(memory_bytes) == text


def test_instants_are_utc_with_z() -> None:
    berlin = timezone(timedelta(hours=1))

    assert instant_text(datetime(2024, 1, 15, 11, 30, tzinfo=berlin)) == "2024-01-15T10:30:00.000Z"
    assert instant_text(datetime(2024, 1, 15, 10, 30, tzinfo=UTC)) == "2024-01-15T10:30:00.000Z"
