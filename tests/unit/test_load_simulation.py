"""The arithmetic of the simulation that says what many participants need."""

from random import Random

import pytest

from benchmarks.load_simulation import Costs, Station, burst, passed, simulate

SEED = 1


def test_a_free_server_begins_at_once() -> None:
    (done_s,) = passed([0.0, 5.0], [(Station(1), [2.0, 2.0])])

    assert done_s == [2.0, 7.0]


def test_who_comes_while_all_servers_are_busy_waits_for_the_first_that_is_free() -> None:
    (done_s,) = passed([0.0, 0.0, 1.0, 1.0], [(Station(2), [4.0, 2.0, 3.0, 1.0])])

    assert done_s == [4.0, 2.0, 5.0, 5.0]


def test_steps_at_one_station_share_its_servers() -> None:
    backend, judge = Station(1), Station(1)

    done_s = passed([0.0, 1.0], [(backend, [1.0, 3.0]), (judge, [1.0, 1.0]), (backend, [1.0] * 2)])

    # The result of the first is there at 2, while the backend takes the second until 4.
    assert done_s == [[1.0, 4.0], [2.0, 5.0], [5.0, 6.0]]


def test_one_random_server_is_as_slow_as_queueing_theory_says() -> None:
    random = Random(SEED)  # noqa: S311
    arrivals_s, now_s = [], 0.0
    for _ in range(100_000):
        now_s += random.expovariate(0.5)
        arrivals_s.append(now_s)
    services_s = [random.expovariate(1.0) for _ in arrivals_s]

    (done_s,) = passed(arrivals_s, [(Station(1), services_s)])

    # M/M/1: the mean time in the system is 1 / (service rate - arrival rate).
    waits_s = [end - start for start, end in zip(arrivals_s, done_s, strict=True)]
    assert sum(waits_s) / len(waits_s) == pytest.approx(2.0, rel=0.05)


def test_a_burst_is_judged_as_fast_as_its_lanes_are() -> None:
    random = Random(SEED)  # noqa: S311
    costs = Costs(accepting_ms=1, judging_ms=20, result_ms=1)

    slow, fast = (
        simulate(burst(2000, 1, random), costs, lanes=lanes, backends=2, random=random)
        for lanes in (1, 2)
    )

    assert slow.per_second == pytest.approx(50, rel=0.1)
    assert fast.per_second == pytest.approx(100, rel=0.1)
    assert not slow.is_good
