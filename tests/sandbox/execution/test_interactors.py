"""Interactors, run for real: two programs that talk, whoever hangs, cheats or dies."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from app.domain.checking import ProgramChecker, Protocol
from app.domain.runs import CompileResult, RunStatus
from app.engines.sandbox.engine import SandboxEngine
from app.errors import CheckerFailedError
from app.services.interaction import Interactions, JudgedTalk, TalkCase
from tests.support.processes import command_line, descendants
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(120)]

# Guess a number from 1 to 1000: the interactor answers "lower", "higher" or "yes".
INTERACTOR = """
import sys
secret = int(open(sys.argv[1]).read())
def wrong(why):
    print(why, file=open(sys.argv[3] + "judgemessage.txt", "w"))
    sys.exit(43)
for turn in range(10):
    line = sys.stdin.readline()
    if not line: wrong("end of file")
    if not line.strip().isdigit(): wrong("no number")
    guess = int(line)
    print("yes" if guess == secret else "lower" if guess > secret else "higher", flush=True)
    if guess == secret: sys.exit(42)
wrong("too many guesses")
"""
BISECTING = {
    "c": r"""
#include <stdio.h>
#include <string.h>
int main(void) {
    int low = 1, high = 1000; char answer[16];
    while (low <= high) {
        int guess = (low + high) / 2;
        printf("%d\n", guess); fflush(stdout);
        if (scanf("%15s", answer) != 1 || !strcmp(answer, "yes")) return 0;
        if (!strcmp(answer, "lower")) high = guess - 1; else low = guess + 1;
    }
}
""",
    "cpp": r"""
#include <iostream>
#include <string>
int main() {
    int low = 1, high = 1000; std::string answer;
    while (low <= high) {
        int guess = (low + high) / 2;
        std::cout << guess << std::endl;
        if (!(std::cin >> answer) || answer == "yes") return 0;
        if (answer == "lower") high = guess - 1; else low = guess + 1;
    }
}
""",
    "csharp": """
using System;
class Program {
    static void Main() {
        int low = 1, high = 1000;
        while (low <= high) {
            int guess = (low + high) / 2;
            Console.WriteLine(guess);
            string answer = Console.ReadLine();
            if (answer == "yes") return;
            if (answer == "lower") high = guess - 1; else low = guess + 1;
        }
    }
}
""",
    "go": """
package main
import "fmt"
func main() {
    low, high := 1, 1000
    for low <= high {
        guess := (low + high) / 2
        fmt.Println(guess)
        var answer string
        fmt.Scan(&answer)
        if answer == "yes" { return }
        if answer == "lower" { high = guess - 1 } else { low = guess + 1 }
    }
}
""",
    "java": """
import java.util.Scanner;
public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int low = 1, high = 1000;
        while (low <= high) {
            int guess = (low + high) / 2;
            System.out.println(guess);
            String answer = in.next();
            if (answer.equals("yes")) return;
            if (answer.equals("lower")) high = guess - 1; else low = guess + 1;
        }
    }
}
""",
    "javascript": """
let low = 1, high = 1000, guess;
const ask = () => console.log(guess = Math.floor((low + high) / 2));
require("readline").createInterface({ input: process.stdin }).on("line", answer => {
    if (answer === "yes") process.exit(0);
    if (answer === "lower") high = guess - 1; else low = guess + 1;
    ask();
});
ask();
""",
    "python": """
low, high = 1, 1000
while low <= high:
    guess = (low + high) // 2
    print(guess, flush=True)
    answer = input()
    if answer == "yes": break
    if answer == "lower": high = guess - 1
    else: low = guess + 1
""",
    "rust": """
use std::io::{stdin, stdout, Write};
fn main() {
    let (mut low, mut high) = (1, 1000);
    while low <= high {
        let guess = (low + high) / 2;
        println!("{}", guess);
        stdout().flush().unwrap();
        let mut answer = String::new();
        stdin().read_line(&mut answer).unwrap();
        match answer.trim() {
            "yes" => return,
            "lower" => high = guess - 1,
            _ => low = guess + 1,
        }
    }
}
""",
}
ACCEPT_EVERYTHING = "import sys\nfor line in sys.stdin: pass\nsys.exit(42)"


def interactor(
    sandbox: Sandbox,
    source: str,
    *,
    protocol: Protocol = Protocol.ICPC,
    language: str = "python",
    **limits: int,
) -> ProgramChecker:
    program = sandbox.program(language, source, **limits)
    return ProgramChecker(
        protocol=protocol,
        language=program.language,
        source=program.source,
        files=(),
        arguments=(),
        limits=program.limits,
    )


async def judge(
    sandbox: Sandbox,
    source: str,
    judging: ProgramChecker,
    *secrets: int,
    checker: ProgramChecker | None = None,
    language: str = "python",
    **limits: int,
) -> list[JudgedTalk]:
    cases = [TalkCase(problem_input=b"%d\n" % secret, answer=b"") for secret in secrets or (400,)]
    program = sandbox.program(language, source, **limits)
    talks = Interactions(sandbox.engine).judge(program, judging, cases, checker=checker)
    async with aclosing(talks):
        compiled = await anext(talks)
        assert isinstance(compiled, CompileResult)
        assert compiled.is_ok, compiled.message
        return [talk async for talk in talks if isinstance(talk, JudgedTalk)]


def verdict(talk: JudgedTalk) -> tuple[RunStatus, bool, str]:
    return talk.run.status, talk.outcome.is_accepted, talk.outcome.message


@pytest.mark.parametrize("language", sorted(BISECTING))
async def test_a_program_in_any_language_talks(sandbox: Sandbox, language: str) -> None:
    talks = await judge(
        sandbox,
        BISECTING[language],
        interactor(sandbox, INTERACTOR),
        1,
        777,
        1000,
        language=language,
        memory_bytes=256 << 20,
        cpu_time_ms=10_000,
        wall_time_ms=20_000,
    )

    assert [verdict(talk) for talk in talks] == [(RunStatus.OK, True, "")] * 3


async def test_an_interactor_may_be_compiled_and_is_asked_per_test(sandbox: Sandbox) -> None:
    source = r"""
#include <fstream>
#include <iostream>
int main(int, char **argv) {
    int secret, guess;
    std::ifstream(argv[1]) >> secret;
    if (!(std::cin >> guess) || guess != secret) return 43;
    std::cout << "yes" << std::endl;
    return 42;
}
"""
    judging = interactor(sandbox, source, language="cpp")

    talks = await judge(sandbox, "print(5, flush=True); input()", judging, 5, 6, 5)

    assert [talk.outcome.is_accepted for talk in talks] == [True, False, True]
    assert [talk.run.status for talk in talks] == [RunStatus.OK] * 3


TESTLIB_INTERACTOR = """
import sys
secret = open(sys.argv[1]).read().strip()
print("ask", flush=True)
guess = sys.stdin.readline()
if not guess:
    sys.exit(2)
open(sys.argv[2], "w").write(guess)
print("ok", file=sys.stderr)
sys.exit(0)
"""
TESTLIB_CHECKER = """
import sys
inp, out, ans = (open(name).read() for name in sys.argv[1:4])
print("checked", repr(out), file=sys.stderr)
sys.exit(0 if inp == out else 1)
"""


async def test_a_testlib_interactor_writes_a_file_for_the_checker(sandbox: Sandbox) -> None:
    judging = interactor(sandbox, TESTLIB_INTERACTOR, protocol=Protocol.TESTLIB)
    checking = interactor(sandbox, TESTLIB_CHECKER, protocol=Protocol.TESTLIB)

    talks = await judge(sandbox, "input(); print(7, flush=True)", judging, 7, 8, checker=checking)
    alone = await judge(sandbox, "input(); print(7, flush=True)", judging, 7)
    silent = await judge(sandbox, "input()", judging, 7, checker=checking)

    assert [verdict(talk) for talk in talks] == [
        (RunStatus.OK, True, "checked '7\\n'"),
        (RunStatus.OK, False, "checked '7\\n'"),
    ]
    assert verdict(alone[0]) == (RunStatus.OK, True, "ok")
    assert verdict(silent[0]) == (RunStatus.OK, False, "")


async def test_a_file_for_the_checker_has_a_limit(sandbox: Sandbox) -> None:
    source = "import sys; open(sys.argv[2], 'w').write('x' * 100_000); sys.exit(0)"
    judging = interactor(sandbox, source, protocol=Protocol.TESTLIB)
    checking = interactor(sandbox, TESTLIB_CHECKER, protocol=Protocol.TESTLIB)

    with pytest.raises(CheckerFailedError, match="longer than 65536 bytes"):
        await judge(sandbox, "pass", judging, checker=checking)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print('what?', flush=True); input()", (RunStatus.OK, False, "no number")),
        (
            "print('what?', flush=True); import time; time.sleep(60)",
            (RunStatus.OK, False, "no number"),
        ),
        ("print('what?', flush=True)\nwhile True: pass", (RunStatus.OK, False, "no number")),
        ("while True: print('what?', flush=True)", (RunStatus.OK, False, "no number")),
        ("pass", (RunStatus.OK, False, "end of file")),
        ("import sys; sys.exit(3)", (RunStatus.NONZERO_EXIT, False, "end of file")),
        ("import os; os.kill(os.getpid(), 11)", (RunStatus.SIGNALED, False, "end of file")),
        ("while True: pass", (RunStatus.TIME_LIMIT, False, "end of file")),
        ("x = bytearray(4 << 30)", (RunStatus.MEMORY_LIMIT, False, "end of file")),
        ("input()", (RunStatus.WALL_LIMIT, False, "end of file")),
        ("import time; time.sleep(60)", (RunStatus.WALL_LIMIT, False, "end of file")),
        (
            "import sys; print(1); sys.stdin.readline()",
            (RunStatus.WALL_LIMIT, False, "end of file"),
        ),
        ("import os; os.close(1); os.read(0, 1)", (RunStatus.WALL_LIMIT, False, "end of file")),
        ("import os; os.close(0); os.close(1)", (RunStatus.OK, False, "end of file")),
        (
            "import sys\nwhile True: sys.stderr.write('x' * 1000)",
            (RunStatus.OUTPUT_LIMIT, False, "end of file"),
        ),
    ],
    ids=[
        "answers nonsense and waits",
        "answers nonsense and sleeps",
        "answers nonsense and is busy",
        "floods",
        "leaves at once",
        "fails at once",
        "crashes at once",
        "is busy",
        "is greedy",
        "waits as the interactor does",
        "sleeps",
        "forgets to flush",
        "closes its stdout and waits",
        "closes both",
        "floods stderr",
    ],
)
async def test_whoever_spoils_a_talk_answers_for_it(
    sandbox: Sandbox, source: str, expected: tuple[RunStatus, bool, str]
) -> None:
    """After Kattis and DOMjudge: an interactor that ended first with a rejection decides."""
    judging = interactor(sandbox, INTERACTOR, cpu_time_ms=500, wall_time_ms=2_000)

    (talk,) = await judge(sandbox, source, judging, cpu_time_ms=300, wall_time_ms=2_000)

    assert verdict(talk) == expected


async def test_a_rejected_participant_is_stopped_at_once(sandbox: Sandbox) -> None:
    started_s = asyncio.get_running_loop().time()

    (talk,) = await judge(
        sandbox,
        "print('x', flush=True); import time; time.sleep(60)",
        interactor(sandbox, INTERACTOR),
        wall_time_ms=60_000,
    )

    assert not talk.outcome.is_accepted
    assert asyncio.get_running_loop().time() - started_s < 20


@pytest.mark.parametrize(
    ("source", "status", "is_accepted"),
    [
        ("print(400, flush=True); input(); import sys; sys.exit(3)", RunStatus.NONZERO_EXIT, False),
        ("print(400, flush=True); input()\nwhile True: pass", RunStatus.TIME_LIMIT, False),
        ("print(400, flush=True); import time; time.sleep(60)", RunStatus.WALL_LIMIT, False),
        ("print(400, flush=True); import time; time.sleep(0.3)", RunStatus.OK, True),
    ],
)
async def test_who_was_accepted_still_has_to_end_well(
    sandbox: Sandbox, source: str, status: RunStatus, *, is_accepted: bool
) -> None:
    judging = interactor(sandbox, INTERACTOR, cpu_time_ms=500)

    (talk,) = await judge(sandbox, source, judging, cpu_time_ms=300, wall_time_ms=4_000)

    assert (talk.run.status, talk.outcome.is_accepted) == (status, is_accepted)
    assert talk.outcome.score == float(is_accepted)


async def test_writing_to_an_interactor_that_is_gone_is_no_crash(sandbox: Sandbox) -> None:
    """It accepted already; only who goes on writing without need gets the signal."""
    source = """
#include <stdio.h>
int main(void) { puts("400"); fflush(stdout); for (;;) { puts("more"); fflush(stdout); } }
"""
    (talk,) = await judge(sandbox, source, interactor(sandbox, INTERACTOR), language="c")

    assert verdict(talk) == (RunStatus.OK, True, "")


async def test_an_interactor_may_go_on_writing_when_the_participant_is_gone(
    sandbox: Sandbox,
) -> None:
    """Far more than a pipe holds, in a language whose programs die of SIGPIPE."""
    source = r"""
#include <stdio.h>
int main(void) {
    char line[100];
    if (!fgets(line, sizeof line, stdin)) return 43;
    while (fgets(line, sizeof line, stdin)) {}
    for (int i = 0; i < 1000000; i++) puts("are you still there?");
    return 42;
}
"""
    judging = interactor(sandbox, source, language="c")

    (talk,) = await judge(sandbox, "print(1)", judging)

    assert verdict(talk) == (RunStatus.OK, True, "")


async def test_who_floods_an_interactor_that_reads_everything_runs_out_of_time(
    sandbox: Sandbox,
) -> None:
    """Nothing of it is kept: a pipe holds what one has written and the other not yet read."""
    source = '#include <stdio.h>\nint main(void) { for (;;) puts("flood"); }'
    judging = interactor(sandbox, ACCEPT_EVERYTHING, cpu_time_ms=10_000)

    (talk,) = await judge(
        sandbox, source, judging, language="c", cpu_time_ms=300, wall_time_ms=30_000
    )

    assert verdict(talk) == (RunStatus.TIME_LIMIT, False, "")


async def test_a_child_that_keeps_the_pipes_open_ends_with_its_parent(sandbox: Sandbox) -> None:
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
os._exit(0)
"""
    (talk,) = await judge(sandbox, source, interactor(sandbox, INTERACTOR), wall_time_ms=30_000)

    assert verdict(talk) == (RunStatus.OK, False, "end of file")
    assert talk.run.usage.wall_time_ms < 5_000


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("while True: pass", "time_limit"),
        ("import time; time.sleep(60)", "wall_limit"),
        ("while True: print('x' * 1000)", "time_limit|wall_limit"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "output_limit"),
        ("x = bytearray(4 << 30)", "memory_limit"),
        ("import os; os.kill(os.getpid(), 11)", "signal 11"),
        ("import os\nif os.fork() == 0: os._exit(42)", "exit code 0"),
        ("print('no exit code')", "exit code 0"),
        ("raise ValueError('oh')", "(?s)exit code 1.*ValueError: oh"),
        ("def", "does not compile"),
    ],
    ids=[
        "busy", "asleep", "floods", "floods stderr", "greedy", "crashes", "child", "forgets",
        "exception", "broken",
    ],
)  # fmt: skip
@pytest.mark.parametrize("participant", ["input()", "while True: print(1)", "raise OSError"])
async def test_an_interactor_that_fails_is_nobodys_verdict(
    sandbox: Sandbox, source: str, reason: str, participant: str
) -> None:
    judging = interactor(sandbox, source, cpu_time_ms=300, wall_time_ms=2_000)

    with pytest.raises(CheckerFailedError, match=reason):
        await judge(sandbox, participant, judging, cpu_time_ms=300, wall_time_ms=1_000)


async def test_waiting_for_the_other_is_no_cpu_time(either_sandbox: Sandbox) -> None:
    judging = interactor(
        either_sandbox,
        "import sys, time; time.sleep(1); print('go', flush=True); input(); sys.exit(42)",
    )

    (talk,) = await judge(either_sandbox, "input(); print('gone', flush=True)", judging)

    assert verdict(talk)[:2] == (RunStatus.OK, True)
    assert talk.run.usage.wall_time_ms >= 900
    assert talk.run.usage.cpu_time_ms < 500


async def test_each_has_its_own_cpu_time(either_sandbox: Sandbox) -> None:
    """The participant is not to pay for what the interactor computes."""
    burn = (
        "import sys, time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
    )
    judging = interactor(either_sandbox, f"{burn}\nprint('go', flush=True); sys.exit(42)")

    (talk,) = await judge(either_sandbox, "input()", judging, cpu_time_ms=400, wall_time_ms=1_000)

    assert verdict(talk)[:2] == (RunStatus.OK, True)
    assert talk.run.usage.cpu_time_ms < 400


async def test_a_talk_of_many_turns_and_bytes_goes_through(sandbox: Sandbox) -> None:
    judging = interactor(
        sandbox,
        "import sys\nfor n in range(2000):\n    print('x' * n, flush=True)\n"
        "    if len(input()) != n: sys.exit(43)\nsys.exit(42)",
        cpu_time_ms=5_000,
    )

    (talk,) = await judge(
        sandbox,
        "for n in range(2000): print(input(), flush=True)",
        judging,
        cpu_time_ms=5_000,
        wall_time_ms=20_000,
    )

    assert verdict(talk) == (RunStatus.OK, True, "")


LOOK_AROUND = """
import os
seen = [os.path.exists(p) for p in ("input.txt", "answer.txt", "feedback", "/box/main.txt")]
streams = sorted(os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd"))
others = [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())]
def try_to(act):
    try: act(); return True
    except OSError: return False
raised = try_to(lambda: __import__("fcntl").fcntl(1, 1031, 1 << 20))
print(seen, streams, others, raised, flush=True)
"""


async def test_a_participant_sees_its_two_pipes_and_nothing_else(sandbox: Sandbox) -> None:
    source = """
import sys
print(sys.stdin.readline(), file=sys.stderr)
sys.exit(42)
"""
    (talk,) = await judge(sandbox, LOOK_AROUND, interactor(sandbox, source))

    nothing = "[False, False, False, False] (['0', '1', '2'], 4) [] False"
    assert talk.outcome.message == nothing


@pytest.mark.parametrize(
    "trick",
    [
        "open('/proc/self/fd/0', 'wb').write(b'x' * 10)",
        "open('/proc/self/fd/1', 'rb', buffering=0).read(10)",
        "os.set_blocking(0, False); os.set_blocking(1, False)",
        "os.dup2(0, 1)",
        "os.dup2(1, 0)",
    ],
)
async def test_tricks_with_the_pipes_only_hurt_who_plays_them(sandbox: Sandbox, trick: str) -> None:
    source = f"import os\ntry: {trick}\nexcept OSError: pass\n"

    (talk,) = await judge(
        sandbox,
        source,
        interactor(sandbox, INTERACTOR, cpu_time_ms=500),
        cpu_time_ms=300,
        wall_time_ms=700,
    )
    (honest,) = await judge(sandbox, BISECTING["python"], interactor(sandbox, INTERACTOR))

    assert not talk.outcome.is_accepted
    assert verdict(honest) == (RunStatus.OK, True, "")


@pytest_asyncio.fixture
async def one_lane(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Sandbox]:
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path, lanes=1)
    await engine.start()
    yield Sandbox(engine, sandbox.languages)
    await engine.close()


async def test_one_lane_is_enough_for_many_talks_at_once(one_lane: Sandbox) -> None:
    judging = interactor(one_lane, INTERACTOR)
    checking = interactor(one_lane, TESTLIB_CHECKER, protocol=Protocol.TESTLIB)
    writing = interactor(one_lane, TESTLIB_INTERACTOR, protocol=Protocol.TESTLIB)

    answers = await asyncio.gather(
        *(judge(one_lane, BISECTING["python"], judging, 3, 500) for _ in range(4)),
        *(judge(one_lane, "input(); print(9)", writing, 9, checker=checking) for _ in range(4)),
        *(one_lane.run("python", "print(42)") for _ in range(4)),
    )

    talks = [talk for answer in answers if isinstance(answer, list) for talk in answer]
    assert len(talks) == 12
    assert all(talk.outcome.is_accepted for talk in talks)


async def test_giving_up_a_talk_ends_both_sides(one_lane: Sandbox) -> None:
    slow = "import time; time.sleep(60)"
    task = asyncio.create_task(
        judge(one_lane, slow, interactor(one_lane, slow, wall_time_ms=60_000), wall_time_ms=60_000)
    )
    while len(_programs()) < 2:
        assert not task.done()
        await asyncio.sleep(0.01)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not _programs()
    assert (await one_lane.run("python", "print('next')")).stdout == b"next\n"


async def test_closing_the_engine_ends_a_talk(one_lane: Sandbox) -> None:
    slow = "import time; time.sleep(60)"
    task = asyncio.create_task(
        judge(one_lane, slow, interactor(one_lane, slow, wall_time_ms=60_000), wall_time_ms=60_000)
    )
    while len(_programs()) < 2:
        assert not task.done()
        await asyncio.sleep(0.01)

    await one_lane.engine.close()

    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], Exception)
    assert not _programs()


async def test_no_descriptor_is_left_open(sandbox: Sandbox) -> None:
    judging = interactor(sandbox, INTERACTOR)

    async def talk_often() -> int:
        await judge(sandbox, BISECTING["python"], judging, *range(1, 11))
        await judge(sandbox, "pass", judging, *range(1, 11))
        return _open_descriptors()

    assert await talk_often() == await talk_often()


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _programs() -> set[int]:
    return {pid for pid in descendants(os.getpid()) if "/box/main.py" in command_line(pid)}
