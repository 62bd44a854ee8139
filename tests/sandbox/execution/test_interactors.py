"""Interactors, run for real: two programs that talk, and what either is charged for."""

import asyncio

import pytest

from app.domain.checking import Protocol
from app.domain.runs import RunStatus
from app.errors import CheckerFailedError
from tests.support.sandbox import Sandbox
from tests.support.talks import (
    BISECTING,
    INTERACTOR,
    TESTLIB_CHECKER,
    TESTLIB_INTERACTOR,
    interactor,
    judge,
    times_to_meet,
    verdict,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


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
    cpu_time_ms, wall_time_ms = times_to_meet(status)

    (talk,) = await judge(
        sandbox, source, judging, cpu_time_ms=cpu_time_ms, wall_time_ms=wall_time_ms
    )

    assert (talk.run.status, talk.outcome.is_accepted) == (status, is_accepted)
    assert talk.outcome.score == float(is_accepted)


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


async def test_waiting_for_the_other_is_no_cpu_time(either_sandbox: Sandbox) -> None:
    judging = interactor(
        either_sandbox,
        "import sys, time\ninput(); time.sleep(1); print('go', flush=True); input(); sys.exit(42)",
    )
    source = "print('here', flush=True); input(); print('gone', flush=True)"

    (talk,) = await judge(either_sandbox, source, judging)

    assert verdict(talk)[:2] == (RunStatus.OK, True)
    assert talk.run.usage.wall_time_ms >= 1_000
    assert talk.run.usage.cpu_time_ms < 1_000


async def test_each_has_its_own_cpu_time(either_sandbox: Sandbox) -> None:
    """The participant is not to pay for what the interactor computes."""
    burn = (
        "import sys, time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
    )
    judging = interactor(either_sandbox, f"{burn}\nprint('go', flush=True); sys.exit(42)")

    (talk,) = await judge(either_sandbox, "input()", judging, cpu_time_ms=600)

    assert verdict(talk)[:2] == (RunStatus.OK, True)
    assert talk.run.usage.cpu_time_ms < 600


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
        wall_time_ms=60_000,
    )

    assert verdict(talk) == (RunStatus.OK, True, "")
