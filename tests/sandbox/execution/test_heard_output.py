"""Whoever listens hears what a program writes, and no program gets anything else by that."""

import os
import struct
import time

import pytest

from app.domain.executions import OutputStream
from app.domain.runs import RunStatus
from tests.support.processes import command_line, descendants
from tests.support.sandbox import Sandbox, heard

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

MESSAGES_ARE_APART_MS = 10
BYTE_BY_BYTE = "import os\nfor _ in range(20_000): os.write(1, b'x')"
IN_TURNS = """
import os
for number in range(5_000):
    os.write(1, b"%d\\n" % number)
    os.write(2, b"%d\\n" % -number)
"""
MUCH = """
import os, time
os.write(1, b"first\\n")
for _ in range(20):
    os.write(1, b"x" * 100_000)
    time.sleep(0.015)
"""


async def test_bytes_that_are_written_one_by_one_are_heard_together(
    either_sandbox: Sandbox,
) -> None:
    pieces, run = await either_sandbox.listen(BYTE_BY_BYTE)

    assert heard(pieces, "stdout") == run.stdout == b"x" * 20_000
    assert len(pieces) <= run.usage.wall_time_ms / MESSAGES_ARE_APART_MS + 3


async def test_two_streams_that_take_turns_are_both_heard_whole(either_sandbox: Sandbox) -> None:
    pieces, run = await either_sandbox.listen(IN_TURNS, output_bytes=1_000_000)

    assert heard(pieces, "stdout") == run.stdout
    assert heard(pieces, "stderr") == run.stderr
    assert run.stdout.endswith(b"\n4999\n")
    assert run.stderr.endswith(b"\n-4999\n")


async def test_endless_output_is_heard_up_to_the_limit(either_sandbox: Sandbox) -> None:
    pieces, run = await either_sandbox.listen("while True: print('x' * 1000)")

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert heard(pieces, "stdout") == run.stdout
    assert len(run.stdout) == 64 * 1024


async def test_output_that_looks_like_the_keepers_answers_is_only_output(
    either_sandbox: Sandbox,
) -> None:
    answers = b"".join(struct.pack("=II", kind, 0) for kind in range(10)) * 1000

    pieces, run = await either_sandbox.listen(
        f"import os; os.write(1, {answers[:80]!r} * 1000); os.write(2, {answers[:80]!r})",
        output_bytes=1_000_000,
    )

    assert run.status is RunStatus.OK
    assert (heard(pieces, "stdout"), heard(pieces, "stderr")) == (answers, answers[:80])


async def test_a_program_ends_although_nobody_reads_what_is_told(either_sandbox: Sandbox) -> None:
    def block_until_it_has_ended(_: OutputStream, piece: bytes) -> None:
        while piece.startswith(b"first") and _is_running():
            time.sleep(0.01)  # so that our end of the keeper's socket stays full

    pieces, run = await either_sandbox.listen(
        MUCH, block_until_it_has_ended, output_bytes=8_000_000
    )

    assert run.status is RunStatus.OK
    assert pieces[0][1].startswith(b"first")
    assert heard(pieces, "stdout") == run.stdout == b"first\n" + b"x" * 2_000_000


async def test_what_a_listener_fails_at_ends_the_run_and_no_other(either_sandbox: Sandbox) -> None:
    def fail(_: OutputStream, __: bytes) -> None:
        raise LookupError("a fault of the listener")

    with pytest.raises(LookupError):
        await either_sandbox.listen("print('first', flush=True)\nwhile True: pass", fail)

    assert not _is_running()
    pieces, _ = await either_sandbox.listen("import os; os.write(1, b'second\\n')")
    assert pieces == [("stdout", b"second\n")]


def _is_running() -> bool:
    return any("/box/main.py" in command_line(pid) for pid in descendants(os.getpid()))
