"""A box ends with its use, however that ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.runs import CompileResult, RunResult
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.cgroups.none import NoCgroup
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.engines.sandbox.lane import Lane
from app.errors import EngineError, EngineUnavailableError, SandboxFailureError
from tests.support.processes import are_gone, command_line, descendants
from tests.support.sandbox import SLEEP_WITH_A_CHILD, Sandbox, start_sleeping

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]


@pytest.mark.asyncio
async def test_cancelling_ends_every_process(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_closing_early_leaves_the_engine_in_order(sandbox: Sandbox) -> None:
    """Also while other lanes are in the middle of runs of the same program."""
    program = sandbox.program("python", "import time; time.sleep(0.05); print(42)")

    for _ in range(3):
        results = sandbox.engine.execute(program, [b""] * 6)
        seen: list[CompileResult | RunResult] = [await anext(results), await anext(results)]
        await results.aclose()
        assert len(seen) == 2

    run = await sandbox.run("python", "print('next')")
    assert run.stdout == b"next\n"


@pytest.mark.asyncio
async def test_a_dead_keeper_is_a_failure_of_the_sandbox(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)
    (keeper,) = (pid for pid in processes if command_line(pid)[0] == "/keeper")

    os.kill(keeper, signal.SIGKILL)

    with pytest.raises(SandboxFailureError):
        await task
    assert are_gone(processes)
    assert (await sandbox.run("python", "print('next')")).stdout == b"next\n"


@pytest.mark.asyncio
async def test_closing_the_engine_ends_what_runs(tmp_path: Path, sandbox: Sandbox) -> None:
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path)
    await engine.start()
    task, processes = await start_sleeping(Sandbox(engine, sandbox.languages))

    await engine.close()

    with pytest.raises(EngineError):
        await task
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_an_engine_that_is_not_started_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    engine = SandboxEngine(sandbox.languages.languages, tmp_path)

    with pytest.raises(EngineUnavailableError, match="not started"):
        await anext(engine.execute(sandbox.program("python", ""), [b""]))


@pytest.mark.asyncio
async def test_what_bubblewrap_says_is_in_the_failure(tmp_path: Path, sandbox: Sandbox) -> None:
    walls = replace(survey_host(), read_only_paths=("/no/such/path",))

    with pytest.raises(SandboxFailureError, match="Can't find source path /no/such/path"):
        async with Lane(walls, build_keeper(tmp_path), NoCgroup, ()).box():
            pass


def test_killing_the_service_leaves_no_process_behind(tmp_path: Path, sandbox: Sandbox) -> None:
    script = ROOT / "tests" / "support" / "run_programs.py"
    with subprocess.Popen(
        [sys.executable, script, tmp_path, "python", SLEEP_WITH_A_CHILD],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "code-execution-service")},
    ) as service:
        assert service.stdout is not None
        assert b"is_ok=True" in service.stdout.readline()
        while not _are_sleeping(processes := descendants(service.pid)):
            time.sleep(0.01)

        service.kill()

    assert are_gone(processes)


def _are_sleeping(processes: set[int]) -> bool:
    return sum("/box/main.py" in command_line(pid) for pid in processes) == 2
