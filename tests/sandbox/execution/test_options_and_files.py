"""Compile options reach the real compilers, and files lie beside source and program."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.domain.files import SourceFile
from app.domain.limits import MIB
from app.domain.runs import CompileResult, RunResult
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

STANDARD = {
    "c": '#include <stdio.h>\nint main(void) { printf("%ld", __STDC_VERSION__); }',
    "cpp": "#include <bits/stdc++.h>\nint main() { std::cout << __cplusplus; }",
}
OPTIMISED = """
#include <stdio.h>
int main(void) {
#ifdef __OPTIMIZE__
    puts("optimised");
#endif
}
"""
RECORD = "record Main() { public static void main(String[] a) { System.out.print(1); } }"
ASYNC = 'fn main() { let async = 1; print!("{}", async); }'
GO_READING = """
package main
import ("fmt"; "os")
func main() { data, _ := os.ReadFile("/box/answer"); fmt.Print(string(data)) }
"""
CSHARP_READING = """
class Program {
    static void Main() { System.Console.Write(System.IO.File.ReadAllText("/box/answer")); }
}
"""
# By language: a program that prints 42, with the name and the content of the file that it needs.
WITH_FILE = {
    "c": ('#include <stdio.h>\n#include "answer.h"\nint main(void) { printf("%d", ANSWER); }',
          "answer.h", "#define ANSWER 42"),
    "cpp": ('#include <iostream>\n#include "lib/answer.h"\nint main() { std::cout << answer(); }',
            "lib/answer.h", "inline int answer() { return 42; }"),
    "java": ("class Main { public static void main(String[] a) { System.out.print(Answer.GET); } }",
             "Answer.java", "class Answer { static final int GET = 42; }"),
    "javascript": ('process.stdout.write(require("./answer.js").get())',
                   "answer.js", 'exports.get = () => "42"'),
    "python": ("import answer\nprint(answer.GET, end='')", "answer.py", "GET = 42"),
    "rust": ('mod answer;\nfn main() { print!("{}", answer::GET); }',
             "answer.rs", "pub const GET: i32 = 42;"),
    "go": (GO_READING, "answer", "42"),
    "csharp": (CSHARP_READING, "answer", "42"),
}  # fmt: skip
TOUCHING = """
import os
for path in ("/box/data/a", "/box/data/b", "/box/c"):
    try:
        open(path, "w")
    except OSError:
        print("refused")
print(open("/box/data/a", "rb").read())
"""


async def execute(
    sandbox: Sandbox,
    language: str,
    source: str,
    *,
    options: tuple[str, ...] = (),
    files: tuple[SourceFile, ...] = (),
) -> tuple[CompileResult, RunResult | None]:
    # Skips the test where the toolchain is not installed.
    await sandbox.run(language, sandbox.languages.get(language).reference_source, b"", **ROOMY)
    program = replace(
        sandbox.program(language, source, **ROOMY), compile_options=options, files=files
    )
    async with aclosing(sandbox.engine.execute(program, [b""])) as results:
        compiled, *runs = [result async for result in results]
    assert isinstance(compiled, CompileResult)
    assert not runs or isinstance(runs[0], RunResult)
    return compiled, runs[0] if runs else None  # type: ignore[return-value]  # checked above


ROOMY = {"memory_bytes": 256 * MIB, "cpu_time_ms": 10_000}


@pytest.mark.parametrize(
    ("language", "options", "version"),
    [
        ("c", (), b"201710"),
        ("c", ("-std=c11",), b"201112"),
        ("c", ("-std=gnu99", "-O0"), b"199901"),
        ("cpp", (), b"202002"),
        ("cpp", ("-std=c++11",), b"201103"),
        ("cpp", ("-std=gnu++17",), b"201703"),
        ("cpp", ("-std=c++17", "-O3"), b"201703"),
    ],
)
def test_the_standard_is_the_chosen_one(
    sandbox: Sandbox, language: str, options: tuple[str, ...], version: bytes
) -> None:
    compiled, run = asyncio.run(execute(sandbox, language, STANDARD[language], options=options))

    assert compiled.is_ok, compiled.message
    assert run is not None
    assert run.stdout == version


@pytest.mark.parametrize(
    ("options", "stdout"), [((), b"optimised\n"), (("-O0",), b""), (("-O3",), b"optimised\n")]
)
def test_the_optimisation_is_the_chosen_one(
    sandbox: Sandbox, options: tuple[str, ...], stdout: bytes
) -> None:
    _, run = asyncio.run(execute(sandbox, "c", OPTIMISED, options=options))

    assert run is not None
    assert run.stdout == stdout


@pytest.mark.parametrize(
    ("language", "source", "good", "bad"),
    [("java", RECORD, (), "--release=11"), ("rust", ASYNC, ("--edition=2015",), "--edition=2021")],
)
def test_an_older_language_is_that_of_its_time(
    sandbox: Sandbox, language: str, source: str, good: tuple[str, ...], bad: str
) -> None:
    compiled, run = asyncio.run(execute(sandbox, language, source, options=good))
    refused, _ = asyncio.run(execute(sandbox, language, source, options=(bad,)))

    assert compiled.is_ok, compiled.message
    assert run is not None
    assert run.stdout == b"1"
    assert not refused.is_ok


@pytest.mark.parametrize("language", ["c", "cpp", "java", "rust"])
def test_every_allowed_option_is_one_that_the_compiler_knows(
    sandbox: Sandbox, language: str
) -> None:
    description = sandbox.languages.get(language)

    for group in description.option_groups:
        for option in filter(None, group.options):
            compiled, run = asyncio.run(
                execute(sandbox, language, description.reference_source, options=(option,))
            )

            assert compiled.is_ok, (option, compiled.message)
            assert run is not None
            assert run.stdout == b"42\n"


@pytest.mark.parametrize("language", sorted(WITH_FILE))
def test_a_file_is_found_beside_the_source(sandbox: Sandbox, language: str) -> None:
    source, name, content = WITH_FILE[language]
    file = SourceFile(name=name, content=content.encode())

    compiled, run = asyncio.run(execute(sandbox, language, source, files=(file,)))

    assert compiled.is_ok, compiled.message
    assert run is not None
    assert run.stdout == b"42", run.stderr


def test_the_same_source_with_another_file_is_another_program(sandbox: Sandbox) -> None:
    source, name, _ = WITH_FILE["c"]

    outputs = []
    for content in (b"#define ANSWER 1", b"#define ANSWER 2"):
        files = (SourceFile(name=name, content=content),)
        _, run = asyncio.run(execute(sandbox, "c", source, files=files))
        assert run is not None
        outputs.append(run.stdout)

    assert outputs == [b"1", b"2"]


def test_a_program_reads_files_of_any_bytes_and_changes_none(sandbox: Sandbox) -> None:
    files = (SourceFile(name="data/a", content=b"\0\xff"),)

    _, run = asyncio.run(execute(sandbox, "python", TOUCHING, files=files))

    assert run is not None
    assert run.stdout == b"refused\nrefused\nrefused\nb'\\x00\\xff'\n"


def test_a_java_class_does_not_take_the_place_of_a_file(sandbox: Sandbox) -> None:
    source = "public class Grader { public static void main(String[] a) { } }"
    file = SourceFile(name="Grader.java", content=b"class Grader { }")

    compiled, _ = asyncio.run(execute(sandbox, "java", source, files=(file,)))

    assert not compiled.is_ok
    assert "should be declared in a file named Grader.java" in compiled.message
