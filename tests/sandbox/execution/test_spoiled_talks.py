"""Talks that somebody spoils: whoever hangs, cheats, floods or dies answers for it."""

import pytest

from app.domain.runs import RunStatus
from app.errors import CheckerFailedError
from tests.support.sandbox import Sandbox
from tests.support.talks import (
    ACCEPT_EVERYTHING,
    BISECTING,
    INTERACTOR,
    interactor,
    judge,
    times_to_meet,
    verdict,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


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
    judging = interactor(sandbox, INTERACTOR, cpu_time_ms=500)
    cpu_time_ms, wall_time_ms = times_to_meet(expected[0])

    (talk,) = await judge(
        sandbox, source, judging, cpu_time_ms=cpu_time_ms, wall_time_ms=wall_time_ms
    )

    assert verdict(talk) == expected


async def test_writing_to_an_interactor_that_is_gone_is_no_crash(sandbox: Sandbox) -> None:
    """It accepted already; only who goes on writing without need gets the signal."""
    source = """
#include <stdio.h>
int main(void) { puts("400"); fflush(stdout); for (;;) { puts("more"); fflush(stdout); } }
"""
    (talk,) = await judge(sandbox, source, interactor(sandbox, INTERACTOR), language="c")

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
    wall_time_ms = 1_000 if "wall_limit" in reason else 30_000  # and the interactor's is longer

    with pytest.raises(CheckerFailedError, match=reason):
        await judge(sandbox, participant, judging, cpu_time_ms=300, wall_time_ms=wall_time_ms)


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
