"""What a sandboxed run costs: `python benchmarks/sandbox_run.py [ROUNDS]`.

Every round runs a static C program that does nothing: bare, in an open box with all limits on, and
as a submission of its own that is compiled already (a fresh box, the program put into it, one run).
So all see the same machine; the ratio of the medians is the answer.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path

SERVICE_DIRECTORY = Path(__file__).resolve().parent.parent / "code-execution-service"
sys.path.insert(0, str(SERVICE_DIRECTORY))

from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.base import Program
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.cgroups import find_cgroups
from app.engines.sandbox.commands import compile_command
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.engines.sandbox.keeper_protocol import Command
from app.engines.sandbox.lane import Lane
from app.languages import load_languages

DEFAULT_ROUNDS = 300
SOURCE = b"int main(void) { return 0; }\n"
C = load_languages().get("c")


async def main(rounds: int) -> None:
    """Measure and print."""
    run = Command(arguments=("/box/main",), environment=(), limits=DEFAULT_LIMITS)
    cgroups = find_cgroups()
    with tempfile.TemporaryDirectory() as directory:
        keeper = build_keeper(Path(directory))
        program = _compile_bare(Path(directory))
        engine = SandboxEngine([C], Path(directory), lanes=1)
        await engine.start()
        lane = Lane(
            survey_host(),
            keeper,
            partial(cgroups.create, 1_000),
            cgroups.support.controllers,
        )
        async with lane.box() as box:
            await box.put_file(C.source_file, SOURCE)
            _expect_ok(await box.run(compile_command(C)))

            async def spawn_bare() -> None:
                _spawn(program)

            async def run_in_the_box() -> None:
                _expect_ok(await box.run(run))

            times = await _interleave(
                rounds,
                {
                    "posix_spawn": spawn_bare,
                    "run in a box": run_in_the_box,
                    "submission, compiled": partial(_submit, engine),
                },
            )
        await lane.close()
        await engine.close()
    _print(rounds, times)
    print(f"cgroups: {cgroups.support.version}, {', '.join(cgroups.support.controllers) or '-'}")


async def _submit(engine: SandboxEngine) -> None:
    program = Program(language=C, source=SOURCE, limits=DEFAULT_LIMITS)
    async with aclosing(engine.execute(program, [b""])) as results:
        *_, run = [result async for result in results]
    _expect_ok(run)


def _expect_ok(run: CompileResult | RunResult) -> None:
    if not isinstance(run, RunResult) or run.status is not RunStatus.OK:
        sys.exit(f"a program of the benchmark failed: {run}")


def _compile_bare(directory: Path) -> str:
    source, program = directory / "main.c", directory / "main"
    source.write_bytes(SOURCE)
    subprocess.run(["cc", "-O2", "-static", "-o", program, source], check=True)  # noqa: S607
    return str(program)


def _spawn(program: str) -> None:
    os.waitpid(os.posix_spawn(program, [program], {}), 0)


async def _interleave(
    rounds: int, actions: dict[str, Callable[[], Awaitable[None]]]
) -> dict[str, list[float]]:
    """Run every action once per round; the times in ms by action."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            started_s = time.perf_counter()
            await action()
            times[name].append((time.perf_counter() - started_s) * 1000)
    return times


def _print(rounds: int, times: dict[str, list[float]]) -> None:
    baseline_ms = statistics.median(next(iter(times.values())))
    print(f"{rounds} interleaved rounds, load average {os.getloadavg()[0]:.1f}")
    print(f"{'':22}{'p10 ms':>8}{'p50 ms':>8}{'p95 ms':>8}{'ratio':>8}")
    for name, taken in times.items():
        tenths = statistics.quantiles(taken, n=20)
        p50_ms = statistics.median(taken)
        ratio = p50_ms / baseline_ms
        print(f"{name:22}{tenths[1]:8.2f}{p50_ms:8.2f}{tenths[18]:8.2f}{ratio:8.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS))
