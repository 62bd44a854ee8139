"""Packages by command: their reference submissions are judged, in the real sandbox."""

from pathlib import Path

import pytest

from tests.e2e.stack import Stack
from tests.support.problem_packages import Files, packed

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("commands are called")]

AVERAGE = """
n = int(input())
print(sum(map(int, input().split())) / n)
"""
CRASH = "#include <cstdlib>\nint main() { std::abort(); }\n"
SLOW = "public class Slow { public static void main(String[] a) { while (true) { } } }\n"
# Accepts any divisor but one and the number itself.
CHECKER = """
#include <fstream>
#include <iostream>
int main(int argc, char** argv) {
    long long number, divisor;
    std::ifstream(argv[1]) >> number;
    if (!(std::cin >> divisor)) return 43;
    return divisor > 1 && divisor < number && number % divisor == 0 ? 42 : 43;
}
"""
INTERACTOR = """
import sys
secret = int(open(sys.argv[1]).read())
for _ in range(12):
    line = sys.stdin.readline()
    if not line.strip().isdigit():
        sys.exit(43)
    guess = int(line)
    print("correct" if guess == secret else "higher" if guess < secret else "lower", flush=True)
    if guess == secret:
        sys.exit(42)
sys.exit(43)
"""
GUESSER = """
low, high = 1, 1000
while True:
    guess = (low + high) // 2
    print(guess, flush=True)
    answer = input()
    if answer == "correct":
        break
    low, high = (guess + 1, high) if answer == "higher" else (low, guess - 1)
"""


def files(**texts: str) -> Files:
    return {path: text.encode() for path, text in texts.items()}


def averages() -> Files:
    return files(**{
        "averages/problem.yaml": "name: Averages\nvalidator_flags: float_tolerance 1e-6\n",
        "averages/.timelimit": "1\n",
        "averages/data/sample/1.in": "2\n1 2\n",
        "averages/data/sample/1.ans": "1.5\n",
        "averages/data/secret/1.in": "3\n1 1 2\n",
        "averages/data/secret/1.ans": "1.33333333\n",
        "averages/submissions/accepted/right.py": AVERAGE,
        "averages/submissions/wrong_answer/rounded.py": AVERAGE.replace("/", "//"),
        "averages/submissions/run_time_error/crash.cpp": CRASH,
        "averages/submissions/time_limit_exceeded/Slow.java": SLOW,
        "averages/submissions/compiler_error/broken.c": "int main( {\n",
    })


def divisors() -> Files:
    group = "on_reject: break\ngrader_flags: min\naccept_score: {0}\nrange: 0 {0}\n"
    loop = "n = int(input())\nprint(next(d for d in range(2, {}) if n % d == 0))\n"
    return files(**{
        "divisors/problem.yaml": "name: Divisors\ntype: scoring\nvalidation: custom\n",
        "divisors/.timelimit": "1\n",
        "divisors/output_validators/check/check.cpp": CHECKER,
        "divisors/data/testdata.yaml": "on_reject: continue\ngrader_flags: ignore_sample\n",
        "divisors/data/sample/1.in": "6\n",
        "divisors/data/sample/1.ans": "2\n",
        "divisors/data/secret/small/testdata.yaml": group.format(30),
        "divisors/data/secret/small/1.in": "35\n",
        "divisors/data/secret/small/1.ans": "7\n",
        "divisors/data/secret/large/testdata.yaml": group.format(70),
        "divisors/data/secret/large/1.in": "10403\n",
        "divisors/data/secret/large/1.ans": "103\n",
        "divisors/submissions/accepted/all.py": loop.format("n"),
        "divisors/submissions/partially_accepted/some.py": loop.format(50),
        "divisors/submissions/wrong_answer/itself.py": "print(input())\n",
    })


def guessing() -> Files:
    return files(**{
        "guessing/problem.yaml": "name: Guessing\nvalidation: custom interactive\n",
        "guessing/.timelimit": "1\n",
        "guessing/output_validators/judge.py": INTERACTOR,
        "guessing/data/secret/1.in": "700\n",
        "guessing/data/secret/1.ans": "\n",
        "guessing/submissions/accepted/halves.py": GUESSER,
        "guessing/submissions/wrong_answer/word.py": "print('seven hundred', flush=True)\n",
    })


@pytest.mark.parametrize(
    ("name", "package"),
    [("averages", averages()), ("divisors", divisors()), ("guessing", guessing())],
)
def test_reference_submissions_get_their_verdicts(
    stack: Stack, tmp_path: Path, name: str, package: Files
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(packed(package).getvalue())

    stack.run("backend", "manage.py", "import_problem", str(path), "--confirm")
    # It fails when a verdict differs.
    stack.run("backend", "manage.py", "judge_references", name, "--user", "bob", "--wait", "90")
