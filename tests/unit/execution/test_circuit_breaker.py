"""A breaker with two failures to open, ten seconds of pause, and at most forty."""

import pytest

from app.domain.circuit_breaker import CircuitBreaker


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker(failures_to_open=2, first_pause_s=10, longest_pause_s=40)


def open_at(breaker: CircuitBreaker, now_s: float) -> None:
    breaker.fail(now_s)
    breaker.fail(now_s)


def test_lets_calls_pass_as_long_as_not_enough_fail_in_a_row(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.fail(0)
        breaker.succeed()
    breaker.fail(0)

    assert breaker.admit(0) == 0
    assert not breaker.is_open


def test_lets_no_call_pass_after_enough_failures_and_says_how_long(breaker: CircuitBreaker) -> None:
    open_at(breaker, 100)

    assert breaker.is_open
    assert breaker.admit(103) == 7


def test_lets_one_probe_pass_after_the_pause(breaker: CircuitBreaker) -> None:
    open_at(breaker, 0)

    assert breaker.admit(10) == 0
    assert breaker.admit(10) > 0


def test_a_probe_that_succeeds_closes_it(breaker: CircuitBreaker) -> None:
    open_at(breaker, 0)
    breaker.admit(10)
    breaker.succeed()
    breaker.fail(11)

    assert breaker.admit(11) == 0


def test_a_probe_that_fails_doubles_the_pause_up_to_the_longest(breaker: CircuitBreaker) -> None:
    open_at(breaker, 0)
    waits = []
    now_s = 10.0
    for _ in range(4):
        assert breaker.admit(now_s) == 0
        breaker.fail(now_s)
        waits.append(breaker.admit(now_s))
        now_s += waits[-1]

    assert waits == [20, 40, 40, 40]


def test_a_probe_that_is_abandoned_leaves_its_place_to_the_next(breaker: CircuitBreaker) -> None:
    open_at(breaker, 0)
    breaker.admit(10)
    breaker.abandon()

    assert breaker.admit(10) == 0


def test_a_late_failure_does_not_lengthen_the_pause(breaker: CircuitBreaker) -> None:
    open_at(breaker, 0)
    breaker.fail(9)

    assert breaker.admit(10) == 0


def test_the_service_itself_may_ask_for_a_pause(breaker: CircuitBreaker) -> None:
    breaker.open_for(60, now_s=0)
    breaker.open_for(5, now_s=0)

    assert breaker.admit(59) == 1
    assert breaker.admit(60) == 0
