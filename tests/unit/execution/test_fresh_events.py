from datetime import UTC, datetime, timedelta

import pytest

from app.models import Event
from app.services import fresh_events
from app.services.fresh_events import LEASE, FreshEvents

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def store(fresh: FreshEvents) -> Event:
    """Do as the judge does; the database is what fills in `attempts`."""
    fresh.is_held = False
    event = Event(next_attempt_at=NOW)
    fresh.claim(event, now=NOW)
    event.attempts = event.attempts or 0
    fresh.put(event)
    return event


def test_gives_events_in_their_order_as_claimed_for_their_first_attempt() -> None:
    fresh = FreshEvents()
    first, second = store(fresh), store(fresh)

    assert [fresh.take(now=NOW), fresh.take(now=NOW), fresh.take(now=NOW)] == [first, second, None]
    assert (first.attempts, first.next_attempt_at) == (1, NOW + LEASE)


def test_leaves_an_event_to_others_when_its_lease_is_about_to_end() -> None:
    fresh = FreshEvents()
    store(fresh)

    assert fresh.take(now=NOW + LEASE - timedelta(seconds=1)) is None


def test_keeps_so_many_and_leaves_the_rest_due_for_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fresh_events, "KEPT_MAX", 1)
    fresh = FreshEvents()
    kept, left = store(fresh), store(fresh)

    assert [fresh.take(now=NOW), fresh.take(now=NOW)] == [kept, None]
    assert (left.attempts, left.next_attempt_at) == (0, NOW)


@pytest.mark.asyncio
async def test_rings_for_each() -> None:
    fresh = FreshEvents()
    store(fresh)
    store(fresh)

    rings = [await fresh.bell.wait(at_most_s=0.01) for _ in range(3)]

    assert rings == [True, True, False]
