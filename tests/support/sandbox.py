"""Run source texts in real boxes."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from app.domain.executions import OutputStream
from app.domain.limits import MIB, Limits
from app.domain.runs import CompileResult, RunResult
from app.engines.base import OutputListener, Program
from app.engines.sandbox.engine import SandboxEngine
from app.errors import EngineUnavailableError
from app.languages.registry import LanguageRegistry
from tests.support.processes import command_line, descendants, parent

TIGHT_LIMITS = Limits(
    cpu_time_ms=2_000,
    wall_time_ms=30_000,  # not tight: whatever else the host does is no matter of the program's
    memory_bytes=64 * MIB,
    output_bytes=64 * 1024,
    file_bytes=4 * MIB,
    processes=16,
)
SLEEP_WITH_A_CHILD = "import os, time\nos.fork()\ntime.sleep(60)"


def without_sandbox(reason: str) -> NoReturn:
    """Skip what this host can't run; in CI that is a failure, for there it has to be had."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def no_keeper(_: Path) -> Path:
    """Stand in for `build_keeper` on a host without a C compiler."""
    raise EngineUnavailableError("cc is missing (for a test)")


class Sandbox:
    """A started engine with the languages that it runs; limits are tight unless a test says so."""

    def __init__(self, engine: SandboxEngine, languages: LanguageRegistry) -> None:
        self.engine = engine
        self.languages = languages

    def program(self, language: str, source: str, **limits: int) -> Program:
        return Program(
            language=self.languages.get(language),
            source=source.encode(),
            limits=replace(TIGHT_LIMITS, **limits),
        )

    async def execute(
        self, language: str, source: str, *inputs: bytes, **limits: int
    ) -> tuple[CompileResult, list[RunResult]]:
        """Compile and run; skips the test where the toolchain is not installed."""
        for toolchain in await self.engine.toolchains():
            if toolchain.language.id == language and not toolchain.is_available:
                packages = " ".join(toolchain.language.debian_packages)
                without_sandbox(f"{language} is not installed: apt-get install {packages}")
        program = self.program(language, source, **limits)
        runs = []
        async with aclosing(self.engine.execute(program, inputs)) as results:
            compiled = await anext(results)
            assert isinstance(compiled, CompileResult)
            async for run in results:
                assert isinstance(run, RunResult)
                runs.append(run)
        return compiled, runs

    async def compile(self, language: str, source: str) -> CompileResult:
        compiled, _ = await self.execute(language, source)
        return compiled

    async def run(self, language: str, source: str, stdin: bytes = b"", **limits: int) -> RunResult:
        compiled, runs = await self.execute(language, source, stdin, **limits)
        assert compiled.is_ok, compiled.message
        return runs[0]

    async def listen(
        self, source: str, on_output: OutputListener | None = None, **limits: int
    ) -> tuple[list[tuple[OutputStream, bytes]], RunResult]:
        """Run a Python program; tells what was heard, in order."""
        pieces: list[tuple[OutputStream, bytes]] = []

        def hear(stream: OutputStream, piece: bytes) -> None:
            pieces.append((stream, piece))
            if on_output is not None:
                on_output(stream, piece)

        program = self.program("python", source, **limits)
        results = self.engine.execute(program, [b""], on_output=hear)
        async with aclosing(results):
            _, run = [result async for result in results]
        assert isinstance(run, RunResult)
        return pieces, run


def heard(pieces: Sequence[tuple[OutputStream, bytes]], wanted: OutputStream) -> bytes:
    """Put the pieces of one stream together."""
    return b"".join(piece for stream, piece in pieces if stream == wanted)


def started(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Start its engine for as long as the sandbox is used."""
    try:
        asyncio.run(_start(sandbox.engine))
    except EngineUnavailableError as error:
        without_sandbox(error.detail)
    yield sandbox
    asyncio.run(sandbox.engine.close())


async def _start(engine: SandboxEngine) -> None:
    await engine.start()
    await engine.prepared()


async def start_sleeping(sandbox: Sandbox) -> tuple[asyncio.Task[None], set[int]]:
    """Start a program with a child that both sleep; the task waits for its result.

    The processes are program, child and their box's keeper.
    """

    async def consume() -> None:
        program = sandbox.program("python", SLEEP_WITH_A_CHILD, wall_time_ms=60_000)
        async with aclosing(sandbox.engine.execute(program, [b""])) as results:
            async for _ in results:
                pass

    task = asyncio.create_task(consume())
    while True:  # no event tells of a new process
        everybody = descendants(os.getpid())
        programs = {pid for pid in everybody if "/box/main.py" in command_line(pid)}
        if len(programs) == 2:
            break
        if task.done():
            await task
        await asyncio.sleep(0.01)
    return task, programs | {parent(pid) for pid in programs}
