"""The wire between service and keeper; a real keeper answers in the sandbox tests."""

import struct
from dataclasses import replace

import pytest

from app.domain.files import SourceFile
from app.domain.limits import Limits
from app.domain.runs import ResultFile, RunStatus, Usage
from app.engines.sandbox.keeper_protocol import (
    Command,
    decode_result,
    encode_command,
    encode_file,
)

LIMITS = Limits(
    cpu_time_ms=1,
    wall_time_ms=2,
    memory_bytes=3,
    output_bytes=4,
    file_bytes=5,
    processes=6,
)


COMMAND = Command(arguments=("/bin/x", "y"), environment=(("A", "b"),), limits=LIMITS, stdin=b"123")


def packed_result(outcome: int, exit_code: int, signal: int, files_bytes: int = 0) -> bytes:
    facts = (1_499_999, 2_500_000, 7, 3, 2, files_bytes)
    return struct.pack("=IiiI6Q", outcome, exit_code, signal, 0, *facts)


def test_a_file_is_its_name_and_its_content() -> None:
    assert b"".join(encode_file("a.c", b"\0x")) == struct.pack("=II", 2, 6) + b"a.c\0\0x"


def test_a_command_is_numbers_then_strings_then_its_input() -> None:
    numbers = struct.pack("=7Q6I", 1_000_000, 2_000_000, 3, 4, 5, 3, 0, 6, 0, 2, 1, 0, 0)
    strings = b"/bin/x\0y\0A=b\0"
    frame = struct.pack("=II", 4, len(numbers) + len(strings))
    assert b"".join(encode_command(COMMAND, is_heard=False)) == frame + numbers + strings + b"123"


def test_files_of_a_command_come_before_it_and_wanted_ones_are_named_in_it() -> None:
    command = replace(
        COMMAND,
        files=(SourceFile(name="in", content=b"\0"),),
        result_files=("score.txt",),
        result_file_bytes=9,
    )

    numbers = struct.pack("=7Q6I", 1_000_000, 2_000_000, 3, 4, 5, 3, 9, 6, 0, 2, 1, 1, 0)
    strings = b"/bin/x\0y\0A=b\0score.txt\0"
    file = struct.pack("=II", 7, 4) + b"in\0\0"
    frame = struct.pack("=II", 4, len(numbers) + len(strings))
    encoded = b"".join(encode_command(command, is_heard=False))
    assert encoded == file + frame + numbers + strings + b"123"


@pytest.mark.parametrize(
    ("outcome", "exit_code", "signal", "status"),
    [
        (0, 0, 0, RunStatus.OK),
        (0, 3, 0, RunStatus.NONZERO_EXIT),
        (0, -1, 11, RunStatus.SIGNALED),
        (1, -1, 9, RunStatus.TIME_LIMIT),
        (1, 0, 0, RunStatus.TIME_LIMIT),
        (2, -1, 9, RunStatus.WALL_LIMIT),
        (3, 1, 0, RunStatus.MEMORY_LIMIT),
        (4, -1, 9, RunStatus.OUTPUT_LIMIT),
    ],
)
def test_the_limit_that_fired_wins_over_how_the_program_died(
    outcome: int, exit_code: int, signal: int, status: RunStatus
) -> None:
    assert decode_result(packed_result(outcome, exit_code, signal)).status is status


def test_a_result_has_rounded_times_and_its_two_outputs() -> None:
    header = decode_result(packed_result(0, 3, 0))
    assert header.following_bytes == 5
    run = header.with_output(b"outer", COMMAND)

    assert run.usage == Usage(cpu_time_ms=1, wall_time_ms=3, memory_bytes=7)
    assert (run.exit_code, run.signal) == (3, None)
    assert (run.stdout, run.stderr) == (b"out", b"er")


def test_a_result_has_the_wanted_files_that_are_there_each_cut_where_it_is_too_long() -> None:
    command = replace(COMMAND, result_files=("a", "none", "b"), result_file_bytes=3)
    sizes = [struct.pack("=Q", size) for size in (2, 2**64 - 1, 5)]
    files = sizes[0] + b"aa" + sizes[1] + sizes[2] + b"bbb"

    header = decode_result(packed_result(0, 0, 0, len(files)))
    run = header.with_output(b"outer" + files, command)

    assert header.following_bytes == 5 + len(files)
    assert run.files == (
        ResultFile(name="a", content=b"aa", is_cut=False),
        ResultFile(name="b", content=b"bbb", is_cut=True),
    )


@pytest.mark.parametrize("payload", [b"", b"x" * 63, b"x" * 65, packed_result(9, 0, 0)])
def test_anything_else_is_no_result(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_result(payload)
