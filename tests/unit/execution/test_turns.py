from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.turns import SLICE, Priority, turn_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_who_has_nothing_waiting_has_their_turn_now() -> None:
    assert turn_of(now=NOW, waiting=0) == NOW


@given(st.integers(min_value=1, max_value=100_000))
def test_who_hands_in_many_lets_others_in_between_but_not_for_ever(waiting: int) -> None:
    crowd = turn_of(now=NOW, waiting=waiting)

    assert turn_of(now=NOW + waiting * SLICE - timedelta(seconds=1), waiting=0) < crowd
    assert turn_of(now=NOW + waiting * SLICE + timedelta(seconds=1), waiting=0) > crowd


def test_a_contest_goes_before_practice_and_practice_before_a_rejudging() -> None:
    assert sorted(Priority) == [Priority.CONTEST, Priority.PRACTICE, Priority.REJUDGE]
