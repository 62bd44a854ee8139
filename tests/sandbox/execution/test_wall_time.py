import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


async def test_a_sleeping_program_is_stopped_at_its_wall_limit(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", "import time; time.sleep(60)", wall_time_ms=300)

    assert run.status is RunStatus.WALL_LIMIT
    assert 300 <= run.usage.wall_time_ms < 2_000  # a busy host lets the keeper look late


async def test_a_program_that_stops_itself_is_stopped_for_good(either_sandbox: Sandbox) -> None:
    source = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"

    run = await either_sandbox.run("python", source, wall_time_ms=300)

    assert run.status is RunStatus.WALL_LIMIT


async def test_a_program_that_ignores_every_signal_is_stopped(either_sandbox: Sandbox) -> None:
    source = """
import signal, time
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True: time.sleep(1)
"""

    run = await either_sandbox.run("python", source, wall_time_ms=300)

    assert run.status is RunStatus.WALL_LIMIT


async def test_what_was_written_before_the_limit_is_kept(either_sandbox: Sandbox) -> None:
    """In C, which needs next to nothing of its time to begin."""
    source = '#include <unistd.h>\nint main(void) { write(1, "so far\\n", 7); sleep(60); }'

    run = await either_sandbox.run("c", source, wall_time_ms=1_000)

    assert run.stdout == b"so far\n"
