"""A contest's rush: `.venv/bin/python -m benchmarks.contest_rush [--participants N] [--lanes N]`.

Everybody hands in at once when the contest starts, a few do in the middle, and all do again, twice,
in the last seconds, while readers look at the board. The installation is the grown one, on this
machine: PostgreSQL that writes to its disk, Redis, RabbitMQ, one backend, one execution service (or
two of each), first one judge worker and then two. The program is in C and was compiled before, with
one test.

What a second means depends on the machine and on what else it does; processor time per submission,
by group of processes, does much less. The load generator shares the cores, and is a group itself.
The baseline is of the same run: the bare program, the program in a box at `POST /run`, and a
request that the backend's view refuses.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.judge_requests import compile_bare, spawn_bare
from benchmarks.rush_clients import (
    EXPECTED,
    INPUT,
    PROGRAM,
    SUBMISSIONS_PATH,
    Answers,
    Connection,
    Phase,
    Rush,
)
from tests.chaos.findings import rows_of
from tests.support.grown_stack import UNLIMITED, GrownStack, running_grown_stack

SEED = 6
DEFAULT_PARTICIPANTS = 500
BASELINE_REQUESTS = 200
WARM_UP = 10
IDLE_S = 3.0
GENERATOR = "this generator"
UNSEEN = "a burst that nobody looks at"
"""In which all processor time is that of submissions, however long it takes."""
FINISHED = """
    SELECT submission.verdict, extract(epoch FROM submission.created_at)::float AS taken_s,
        extract(epoch FROM judgement.finished_at)::float AS judged_s
    FROM code_execution_codesubmission AS submission
    JOIN code_execution_judgement AS judgement ON judgement.submission_id = submission.id
    ORDER BY submission.id OFFSET {skipped}
"""
SETTINGS = {
    "JUDGE_LEASE_SECONDS": "10",
    "CODE_EXECUTION_RECONCILE_AFTER": "30",
    "JUDGE_RUN_RATE_LIMIT": UNLIMITED,
    "API_OPEN_ENDPOINTS": "judge",
    "DEBUG": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a phase showed; processor time in seconds, by group."""

    phase: Phase
    taken: Answers
    seen: Answers
    waits_ms: list[float]
    wrong: int
    span_s: float
    elapsed_s: float
    cpu_time_s: dict[str, float]


def phases_for(participants: int) -> list[Phase]:
    """Give the start, the middle and the end of a contest, in short."""
    return [
        Phase("start", participants, 3.0),
        Phase("middle", max(1, participants // 10), 5.0),
        Phase("last seconds", 2 * participants, 10.0),
        Phase(UNSEEN, participants, 3.0, has_readers=False),
    ]


def cpu_times_s(stack: GrownStack) -> dict[str, float]:
    """Say how long each group of processes has kept a processor busy."""
    times: dict[str, float] = {}
    for name, part in stack.parts.items():
        if part.is_running:
            group = name.partition("-")[0]
            times[group] = times.get(group, 0.0) + part.cpu_time_s()
    return times | {GENERATOR: time.process_time()}


def servers_cpu_time_s(stack: GrownStack) -> float:
    """Say how long all but the generator have kept a processor busy."""
    times = cpu_times_s(stack)
    return sum(times.values()) - times[GENERATOR]


def own_cpu_time_s() -> float:
    """Say how long this process and its dead children have kept a processor busy."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


async def measure(rush: Rush, phase: Phase, random: Random, *, skipped: int) -> Measured:
    """Play a phase; `skipped` submissions were there before."""
    before, started_s = cpu_times_s(rush.stack), time.monotonic()
    taken, seen = await rush.play(phase, random)
    after, elapsed_s = cpu_times_s(rush.stack), time.monotonic() - started_s
    query = FINISHED.format(skipped=skipped)
    rows = rows_of(rush.stack.database_urls["backend"], query)
    span_s = max(row["judged_s"] for row in rows) - min(row["taken_s"] for row in rows)
    return Measured(
        phase=phase,
        taken=taken,
        seen=seen,
        waits_ms=[(row["judged_s"] - row["taken_s"]) * 1000 for row in rows],
        wrong=sum(row["verdict"] != "AC" for row in rows) + phase.submissions - len(rows),
        span_s=span_s,
        elapsed_s=elapsed_s,
        cpu_time_s={group: after[group] - before[group] for group in after},
    )


async def measure_idle(stack: GrownStack) -> dict[str, float]:
    """Say how busy each group is while nobody asks for anything, in seconds a second."""
    before = cpu_times_s(stack)
    await asyncio.sleep(IDLE_S)
    after = cpu_times_s(stack)
    return {group: (after[group] - before[group]) / IDLE_S for group in after}


async def measure_baseline(stack: GrownStack, token: str) -> None:
    """Print how long the bare program, a box, and a request that is refused take by themselves."""
    case = {"id": "1", "input": INPUT, "expected_output": EXPECTED}
    run = json.dumps({"language": "c", "code": PROGRAM, "sample_test_cases": [case]}).encode()
    with tempfile.TemporaryDirectory() as folder:
        program = compile_bare(Path(folder))
        before_s = own_cpu_time_s()
        taken_ms = spawn_bare(program, 0.5)
        rows = {"the bare program": (taken_ms, (own_cpu_time_s() - before_s) / len(taken_ms))}
    for name, url, path, body in (
        ("POST /run, in a box", stack.execution_url, "/run", run),
        ("POST that is refused", stack.backend_url, SUBMISSIONS_PATH, b"{}"),
    ):
        connection, taken_ms = Connection(url, token), []
        before_s = servers_cpu_time_s(stack)
        for number in range(-WARM_UP, BASELINE_REQUESTS):
            started_s = time.perf_counter()
            await connection.ask("POST", path, body)
            if number >= 0:
                taken_ms.append((time.perf_counter() - started_s) * 1000)
        connection.close()
        used_s = servers_cpu_time_s(stack) - before_s
        rows[name] = (taken_ms, used_s / (WARM_UP + BASELINE_REQUESTS))
    print("baseline, one by one          p50 ms   p95 ms   p99 ms  processor ms")
    for name, (taken_ms, used_s) in rows.items():
        print(f"{name:27} {quantiles(taken_ms)}  {used_s * 1000:12.2f}")


def quantiles(values: Sequence[float]) -> str:
    """Write p50, p95 and p99."""
    if len(values) < 2:  # noqa: PLR2004 - quantiles of one are none
        return " ".join(f"{value:8.1f}" for value in [*values] * 3)
    cuts = statistics.quantiles(values, n=100)
    return f"{statistics.median(values):8.1f} {cuts[94]:8.1f} {cuts[98]:8.1f}"


def show(measured: Measured, workers: int) -> None:
    """Print one phase."""
    count = measured.phase.submissions
    print(f"\n{workers} judge worker(s), {measured.phase.name}: {count} submissions")
    print(
        f"  in {measured.phase.seconds:.0f} s, all judged {measured.span_s:.1f} s after the first:"
    )
    print(f"  {count / measured.span_s:.1f} submissions a second, end to end")
    print("  ms                      p50      p95      p99")
    print(f"  accepting          {quantiles(measured.taken.taken_ms)}")
    print(f"  until the verdict  {quantiles(measured.waits_ms)}")
    if measured.phase.has_readers:
        print(f"  looking at a board {quantiles(measured.seen.taken_ms)}")
    print(f"  wrong or missing: {measured.wrong}; errors: {errors_of(measured)}")


def errors_of(measured: Measured) -> str:
    """Write what was not answered as it should be."""
    errors = measured.taken.errors + measured.seen.errors
    return ", ".join(f"{name}: {count}" for name, count in errors.items()) or "none"


def show_processor_time(
    rush_of: Sequence[Measured], workers: int, idle: Mapping[str, float]
) -> None:
    """Print what a submission costs, without what is used anyway, and what that allows."""
    bursts = [each for each in rush_of if each.phase.name == UNSEEN]
    count = sum(each.phase.submissions for each in bursts)
    per_submission_ms = {
        group: sum(each.cpu_time_s[group] - idle[group] * each.elapsed_s for each in bursts)
        / count
        * 1000
        for group in bursts[0].cpu_time_s
    }
    total_ms = sum(per_submission_ms.values())
    print(f"\n{workers} judge worker(s), processor time per submission in {UNSEEN}")
    for group, used_ms in sorted(per_submission_ms.items(), key=lambda item: -item[1]):
        print(f"  {group:15} {used_ms:7.2f} ms  {used_ms / total_ms:6.1%}")
    own_ms = total_ms - per_submission_ms[GENERATOR]
    cores = os.cpu_count() or 1
    print(f"  all but the generator {own_ms:.2f} ms: {cores} cores do at most")
    print(f"  {cores * 1000 / own_ms:.0f} a second, or {cores * 1000 / total_ms:.0f} beside it")
    busiest = max(set(per_submission_ms) - {GENERATOR}, key=lambda group: per_submission_ms[group])
    print(f"  the most is spent by: {busiest}")
    idle_ms = sum(idle.values()) * 1000
    print(f"  and {idle_ms:.0f} ms in every second, which nothing happens in too")


def rush_in(stack: GrownStack, names: Sequence[str]) -> None:
    """Play the contest with one judge worker, then with two."""
    rush, random, skipped = Rush(stack, names), Random(SEED), 0
    phases = phases_for(len(names))
    with asyncio.Runner() as runner:
        idle = runner.run(measure_idle(stack))
        runner.run(measure_baseline(stack, stack.tokens[names[0]]))
        runner.run(rush.enter())
        warming_up = runner.run(measure(rush, Phase("warming up", 20, 2.0), random, skipped=0))
        skipped += warming_up.phase.submissions
        for workers in (1, 2):
            if workers == 1:
                stack.parts["judge-2"].stop()
            else:
                stack.start()
            done = []
            for phase in phases:
                measured = runner.run(measure(rush, phase, random, skipped=skipped))
                show(measured, workers)
                skipped += phase.submissions
                done.append(measured)
            show_processor_time(done, workers, idle)
        runner.run(rush.close())


def main() -> None:
    """Start an installation and let them rush."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contest_rush")
    parser.add_argument("--participants", type=int, default=DEFAULT_PARTICIPANTS)
    parser.add_argument("--lanes", type=int, default=1, help="boxes of each judge worker")
    parser.add_argument("--replicas", type=int, choices=(1, 2), default=1, help="of each service")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    names = [f"player{number:04}" for number in range(1, options.participants + 1)]
    settings = SETTINGS | {"JUDGE_WORKERS": str(options.lanes)}
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with running_grown_stack(names, replicas=options.replicas, settings=settings) as stack:
        rush_in(stack, names)


if __name__ == "__main__":
    main()
