"""What 100 tiny tests cost: `python benchmarks/many_tests.py [ROUNDS]`.

A compiled C program and a Python program read two numbers and print their sum. Every round runs 100
tests of each: bare (`subprocess.run` with pipes, one by one), in one box one by one, and in boxes
side by side, as many as there are cores. The program is compiled already; what is measured includes
the fresh boxes and the program's way into them. The ratio is the median over the rounds of the time
divided by the bare time of the same round.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "code-execution-service")]

from app.domain.language import Language
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import RunResult
from app.engines.base import Program
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages
from tests.support.programs import ECHOING

TESTS = 100
DEFAULT_ROUNDS = 10
INPUTS = [f"{number} {number + 1}\n".encode() for number in range(TESTS)]
EXPECTED = [f"{2 * number + 1}\n".encode() for number in range(TESTS)]


@dataclass(frozen=True)
class Case:
    """One language with its engines and its program laid out for bare runs."""

    language: Language
    one_lane: SandboxEngine
    all_lanes: SandboxEngine
    bare_command: list[str]

    def run_bare(self) -> None:
        """Run every test by a bare subprocess."""
        outputs = [
            subprocess.run(self.bare_command, input=text, capture_output=True, check=True).stdout
            for text in INPUTS
        ]
        _expect(outputs)

    async def run_in(self, engine: SandboxEngine) -> None:
        """Run every test in the sandbox."""
        program = Program(
            language=self.language,
            source=ECHOING[self.language.id].encode(),
            limits=DEFAULT_LIMITS,
        )
        async with aclosing(engine.execute(program, INPUTS)) as results:
            runs = [result async for result in results if isinstance(result, RunResult)]
        _expect([run.stdout for run in runs])

    async def measure(self, rounds: int) -> None:
        """Measure and print."""
        for engine in (self.one_lane, self.all_lanes):
            await self.run_in(engine)  # compiles
        rows: list[tuple[float, float, float]] = []
        for _ in range(rounds):
            started_s = time.perf_counter()
            self.run_bare()
            bare_s = time.perf_counter()
            await self.run_in(self.one_lane)
            one_s = time.perf_counter()
            await self.run_in(self.all_lanes)
            rows.append((bare_s - started_s, one_s - bare_s, time.perf_counter() - one_s))
        for index, name in enumerate(("bare, one by one", "one box", "side by side")):
            total_ms = statistics.median(row[index] for row in rows) * 1000
            ratio = statistics.median(row[index] / row[0] for row in rows)
            print(f"{self.language.id:8} {name:18} {total_ms:9.0f} {ratio:7.2f}")


def _expect(outputs: list[bytes]) -> None:
    if outputs != EXPECTED:
        sys.exit(f"a test of the benchmark failed: {outputs}")


def _bare_command(language: Language, folder: Path) -> list[str]:
    """Lay the program out in a folder; the command is the box's own."""
    source = folder / language.source_file
    source.write_text(ECHOING[language.id])
    if language.id == "c":
        subprocess.run(["gcc", "-O2", "-static", "-o", folder / "main", source], check=True)  # noqa: S607
    return [part.replace("/box/", f"{folder}/") for part in language.run_command]


async def main(rounds: int) -> None:
    """Measure and print."""
    print(f"{TESTS} tests, {rounds} interleaved rounds, load average {os.getloadavg()[0]:.1f}")
    print(f"{'':27} {'total ms':>9} {'ratio':>7}")
    for language in (load_languages().get("c"), load_languages().get("python")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            one_lane = SandboxEngine([language], folder / "one", lanes=1)
            all_lanes = SandboxEngine([language], folder / "all")
            for engine in (one_lane, all_lanes):
                await engine.start()
                await engine.prepared()
            case = Case(language, one_lane, all_lanes, _bare_command(language, folder))
            await case.measure(rounds)
            for engine in (one_lane, all_lanes):
                await engine.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS))
