import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

LIMIT = 100_000


async def test_output_up_to_the_limit_is_kept_whole(either_sandbox: Sandbox) -> None:
    source = f"import sys; sys.stdout.write('x' * {LIMIT})"

    run = await either_sandbox.run("python", source, output_bytes=LIMIT)

    assert run.status is RunStatus.OK
    assert run.stdout == b"x" * LIMIT


async def test_one_byte_more_is_the_output_limit(either_sandbox: Sandbox) -> None:
    source = f"import sys; sys.stdout.write('x' * {LIMIT + 1})"

    run = await either_sandbox.run("python", source, output_bytes=LIMIT)

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert run.stdout == b"x" * LIMIT


async def test_endless_output_is_stopped(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", "while True: print('x' * 1000)")

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert len(run.stdout) == 64 * 1024


async def test_stderr_has_the_same_limit_of_its_own(either_sandbox: Sandbox) -> None:
    source = "import sys\nprint('out', flush=True)\nwhile True: sys.stderr.write('x' * 1000)"

    run = await either_sandbox.run("python", source)

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert (run.stdout, len(run.stderr)) == (b"out\n", 64 * 1024)


async def test_output_is_bytes_whatever_they_mean(either_sandbox: Sandbox) -> None:
    everything = bytes(range(256)) * 3
    source = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3)"

    run = await either_sandbox.run("python", source)

    assert run.stdout == everything


async def test_a_large_output_arrives_whole(either_sandbox: Sandbox) -> None:
    size = 32 * 1024 * 1024
    source = f"import sys; sys.stdout.write('x' * {size})"

    run = await either_sandbox.run(
        "python", source, output_bytes=size, memory_bytes=256 * 1024 * 1024
    )

    assert (run.status, len(run.stdout)) == (RunStatus.OK, size)
