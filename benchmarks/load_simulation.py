"""What many participants need: `.venv/bin/python -m benchmarks.load_simulation [OPTIONS]`.

Simulates what `contest_rush` plays, with as many participants, judge lanes and backends as one
likes, from how much processor time each step takes. That comes from `contest_rush`, run on the kind
of machine that one has: a lane is a core that judges, a backend a process with a core of its own.
The steps of a submission come one after the other, each at the first free core of its kind, in the
order in which they got there; how long a step takes varies, exponentially. Databases and brokers
are taken to keep up: the table says what they have to take. Boards follow by themselves
(`benchmarks.scoreboard`, a rush).
"""

import argparse
import heapq
import itertools
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

SEED = 6
ACCEPTED_WITHIN_MS = 100.0
JUDGED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a submission takes, in ms: of the backend to take it, of a lane, and to tell of it."""

    accepting_ms: float
    judging_ms: float
    result_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How long people wait: until the submission is taken, and until its verdict is there."""

    accept_p95_ms: float
    verdict_p50_s: float
    verdict_p95_s: float
    per_second: float

    @property
    def is_good(self) -> bool:
        """Whether nobody would complain."""
        is_quick = self.accept_p95_ms <= ACCEPTED_WITHIN_MS
        return is_quick and self.verdict_p95_s <= JUDGED_WITHIN_S


class Station:
    """So many servers of one kind, and who waits for one."""

    def __init__(self, servers: int) -> None:
        self.free = servers
        self.waiting: deque[tuple[int, int]] = deque()


def passed(
    arrivals_s: Sequence[float], steps: Sequence[tuple[Station, Sequence[float]]]
) -> list[list[float]]:
    """Give when each arrival has done each of the steps, which take it so many seconds."""
    done_s = [[0.0] * len(arrivals_s) for _ in steps]
    # What is done comes before what arrives at the same moment.
    events = [(at_s, 1, number, 0) for number, at_s in enumerate(arrivals_s)]
    heapq.heapify(events)

    def begin(now_s: float, number: int, step: int) -> None:
        heapq.heappush(events, (now_s + steps[step][1][number], 0, number, step))

    while events:
        now_s, is_arrival, number, step = heapq.heappop(events)
        station = steps[step][0]
        if is_arrival and station.free:
            station.free -= 1
            begin(now_s, number, step)
        elif is_arrival:
            station.waiting.append((number, step))
        else:
            done_s[step][number] = now_s
            if step + 1 < len(steps):
                heapq.heappush(events, (now_s, 1, number, step + 1))
            if station.waiting:
                begin(now_s, *station.waiting.popleft())
            else:
                station.free += 1
    return done_s


def simulate(
    arrivals_s: Sequence[float], costs: Costs, *, lanes: int, backends: int, random: Random
) -> Outcome:
    """Let submissions come at these times, and tell how long they wait."""
    backend, judges = Station(backends), Station(lanes)
    accepted_s, _, told_s = passed(
        arrivals_s,
        [
            (station, [random.expovariate(1000 / mean_ms) for _ in arrivals_s])
            for station, mean_ms in (
                (backend, costs.accepting_ms),
                (judges, costs.judging_ms),
                (backend, costs.result_ms),
            )
        ],
    )
    accepting_ms = _waits(arrivals_s, accepted_s, unit=1000)
    waits_s = _waits(arrivals_s, told_s, unit=1)
    return Outcome(
        accept_p95_ms=_p95(accepting_ms),
        verdict_p50_s=statistics.median(waits_s),
        verdict_p95_s=_p95(waits_s),
        per_second=len(arrivals_s) / (max(told_s) - min(arrivals_s)),
    )


def burst(participants: int, seconds: float, random: Random) -> list[float]:
    """Have everybody hand in one program at some moment of these seconds."""
    return [random.uniform(0, seconds) for _ in range(participants)]


def _waits(from_s: Sequence[float], until_s: Sequence[float], *, unit: int) -> list[float]:
    return [(end - start) * unit for start, end in zip(from_s, until_s, strict=True)]


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Print what each number of lanes and backends gives, and which is the least that is good."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_simulation")
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60, help="in which everybody hands in")
    parser.add_argument("--accepting-ms", type=float, required=True)
    parser.add_argument("--judging-ms", type=float, required=True)
    parser.add_argument("--result-ms", type=float, required=True)
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--backends", type=int, nargs="+", default=[1, 2, 4, 8])
    options = parser.parse_args()
    costs = Costs(
        accepting_ms=options.accepting_ms,
        judging_ms=options.judging_ms,
        result_ms=options.result_ms,
    )
    print(f"{options.participants} submissions in {options.seconds:.0f} s")
    print("lanes  backends  a second  accepted p95 ms  verdict p50 s  verdict p95 s")
    for lanes, backends in itertools.product(options.lanes, options.backends):
        random = Random(SEED)
        arrivals_s = burst(options.participants, options.seconds, random)
        outcome = simulate(arrivals_s, costs, lanes=lanes, backends=backends, random=random)
        print(
            f"{lanes:5}  {backends:8}  {outcome.per_second:8.0f}  {outcome.accept_p95_ms:15.0f}"
            f"  {outcome.verdict_p50_s:13.1f}  {outcome.verdict_p95_s:13.1f}"
            f"  {'enough' if outcome.is_good else ''}"
        )


if __name__ == "__main__":
    main()
