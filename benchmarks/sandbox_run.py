"""What a sandboxed run costs: `python benchmarks/sandbox_run.py [ROUNDS]`.

Every round runs a static C program that does nothing once bare and once in an open box, and makes
a box, so that all see the same machine; the ratio of the medians is the answer.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

SERVICE_DIRECTORY = Path(__file__).resolve().parent.parent / "code-execution-service"
sys.path.insert(0, str(SERVICE_DIRECTORY))

from app.domain.limits import DEFAULT_LIMITS  # noqa: E402 - after the path is set
from app.engines.sandbox.box import Box  # noqa: E402
from app.engines.sandbox.build import build_keeper  # noqa: E402
from app.engines.sandbox.commands import compile_command  # noqa: E402
from app.engines.sandbox.host import survey_host  # noqa: E402
from app.engines.sandbox.keeper_protocol import Command  # noqa: E402
from app.languages import load_languages  # noqa: E402

DEFAULT_ROUNDS = 100
SOURCE = b"int main(void) { return 0; }\n"


async def main(rounds: int) -> None:
    """Measure and print."""
    walls = survey_host()
    c = load_languages().get("c")
    run = Command(arguments=("/box/main",), environment=(), limits=DEFAULT_LIMITS)
    with tempfile.TemporaryDirectory() as directory:
        keeper = build_keeper(Path(directory))
        program = _compile_bare(Path(directory))

        async def make_a_box() -> None:
            async with Box.open(walls, keeper):
                pass

        async with Box.open(walls, keeper) as box:
            await box.put_file(c.source_file, SOURCE)
            await box.run(compile_command(c))

            async def run_in_the_box() -> None:
                await box.run(run)

            async def spawn_bare() -> None:
                _spawn(program)

            times = await _interleave(rounds, spawn_bare, run_in_the_box, make_a_box)
    _print(
        rounds, dict(zip(("posix_spawn", "run in a box", "box made and gone"), times, strict=True))
    )


def _compile_bare(directory: Path) -> str:
    source, program = directory / "main.c", directory / "main"
    source.write_bytes(SOURCE)
    subprocess.run(["cc", "-O2", "-static", "-o", program, source], check=True)  # noqa: S607
    return str(program)


def _spawn(program: str) -> None:
    os.waitpid(os.posix_spawn(program, [program], {}), 0)


async def _interleave(rounds: int, *actions: Callable[[], Awaitable[None]]) -> list[list[float]]:
    """Run every action once per round; the times in ms, one list per action."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, taken in zip(actions, times, strict=True):
            started_s = time.perf_counter()
            await action()
            taken.append((time.perf_counter() - started_s) * 1000)
    return times


def _print(rounds: int, times: dict[str, list[float]]) -> None:
    baseline_ms = statistics.median(next(iter(times.values())))
    print(f"{rounds} interleaved rounds, load average {os.getloadavg()[0]:.1f}")
    print(f"{'':20}{'p10 ms':>8}{'p50 ms':>8}{'p95 ms':>8}{'ratio':>8}")
    for name, taken in times.items():
        tenths = statistics.quantiles(taken, n=20)
        p50_ms = statistics.median(taken)
        ratio = p50_ms / baseline_ms
        print(f"{name:20}{tenths[1]:8.2f}{p50_ms:8.2f}{tenths[18]:8.2f}{ratio:8.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS))
