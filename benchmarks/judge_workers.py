"""How long a submission waits for an idle judge, and how many are judged in a second, by queue.

Run from the root of the checkout:
`PYTHONPATH=code-execution-service .venv/bin/python -m benchmarks.judge_workers [ROUNDS]`.
The queues take turns, in rounds: the judges of the service itself, which are the baseline, a judge
worker behind Redis, and one behind RabbitMQ, both real servers on this machine. Service and worker
share this process, SQLite and an engine that runs nothing, so that what differs is the queue.
Prints, as medians over the rounds, milliseconds from the answer to a submission to the start of its
judging (with less than none where it starts before the answer), submissions judged in a second when
many come at once, and both in ratio to the baseline's of the same round.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.support import servers
from tests.support.judged_installation import JudgedInstallation, make_database

DEFAULT_ROUNDS = 5
SINGLE = 40
AT_ONCE = 200


async def measure(folder: Path, broker_url: str | None) -> tuple[float, float, float]:
    """Return median and 95th percentile of the wait in ms, and submissions in a second."""
    installation = JudgedInstallation(folder, broker_url)
    waits_ms = []
    async with installation.running():
        await installation.wait_for_broker()
        await installation.wait_for(await installation.hand_in("print 0"))  # all is connected
        for number in range(SINGLE):
            submission_id = await installation.hand_in(f"print {number}")
            answered_s = time.perf_counter()
            await installation.wait_for(submission_id)
            waits_ms.append((installation.engine.began_s - answered_s) * 1000)
        start_s = time.perf_counter()
        await asyncio.gather(*(installation.hand_in("print 42") for _ in range(AT_ONCE)))
        await installation.reported(1 + SINGLE + AT_ONCE)
        rate = AT_ONCE / (time.perf_counter() - start_s)
    return statistics.median(waits_ms), statistics.quantiles(waits_ms, n=20)[-1], rate


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS
    with ExitStack() as ending:
        queues: dict[str, str | None] = {
            "in the process": None,
            "redis": ending.enter_context(servers.redis()),
            "rabbitmq": ending.enter_context(servers.rabbitmq()),
        }
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        make_database(folder / "template.sqlite3")
        results: dict[str, list[tuple[float, float, float]]] = {queue: [] for queue in queues}
        for _ in range(rounds):
            for queue, url in queues.items():
                shutil.copy(folder / "template.sqlite3", folder / "service.sqlite3")
                results[queue].append(asyncio.run(measure(folder, url)))
    print(f"{rounds} rounds of {SINGLE} one by one and {AT_ONCE} at once")
    print("queue           wait p50    p95   judged/s   ratio of judged/s")
    baseline = results["in the process"]
    for queue, values in results.items():
        p50, p95, rate = (statistics.median(value[part] for value in values) for part in range(3))
        ratio = statistics.median(
            value[2] / base[2] for value, base in zip(values, baseline, strict=True)
        )
        print(f"{queue:15} {p50:8.1f} {p95:6.1f} {rate:10.0f} {ratio:10.2f}")


if __name__ == "__main__":
    main()
