"""What compiling and starting cost: `python benchmarks/compile.py [ROUNDS]`.

First table: a program is compiled in a box by the plain command of its toolchain, by ours where
nothing is prepared, and by ours as it is. Second table: a program that prints a line is run bare
and in a box. Every round does each once, in another order, so that all see the same machine; a
ratio is the median over the rounds of the quotient of one round.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

SERVICE_DIRECTORY = Path(__file__).resolve().parent.parent / "code-execution-service"
sys.path.insert(0, str(SERVICE_DIRECTORY))

from app.domain.language import Language
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.base import Program
from app.engines.sandbox.commands import compile_command, run_command
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages

DEFAULT_ROUNDS = 7
LANGUAGES = load_languages()

GCC = ("-O2", "-static", "-pipe", "-o", "main")
PLAIN = {
    "c": ("/usr/bin/gcc", "-std=gnu17", *GCC, "main.c", "-lm"),
    "cpp": ("/usr/bin/g++", "-std=gnu++20", *GCC, "main.cpp"),
    "go": ("/usr/bin/go", "build", "-o", "main", "main.go"),
    "java": ("/usr/bin/javac", "-d", ".", "Main.java"),
    "rust": ("/usr/bin/rustc", "-O", "--edition=2021", "-o", "main", "main.rs"),
}
EVERYTHING = """
#include <bits/stdc++.h>
using namespace std;
int main() {
    vector<int> numbers(6);
    map<string, int> names{{"a", 1}};
    iota(numbers.begin(), numbers.end(), 1);
    sort(numbers.rbegin(), numbers.rend());
    cout << accumulate(numbers.begin(), numbers.end(), 0) * 2 * names["a"] << endl;
}
"""
COLLECTIONS = """
import java.util.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] arguments) {
        Scanner input = new Scanner("3 1 2 3");
        List<Integer> numbers = new ArrayList<>();
        while (input.hasNextInt()) numbers.add(input.nextInt());
        Map<Integer, Long> counts = numbers.stream()
            .collect(Collectors.groupingBy(number -> number, TreeMap::new, Collectors.counting()));
        PriorityQueue<Integer> queue = new PriorityQueue<>(Comparator.reverseOrder());
        queue.addAll(counts.keySet());
        System.out.println(counts + String.format("%.2f", 1.5) + queue.poll());
    }
}
"""
SOURCES = {
    "C": ("c", LANGUAGES.get("c").reference_source),
    "C++, bits/stdc++.h": ("cpp", EVERYTHING),
    "C++, iostream": ("cpp", LANGUAGES.get("cpp").reference_source),
    "Go": ("go", LANGUAGES.get("go").reference_source),
    "Java": ("java", LANGUAGES.get("java").reference_source),
    "Java, collections": ("java", COLLECTIONS),
    "Rust": ("rust", LANGUAGES.get("rust").reference_source),
}
_numbers = count()


@dataclass(frozen=True, slots=True)
class Taken:
    """The times of one way, one per round; CPU times are 0 where they are not known."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


Way = Callable[[], Awaitable[tuple[float, float]]]
"""Does something once; gives wall and CPU time in ms."""


async def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        engine = SandboxEngine(LANGUAGES.languages, Path(directory), lanes=1)
        await engine.start()
        started_s = time.monotonic()
        complaints = await engine.prepared()
        print(f"toolchains prepared in {time.monotonic() - started_s:.1f} s")
        print("".join(f"not prepared: {name}: {why}\n" for name, why in complaints.items()), end="")
        available = {tool.language.id for tool in await engine.toolchains() if tool.is_available}
        await _compare_compiling(rounds, engine, available)
        await _compare_starting(rounds, engine, available)
        await engine.close()


async def _compare_compiling(rounds: int, engine: SandboxEngine, available: set[str]) -> None:
    table = {}
    for name, (language_id, source) in SOURCES.items():
        if language_id not in available:
            continue
        language = LANGUAGES.get(language_id)
        ways = {
            "plain": replace(language, compile_command=PLAIN[language_id]),
            # Nothing is prepared under this name.
            "unprepared": replace(language, id=f"unprepared-{language_id}"),
            "ours": language,
        }
        table[name] = await _interleave(
            rounds, {way: partial(_compile, engine, as_, source) for way, as_ in ways.items()}
        )
    _print("compile, in a box", rounds, table)


async def _compare_starting(rounds: int, engine: SandboxEngine, available: set[str]) -> None:
    table = {}
    for language in LANGUAGES.languages:
        if language.id not in available:
            continue
        with tempfile.TemporaryDirectory() as directory:
            bare = _compile_bare(language, directory)
            table[language.name] = await _interleave(
                rounds, {"bare": bare, "in a box": partial(_run, engine, language)}
            )
    _print("hello world, run", rounds, table)


async def _compile(engine: SandboxEngine, language: Language, source: str) -> tuple[float, float]:
    """Compile once; the text is a new one each time, or a cache would answer."""
    text = f"{source}\n// {next(_numbers)}\n"
    program = Program(language=language, source=text.encode(), limits=DEFAULT_LIMITS)
    async with aclosing(engine.execute(program, [])) as results:
        started_s = time.perf_counter()
        compiled = await anext(results)
        wall_ms = (time.perf_counter() - started_s) * 1000
    if not isinstance(compiled, CompileResult) or not compiled.is_ok:
        sys.exit(f"a program of the benchmark does not compile: {compiled}")
    return wall_ms, compiled.usage.cpu_time_ms


async def _run(engine: SandboxEngine, language: Language) -> tuple[float, float]:
    source = language.reference_source.encode()
    program = Program(language=language, source=source, limits=DEFAULT_LIMITS)
    async with aclosing(engine.execute(program, [b""])) as results:
        await anext(results)
        started_s = time.perf_counter()
        run = await anext(results)
        wall_ms = (time.perf_counter() - started_s) * 1000
    if not isinstance(run, RunResult) or run.status is not RunStatus.OK:
        sys.exit(f"a program of the benchmark failed: {run}")
    return wall_ms, run.usage.cpu_time_ms


def _compile_bare(language: Language, directory: str) -> Way:
    """Compile outside of any box; the way runs the program there."""
    Path(directory, language.source_file).write_text(language.reference_source)
    program = Program(language=language, source=b"", limits=DEFAULT_LIMITS)
    _spawn(compile_command(language).arguments, language, directory)
    arguments = run_command(program, b"").arguments

    async def run() -> tuple[float, float]:
        started_s = time.perf_counter()
        _spawn(arguments, language, directory)
        return (time.perf_counter() - started_s) * 1000, 0.0

    return run


def _spawn(arguments: tuple[str, ...], language: Language, directory: str) -> None:
    subprocess.run(
        [argument.replace("/box", directory) for argument in arguments],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", **dict(language.environment), "GOMEMLIMIT": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )


async def _interleave(rounds: int, ways: Mapping[str, Way]) -> dict[str, Taken]:
    """Go every way once per round, starting with another one each time; one round to warm up."""
    taken = {name: Taken() for name in ways}
    order = list(ways)
    for number in range(rounds + 1):
        order.append(order.pop(0))
        for name in order:
            wall_ms, cpu_ms = await ways[name]()
            if number:
                taken[name].wall_ms.append(wall_ms)
                taken[name].cpu_ms.append(cpu_ms)
    return taken


def _print(title: str, rounds: int, table: Mapping[str, Mapping[str, Taken]]) -> None:
    print(f"\n{title}: {rounds} interleaved rounds, load average {os.getloadavg()[0]:.1f}")
    print(f"{'':22}{'':12}{'min ms':>9}{'p50 ms':>9}{'ratio':>8}{'CPU ms':>9}{'ratio':>8}")
    for name, ways in table.items():
        base = next(iter(ways.values()))
        for way, taken in ways.items():
            times = f"{min(taken.wall_ms):9.1f}{statistics.median(taken.wall_ms):9.1f}"
            cpu = f"{statistics.median(taken.cpu_ms):9.1f}{_ratio(taken.cpu_ms, base.cpu_ms):>8}"
            ratio = _ratio(taken.wall_ms, base.wall_ms)
            print(f"{name:22}{way:12}{times}{ratio:>8}{cpu if any(taken.cpu_ms) else ''}")


def _ratio(taken: list[float], base: list[float]) -> str:
    quotients = [one / other for one, other in zip(taken, base, strict=True) if other]
    return f"{statistics.median(quotients):.2f}" if quotients else "-"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS))
