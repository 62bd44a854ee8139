"""Problem packages made by code: their files as a mapping, and zips of such mappings."""

import io
import zipfile
from collections.abc import Mapping

Files = dict[str, bytes]


def packed(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression=method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def in_folder(folder: str, files: Mapping[str, bytes]) -> Files:
    return {f"{folder}/{path}": content for path, content in files.items()}


def smallest() -> Files:
    """Give the files of a problem that says only what it has to."""
    return {
        "problem.yaml": b"name: Echo\n",
        "problem_statement/problem.en.md": b"Print what you read.\n",
        ".timelimit": b"1\n",
        "data/secret/1.in": b"1\n",
        "data/secret/1.ans": b"1\n",
        "submissions/accepted/echo.py": b"print(input())\n",
    }


def averages() -> Files:
    """Give a pass-fail problem with tolerances, samples, pictures and submissions of each kind."""
    return {
        "problem.yaml": b"""\
# Made for the tests.
problem_format_version: legacy
name: Averages
uuid: 0B1F6E2C-8C61-4F0E-9C1C-6C4E2B0C7A11
author: Alice and Bob
source: Example Open 2026
source_url: https://example.org/open
license: cc by-sa
rights_owner: Alice
keywords: mathematics easy
limits:
  memory: 256
  output: 8
  time_multiplier: 2.5
validator_flags: float_tolerance 1e-6 case_sensitive
""",
        ".timelimit": b"1.5\n",
        "problem_statement/problem.en.md": "Give the *average* of $n$ numbers…\n".encode(),
        "problem_statement/problem.sv.tex": b"\\problemname{Medelv\xc3\xa4rden}\nSkriv ut.\n",
        "problem_statement/picture.png": b"\x89PNG\r\n\x1a\n",
        "attachments/starter.py": b"n = int(input())\n",
        "input_validators/check/check.py": b"import sys\nsys.exit(42)\n",
        "data/sample/1.in": b"2\n1 2\n",
        "data/sample/1.ans": b"1.5\n",
        "data/secret/01-small.in": b"1\n7\n",
        "data/secret/01-small.ans": b"7\n",
        "data/secret/01-small.desc": b"one number\n",
        "data/secret/02-large.in": b"3\n1 2 3\n",
        "data/secret/02-large.ans": b"2.0\n",
        "submissions/accepted/alice.py": b"input()\na = list(map(int, input().split()))\n"
        b"print(sum(a) / len(a))\n",
        "submissions/accepted/split/main.cpp": b'#include "read.h"\nint main() { run(); }\n',
        "submissions/accepted/split/read.h": b"void run();\n",
        "submissions/wrong_answer/first.py": b"input()\nprint(input().split()[0])\n",
        "submissions/time_limit_exceeded/Slow.java": b"class Slow {}\n",
        "submissions/run_time_error/crash.c": b"int main() { return 1; }\n",
        "submissions/mixed/either.py": b"# @EXPECTED_RESULTS@: TIMELIMIT, WRONG-ANSWER\n",
    }


def subtasks() -> Files:
    """Give a scoring problem with a checker of its own and three levels of groups."""
    root = b"on_reject: continue\nrange: 0 100\ngrader_flags: sum ignore_sample\n"
    return {
        "problem.yaml": b"""\
name: {en: Largest, de: "Gr\xc3\xb6\xc3\x9fte"}
type: scoring
validation: custom score
validator_flags: strict 3
grading: {show_test_data_groups: true}
""",
        ".timelimit": b"2\n",
        "problem_statement/problem.en.md": b"Give the largest.\n",
        "problem_statement/problem.de.md": b"Gib die groesste.\n",
        "output_validators/check/check.cpp": b'#include "check.h"\nint main() { return 42; }\n',
        "output_validators/check/check.h": b"#pragma once\n",
        "include/cpp/helper.h": b"int largest();\n",
        "data/testdata.yaml": root,
        "data/sample/1.in": b"1\n",
        "data/sample/1.ans": b"1\n",
        "data/secret/testdata.yaml": b"range: 0 100\ngrader_flags: sum\n",
        "data/secret/g1/testdata.yaml": b"on_reject: break\ngrader_flags: min\n"
        b"accept_score: 30\nrange: 0 30\ninput_validator_flags: {check: n=10}\n",
        "data/secret/g1/1.in": b"1\n",
        "data/secret/g1/1.ans": b"1\n",
        "data/secret/g2/testdata.yaml": b"on_reject: break\ngrader_flags: min\n"
        b"accept_score: 70\nrange: 0 70\n",
        "data/secret/g2/deep/1.in": b"2\n",
        "data/secret/g2/deep/1.ans": b"2\n",
        "data/secret/g2/2.in": b"3\n",
        "data/secret/g2/2.ans": b"3\n",
        "submissions/accepted/all.py": b"print(input())\n",
        "submissions/partially_accepted/some.py": b"print(1)\n",
    }


def guessing() -> Files:
    """Give an interactive problem."""
    return smallest() | {
        "problem.yaml": b"name: Guessing\nvalidation: custom interactive\n",
        "output_validators/judge.py": b"import sys\nsys.exit(42)\n",
    }
