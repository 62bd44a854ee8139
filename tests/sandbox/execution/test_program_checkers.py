"""Checkers that are programs, run for real; what is tried here by participants is tried in vain."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from app.domain.checking import CheckOutcome, ProgramChecker, Protocol
from app.domain.files import SourceFile
from app.domain.limits import MIB
from app.domain.runs import RunResult
from app.engines.sandbox.engine import SandboxEngine
from app.errors import CheckerFailedError
from app.services.program_checking import ProgramChecks
from tests.support.processes import command_line, descendants
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

# What `testlib.h` does at the end of a checker, without the rest of it.
TESTLIB = r"""
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
static std::string content(const char *path)
{
    std::ifstream file(path);
    if (!file) { fprintf(stderr, "FAIL no %s\n", path); exit(3); }
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}
int main(int argc, char **argv)
{
    if (argc < 4) exit(3);
    std::string input = content(argv[1]), output = content(argv[2]), answer = content(argv[3]);
    if (output == answer) { fprintf(stderr, "ok the same\n"); return 0; }
    if (output == input) { fprintf(stderr, "points 0.25 only echoed\n"); return 7; }
    if (output.empty()) { fputs("wrong output format Unexpected end of file\n", stderr); return 2; }
    if (output == "judge") { fprintf(stderr, "FAIL the answer is bad\n"); return 3; }
    fprintf(stderr, "wrong answer expected %s, found %s\n", answer.c_str(), output.c_str());
    return 1;
}
"""
ICPC = """
import os, sys
problem_input, answer, feedback, *arguments = sys.argv[1:]
assert feedback.endswith("/") and os.listdir(feedback) == []
output = sys.stdin.read()
with open(feedback + "judgemessage.txt", "w") as file:
    print("arguments", arguments, "input", open(problem_input).read(), file=file)
if output.startswith("half"):
    open(feedback + "score_multiplier.txt", "w").write("0.5")
sys.exit(42 if output.startswith("half") or output == open(answer).read() else 43)
"""


def checker(
    sandbox: Sandbox,
    source: str,
    *,
    protocol: Protocol = Protocol.ICPC,
    language: str = "python",
    files: tuple[SourceFile, ...] = (),
    arguments: tuple[str, ...] = (),
    **limits: int,
) -> ProgramChecker:
    program = sandbox.program(language, source, **limits)
    return ProgramChecker(
        protocol=protocol,
        language=program.language,
        source=program.source,
        files=files,
        arguments=arguments,
        limits=program.limits,
    )


async def ask(
    sandbox: Sandbox, program: ProgramChecker, output: bytes, answer: bytes = b"42\n"
) -> CheckOutcome:
    async with ProgramChecks(sandbox.engine, program) as checks:
        return await checks.check(problem_input=b"21\n", answer=answer, output=output)


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        (b"42\n", CheckOutcome(is_accepted=True, score=1.0, message="ok the same")),
        (
            b"21\n",
            CheckOutcome(is_accepted=False, score=0.25, message="points 0.25 only echoed"),
        ),
        (
            b"",
            CheckOutcome(
                is_accepted=False,
                score=0.0,
                message="wrong output format Unexpected end of file",
            ),
        ),
        (
            b"43",
            CheckOutcome(
                is_accepted=False, score=0.0, message="wrong answer expected 42\n, found 43"
            ),
        ),
    ],
)
async def test_a_testlib_checker_reads_three_files_and_tells_by_exit_code_and_stderr(
    sandbox: Sandbox, output: bytes, outcome: CheckOutcome
) -> None:
    program = checker(sandbox, TESTLIB, protocol=Protocol.TESTLIB, language="cpp")

    assert await ask(sandbox, program, output) == outcome


async def test_a_testlib_checker_that_blames_itself_gives_no_verdict(sandbox: Sandbox) -> None:
    program = checker(sandbox, TESTLIB, protocol=Protocol.TESTLIB, language="cpp")

    with pytest.raises(CheckerFailedError, match=r"exit code 3\nFAIL the answer is bad"):
        await ask(sandbox, program, b"judge")


async def test_an_icpc_validator_gets_its_files_and_arguments_and_is_heard(
    sandbox: Sandbox,
) -> None:
    program = checker(sandbox, ICPC, arguments=("case_sensitive", "two words"))

    accepted = await ask(sandbox, program, b"42\n")
    half = await ask(sandbox, program, b"half right")
    wrong = await ask(sandbox, program, b"41\n")

    message = "arguments ['case_sensitive', 'two words'] input 21"
    assert accepted == CheckOutcome(is_accepted=True, score=1.0, message=message)
    assert half == CheckOutcome(is_accepted=False, score=0.5, message=message)
    assert wrong == CheckOutcome(is_accepted=False, score=0.0, message=message)


ACCEPTING = {
    "c": "#include <stdlib.h>\nint main(int c, char **v) { return c == 4 ? 42 : 1; }",
    "cpp": "#include <cstdlib>\nint main(int c, char **v) { return c == 4 ? 42 : 1; }",
    "csharp": "class P { static int Main(string[] a) { return a.Length == 3 ? 42 : 1; } }",
    "go": 'package main\nimport "os"\nfunc main() { if len(os.Args) == 4 { os.Exit(42) } }',
    "java": "class Main { public static void main(String[] a) { System.exit(39 + a.length); } }",
    "javascript": "process.exit(process.argv.length === 5 ? 42 : 1)",
    "python": "import sys; sys.exit(42 if len(sys.argv) == 4 else 1)",
    "rust": "fn main() { std::process::exit(if std::env::args().count() == 4 { 42 } else { 1 }) }",
}


@pytest.mark.parametrize("language", sorted(ACCEPTING))
async def test_a_checker_may_be_written_in_any_language(sandbox: Sandbox, language: str) -> None:
    program = checker(
        sandbox,
        ACCEPTING[language],
        language=language,
        memory_bytes=256 * MIB,
        cpu_time_ms=10_000,
    )

    assert (await ask(sandbox, program, b"")).is_accepted


async def test_large_files_reach_the_checker_whole(sandbox: Sandbox) -> None:
    """More than the checker itself may write, which it can do nevertheless."""
    source = """
import sys
sizes = len(open(sys.argv[1]).read()), len(open(sys.argv[2]).read()), len(sys.stdin.read())
open("scratch", "w").write("x" * (3 << 20))
print(*sizes, file=open(sys.argv[3] + "judgemessage.txt", "w"))
sys.exit(42)
"""
    program = checker(sandbox, source, file_bytes=4 * MIB, memory_bytes=256 * MIB)
    async with ProgramChecks(sandbox.engine, program) as checks:
        outcome = await checks.check(
            problem_input=b"i" * 20_000_000,
            answer=b"a" * 10_000_000,
            output=b"o" * 1_000_000,
        )

    assert outcome.message == "20000000 10000000 1000000"


async def test_a_checker_has_files_beside_its_source(sandbox: Sandbox) -> None:
    source = '#include "code.h"\nint main(void) { return CODE; }'
    header = SourceFile(name="code.h", content=b"#define CODE 42\n")

    assert (
        await ask(sandbox, checker(sandbox, source, language="c", files=(header,)), b"")
    ).is_accepted


async def test_a_checker_is_compiled_once(sandbox: Sandbox) -> None:
    stamp = "#include <stdio.h>\nint main(void) { fputs(__DATE__ __TIME__, stderr); return 42; }"
    program = checker(sandbox, stamp, language="c")

    first = await ask(sandbox, program, b"")
    await asyncio.sleep(1.1)

    assert (await ask(sandbox, program, b"")).message == first.message


async def test_large_submissions_do_not_drive_out_a_compiled_checker(sandbox: Sandbox) -> None:
    stamp = "#include <stdio.h>\nint main(void) { fputs(__DATE__ __TIME__, stderr); return 42; }"
    first = await ask(sandbox, checker(sandbox, stamp, language="c"), b"")

    await asyncio.sleep(1.1)
    for number in range(5):
        huge = f"char x[40 << 20] = {{{number + 1}}}; int main(void) {{ return x[9]; }}"
        compiled, _ = await sandbox.execute("c", huge)
        assert compiled.is_ok, compiled.message

    assert (await ask(sandbox, checker(sandbox, stamp, language="c"), b"")).message == first.message


async def test_a_checker_that_does_not_compile_says_why(sandbox: Sandbox) -> None:
    program = checker(sandbox, "int main( { return 42; }", language="c")

    with pytest.raises(CheckerFailedError, match=r"(?s)checker does not compile.*main\.c:1"):
        await ask(sandbox, program, b"")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("while True: pass", "time_limit"),
        ("import time; time.sleep(60)", "wall_limit"),
        ("x = bytearray(4 << 30)", "memory_limit"),
        ("while True: print('x' * 1000)", "output_limit"),
        ("import os; os.kill(os.getpid(), 11)", "signal 11"),
        ("import os\nif os.fork() == 0: os._exit(42)\nos.wait()", "exit code 0"),
        ("import os, time\nif os.fork(): time.sleep(0.3)\nelse: os._exit(42)", "exit code 0"),
        ("raise ValueError('oh')", "exit code 1"),
    ],
    ids=["busy", "asleep", "greedy", "flood", "crash", "child", "late child", "exception"],
)
async def test_a_checker_that_misbehaves_gives_no_verdict(
    sandbox: Sandbox, source: str, reason: str
) -> None:
    wall_time_ms = 2_000 if reason == "wall_limit" else 30_000
    program = checker(sandbox, source, cpu_time_ms=500, wall_time_ms=wall_time_ms)

    with pytest.raises(CheckerFailedError, match=reason):
        await ask(sandbox, program, b"")


async def test_a_fork_bomb_of_a_checker_leaves_nothing_behind(sandbox: Sandbox) -> None:
    source = """
import os, sys
try:
    while True: os.fork()
except OSError: pass
sys.exit(42)
"""
    await ask(sandbox, checker(sandbox, source), b"")

    assert not any("/box/main.py" in command_line(pid) for pid in descendants(os.getpid()))


@pytest.mark.parametrize(
    "leave",
    [
        "os.symlink('/proc/1/environ', f + 'judgemessage.txt')",
        "os.symlink('/etc/passwd', f + 'judgemessage.txt')",
        "os.mkfifo(f + 'judgemessage.txt')",
        "os.mkdir(f + 'judgemessage.txt')",
        "os.rmdir(f); os.symlink('/etc', 'feedback'); os.symlink('x', 'judgemessage.txt')",
        "os.rmdir(f); open('feedback', 'w').write('no folder')",
        "open(f + 'judgemessage.txt', 'w').write('x'); os.chmod(f + 'judgemessage.txt', 0)",
        "[open(f + str(n), 'w').close() for n in range(10_000)]",
    ],
)
async def test_only_regular_files_of_the_feedback_folder_are_brought_back(
    sandbox: Sandbox, leave: str
) -> None:
    source = f"import os, sys; f = sys.argv[3]; {leave}; sys.exit(42)"

    outcome = await ask(sandbox, checker(sandbox, source), b"")

    assert outcome == CheckOutcome(is_accepted=True, score=1.0, message="")


async def test_a_huge_message_is_cut(sandbox: Sandbox) -> None:
    source = """
import sys
with open(sys.argv[3] + "judgemessage.txt", "w") as file:
    file.write("m" * 100)
    file.truncate(4 << 20)
sys.exit(43)
"""
    outcome = await ask(sandbox, checker(sandbox, source), b"")

    assert outcome.message.startswith("m" * 100)
    assert len(outcome.message) < 70_000


async def test_files_of_one_check_are_gone_in_the_next(sandbox: Sandbox) -> None:
    source = """
import os, sys
print(sorted(os.listdir(".")), file=sys.stderr)
open("left", "w").write("x")
open(sys.argv[3] + "left", "w").write("x")
sys.exit(42)
"""
    async with ProgramChecks(sandbox.engine, checker(sandbox, source)) as checks:
        messages = {
            (await checks.check(problem_input=b"", answer=b"", output=b"")).message
            for _ in range(3)
        }

    assert messages == {"['answer.txt', 'feedback', 'input.txt']"}


@pytest.mark.parametrize(
    "output",
    [b"42", b"\0" * 1000, b"\xff\xfe", b"'; exit 42; #\n$(exit 42)`exit 42`", b"points 1.0", b"ok"],
)
async def test_an_output_is_nothing_but_data(sandbox: Sandbox, output: bytes) -> None:
    icpc = checker(sandbox, "import sys; sys.stdin.buffer.read(); sys.exit(43)")
    testlib = checker(sandbox, TESTLIB, protocol=Protocol.TESTLIB, language="cpp")

    outcomes = [await ask(sandbox, program, output) for program in (icpc, testlib)]

    assert [outcome.is_accepted for outcome in outcomes] == [False, False]
    assert [outcome.score for outcome in outcomes] == [0.0, 0.0]


async def test_a_participant_finds_nothing_of_the_checker_or_the_answer(sandbox: Sandbox) -> None:
    """While a checker waits in its box with the answer, a participant looks through its own."""
    secret = b"the judges' answer 847261930457228190"
    waiting = asyncio.create_task(
        ask(
            sandbox,
            checker(sandbox, "import sys, time; time.sleep(2); sys.exit(42)"),
            b"",
            secret,
        )
    )
    source = """
import os
found = []
for top in ("/box", "/tmp", "/proc", "/dev", "/etc"):
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                file = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK)
                if b"847261930" + b"457228190" in os.read(file, 1 << 16): found.append(name)
                os.close(file)
            except OSError: continue
print(sorted(os.listdir("/tmp")), found, os.path.exists("/tmp/answer.txt"))
"""
    run = await sandbox.run("python", source)

    assert run.stdout == b"[] [] False\n", run.stderr
    assert (await waiting).is_accepted


async def test_one_lane_is_enough_while_participants_hold_theirs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """However many submissions want a checker at once."""
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path, lanes=1)
    await engine.start()

    async def judge() -> list[bool]:
        program = sandbox.program("python", "print(input())")
        accepted = []
        async with (
            ProgramChecks(engine, checker(sandbox, ICPC)) as checks,
            aclosing(engine.execute(program, [b"42\n", b"41\n"])) as results,
        ):
            async for run in results:
                if isinstance(run, RunResult):
                    outcome = await checks.check(
                        problem_input=b"", answer=b"42\n", output=run.stdout
                    )
                    accepted.append(outcome.is_accepted)
        return accepted

    answers = await asyncio.gather(*(judge() for _ in range(6)))
    await engine.close()

    assert answers == [[True, False]] * 6
