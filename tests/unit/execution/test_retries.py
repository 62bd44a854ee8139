from datetime import timedelta

import pytest

from app.domain.retries import GIVE_UP_AFTER, is_worth_a_retry, next_pause


def test_pauses_grow_and_then_stay_at_an_hour() -> None:
    pauses = [next_pause(attempts=n, age=timedelta()) for n in range(1, 8)]

    assert pauses == [timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600, 3600)]


def test_gives_up_after_days() -> None:
    assert next_pause(attempts=9, age=GIVE_UP_AFTER) is None


@pytest.mark.parametrize("status_code", [None, 429, 500, 503])
def test_retries_what_may_get_better(status_code: int | None) -> None:
    assert is_worth_a_retry(status_code)


@pytest.mark.parametrize("status_code", [301, 400, 401, 404])
def test_does_not_retry_a_refusal(status_code: int) -> None:
    assert not is_worth_a_retry(status_code)
