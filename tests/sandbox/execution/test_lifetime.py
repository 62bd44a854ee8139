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
from app.engines.sandbox.box import Box
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.errors import EngineUnavailableError, SandboxFailureError
from tests.support.processes import are_gone, command_line, descendants
from tests.support.sandbox import SLEEP_WITH_A_CHILD, Sandbox, start_sleeping

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(60)]

ROOT = Path(__file__).parents[3]


@pytest.mark.asyncio
async def test_cancelling_ends_every_process(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_closing_early_ends_every_process(sandbox: Sandbox) -> None:
    before = descendants(os.getpid())
    program = sandbox.program("python", "print(42)")

    results = sandbox.engine.execute(program, [b"", b""])
    seen: list[CompileResult | RunResult] = [await anext(results), await anext(results)]
    processes = descendants(os.getpid()) - before
    await results.aclose()

    assert len(seen) == 2
    assert len(processes) == 2
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_a_dead_keeper_is_a_failure_of_the_sandbox(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)
    (keeper,) = (pid for pid in processes if command_line(pid)[0] == "/keeper" and _is_first(pid))

    os.kill(keeper, signal.SIGKILL)

    with pytest.raises(SandboxFailureError):
        await task
    assert are_gone(processes)


def _is_first(pid: int) -> bool:
    """Tell the keeper from its init, which is a copy of it in a namespace one deeper."""
    status = Path("/proc", str(pid), "status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("NSpid:"))
    return line.split()[2:] == ["1"]


@pytest.mark.asyncio
async def test_closing_the_engine_ends_what_runs(tmp_path: Path, sandbox: Sandbox) -> None:
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path)
    await engine.start()
    task, processes = await start_sleeping(Sandbox(engine, sandbox.languages))

    await engine.close()

    with pytest.raises(SandboxFailureError):
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
        async with Box.open(walls, build_keeper(tmp_path)):
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
        while len(processes := descendants(service.pid)) < 5:
            time.sleep(0.01)

        service.kill()

    assert are_gone(processes)
