"""Time from POST at the backend to the final row in its database, beside the bare commands.

Run from the root of the checkout: `.venv/bin/python -m benchmarks.submission_latency [ROUNDS]`.
Starts an installation of its own with the embedded defaults. Every round does, in turn and for each
case: compile and run the program bare, then submit it (one test). In the cases that say "fresh"
every source differs by a comment; in the other one the service has compiled it before, and the bare
program is only run. Prints milliseconds and, as `ratio`, the median over the rounds of submitted
divided by bare.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.e2e.stack import FINAL_STATUSES, Person, Stack, running_stack

C_SOURCE = '#include <stdio.h>\nint main(void) { puts("42"); }\n'
PYTHON_SOURCE = "print(42)\n"
POLL_PAUSE_S = 0.001
DEFAULT_ROUNDS = 60


def bare_python(folder: Path, source: str) -> None:
    """Check the syntax and run, as the sandbox does."""
    (folder / "main.py").write_text(source)
    python = ["/usr/bin/python3", "-I", "-S"]
    subprocess.run([*python, "-m", "py_compile", "main.py"], cwd=folder, check=True)
    subprocess.run([*python, "main.py"], cwd=folder, check=True, capture_output=True)


def bare_c(folder: Path, source: str) -> None:
    """Compile and run."""
    (folder / "main.c").write_text(source)
    gcc = ["/usr/bin/gcc", "-O2", "-std=gnu17", "-o", "main", "main.c", "-lm"]
    subprocess.run(gcc, cwd=folder, check=True)
    run_c(folder, source)


def run_c(folder: Path, _source: str) -> None:
    """Run what `bare_c` compiled before."""
    subprocess.run(["./main"], cwd=folder, check=True, capture_output=True)


def submitted(alice: Person, database: sqlite3.Connection, language: str, source: str) -> None:
    """Submit and wait until the row is final."""
    number = alice.submit(language=language, code=source)
    query = "SELECT status, verdict FROM code_execution_codesubmission WHERE id = ?"
    while True:
        status, verdict = database.execute(query, (number,)).fetchone()
        if status in FINAL_STATUSES:
            break
        time.sleep(POLL_PAUSE_S)
    if verdict != "AC":
        sys.exit(f"{language}: verdict {verdict}")


def timed_ms(action: Callable[[], None]) -> float:
    """Run the action and return how long it took."""
    start_s = time.perf_counter()
    action()
    return (time.perf_counter() - start_s) * 1000


def measure(stack: Stack, folder: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return, per case, pairs of bare and submitted milliseconds."""
    alice = Person(stack, "alice", "alices-long-password").register().sign_in()
    database = sqlite3.connect(folder / "backend.sqlite3", isolation_level=None)
    cases = {
        "python, fresh": ("python", PYTHON_SOURCE, "# {}\n", bare_python),
        "c, fresh": ("c", C_SOURCE, "// {}\n", bare_c),
        "c, compiled": ("c", C_SOURCE, "", run_c),
    }
    pairs: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
    for number in range(-2, rounds):  # the first two warm everything up and do not count
        for case, (language, source, comment, bare) in cases.items():
            unique = source + comment.format(number)
            bare_ms = timed_ms(partial(bare, folder, unique))
            full_ms = timed_ms(partial(submitted, alice, database, language, unique))
            if number >= 0:
                pairs[case].append((bare_ms, full_ms))
    return pairs


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS
    with tempfile.TemporaryDirectory() as set_up, tempfile.TemporaryDirectory() as name:
        Stack(Path(set_up)).set_up()
        with running_stack(Path(name), Path(set_up)) as stack:
            pairs = measure(stack, Path(name), rounds)
    print(f"{rounds} rounds, one by one, embedded defaults")
    print("case           bare p50  submitted p50    p95   ratio")
    for case, values in pairs.items():
        bare, full = ([pair[side] for pair in values] for side in (0, 1))
        p95 = statistics.quantiles(full, n=20)[-1]
        ratio = statistics.median(pair[1] / pair[0] for pair in values)
        print(
            f"{case:13} {statistics.median(bare):9.1f} {statistics.median(full):14.1f}"
            f" {p95:6.1f} {ratio:7.2f}"
        )


if __name__ == "__main__":
    main()
