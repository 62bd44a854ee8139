"""What is different where no keeper can be built."""

import asyncio
import gc
import os
import signal
from contextlib import aclosing
from pathlib import Path

import pytest

from app.doctor import examine
from app.engines.sandbox import plain_lane
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.filters import filter_path, make_filter
from app.engines.sandbox.host import BWRAP, SETPRIV, find_tool
from app.errors import EngineError, EngineUnavailableError, SandboxFailureError
from tests.support.patience import until
from tests.support.processes import are_gone, children, command_line
from tests.support.sandbox import Sandbox, no_keeper, start_sleeping

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

NAMESPACES = """
import os, time
start_s = time.monotonic()
time.sleep(0.3)
print(*(os.readlink(f"/proc/self/ns/{name}") for name in ("user", "pid", "mnt", "net", "ipc")))
print(start_s, time.monotonic())
"""
TRIES = 10
KIND_OF_KEEPER = "print(open('/keeper', 'rb').read(4))"
ECHO = "import time; text = input(); time.sleep(float(text)); print(text)"
LARGE = "char data[%d << 20] = {1}; int main(void) { return data[5]; }"


@pytest.fixture
def without_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every tool but those that build the walls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in (BWRAP, SETPRIV):
        (folder / tool.name).symlink_to(find_tool(tool))
    monkeypatch.setenv("PATH", str(folder))


async def run(engine: SandboxEngine, sandbox: Sandbox, source: str) -> bytes:
    await engine.start()
    result = await Sandbox(engine, sandbox.languages).run("python", source)
    await engine.close()
    return result.stdout


@pytest.mark.asyncio
@pytest.mark.usefixtures("without_compiler")
async def test_without_a_compiler_programs_are_judged(tmp_path: Path, sandbox: Sandbox) -> None:
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path)

    assert await run(engine, sandbox, KIND_OF_KEEPER) == b"b'PK\\x03\\x04'\n"


@pytest.mark.asyncio
async def test_a_keeper_that_is_built_needs_no_compiler(
    tmp_path: Path, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    build_keeper(tmp_path)
    request.getfixturevalue("without_compiler")
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path)

    assert await run(engine, sandbox, KIND_OF_KEEPER) == b"b'\\x7fELF'\n"


@pytest.mark.asyncio
@pytest.mark.usefixtures("without_compiler")
async def test_doctor_says_what_is_used_instead_and_what_to_install(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    report = await examine([sandbox.languages.get("python")], tmp_path)

    (keeper,) = (finding for finding in report.engine if finding.name == "keeper")
    assert report.is_usable
    assert "every command gets a plain bubblewrap of its own" in keeper.detail
    assert "apt-get install gcc libc6-dev" in keeper.detail


@pytest.mark.asyncio
@pytest.mark.usefixtures("without_compiler")
async def test_a_host_that_can_do_neither_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_lane, "PYTHON", ("/no/such/python3",))

    with pytest.raises(EngineUnavailableError, match=r"install gcc libc6-dev.*install python3"):
        await SandboxEngine([], tmp_path).start()


@pytest.mark.parametrize("is_memory_watched", [True, False])
def test_the_filter_made_ahead_is_that_of_the_keeper(*, is_memory_watched: bool) -> None:
    """If not: `python -m app.engines.sandbox.filters`."""
    made = make_filter(is_memory_watched=is_memory_watched)

    assert filter_path(is_memory_watched=is_memory_watched).read_bytes() == made


@pytest.mark.asyncio
async def test_every_command_is_in_namespaces_of_its_own(sandbox: Sandbox) -> None:
    for _ in range(TRIES):
        _, runs = await sandbox.execute("python", NAMESPACES, b"", b"")
        names = [set(run.stdout.splitlines()[0].split()) for run in runs]
        spans = [tuple(map(float, run.stdout.splitlines()[1].split())) for run in runs]
        # The number of a namespace that is gone may be given to the next one.
        if max(start_s for start_s, _ in spans) < min(end_s for _, end_s in spans):
            break
    else:
        raise AssertionError(f"never at once in {TRIES} tries")

    assert [len(each) for each in names] == [5, 5]
    assert names[0].isdisjoint(names[1])


@pytest.mark.asyncio
async def test_results_keep_the_order_of_their_inputs(sandbox: Sandbox) -> None:
    waits = [0.3, 0.01, 0.2, 0.05, 0.1, 0.02]

    _, runs = await sandbox.execute("python", ECHO, *(str(wait).encode() for wait in waits))

    assert [float(run.stdout) for run in runs] == waits


@pytest.mark.asyncio
async def test_what_can_not_be_packed_does_not_compile(sandbox: Sandbox) -> None:
    """There is no box in which it could stay."""
    fits = await sandbox.compile("c", LARGE % 60)
    is_too_large = await sandbox.compile("c", LARGE % 70)

    assert fits.is_ok, fits
    assert not is_too_large.is_ok
    assert "too large to be run" in is_too_large.message


@pytest.mark.asyncio
async def test_cancelling_ends_every_process(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_a_dead_keeper_is_a_failure_of_the_sandbox(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)
    (keeper,) = (pid for pid in processes if "/box/main.py" not in command_line(pid))

    os.kill(keeper, signal.SIGKILL)

    with pytest.raises(SandboxFailureError):
        await task
    assert are_gone(processes)
    assert (await sandbox.run("python", "print('next')")).stdout == b"next\n"


@pytest.mark.asyncio
async def test_closing_the_engine_ends_what_runs(tmp_path: Path, sandbox: Sandbox) -> None:
    python = sandbox.languages.get("python")
    engine = SandboxEngine([python], tmp_path, build_keeper=no_keeper)
    await engine.start()
    task, processes = await start_sleeping(Sandbox(engine, sandbox.languages))

    await engine.close()

    with pytest.raises(EngineError):
        await task
    assert are_gone(processes)


@pytest.mark.asyncio
async def test_nothing_is_left_of_a_submission(sandbox: Sandbox) -> None:
    program = sandbox.program("python", "print(42)")
    gc.collect()  # what other tests have left is not closed meanwhile
    children_before, descriptors_before = children(os.getpid()), _descriptor_count()

    async with aclosing(sandbox.engine.execute(program, [b""] * 3)) as results:
        assert len([result async for result in results]) == 4

    async def is_nothing_left() -> bool:
        is_cache_alone = _descriptor_count() <= descriptors_before + 1  # of what compiling gave
        return children(os.getpid()) <= children_before and is_cache_alone

    await until(is_nothing_left)  # a box that helped may be cleared away after its last result


def _descriptor_count() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
