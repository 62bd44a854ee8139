"""All runs of one program: in order to whoever asks, side by side where lanes are free."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from app import metrics, tracing
from app.domain.runs import RunResult
from app.engines.base import OutputListener, Program
from app.engines.sandbox.box import Archive, Box
from app.engines.sandbox.commands import run_command
from app.engines.sandbox.lanes import Lanes
from app.engines.sandbox.results import recognise_refusal
from app.errors import SandboxFailureError

RUNS_AHEAD = 16
"""So many results at most wait for whoever asks: a checker may take longer than a run."""


class Runs:
    """One program on each of its inputs, by the submission's own box and by boxes that help."""

    def __init__(
        self,
        lanes: Lanes,
        program: Program,
        archive: Archive | None,
        inputs: Sequence[bytes],
        on_output: OutputListener | None,
    ) -> None:
        self._lanes = lanes
        self._program = program
        self._archive = archive
        self._inputs = inputs
        self._on_output = on_output
        self._positions: Iterator[int] = iter(range(len(inputs)))
        self._room = asyncio.Semaphore(RUNS_AHEAD)
        self._started = 0
        self._results: list[asyncio.Future[RunResult]] = []

    async def results(self, box: Box) -> AsyncGenerator[RunResult, None]:
        """Run on every input; `box` holds the program already.

        Raises:
            SandboxFailureError: a box broke.
        """
        if len(self._inputs) == 1:
            yield await self._run(box, self._inputs[0])
            return
        loop = asyncio.get_running_loop()
        self._results = [loop.create_future() for _ in self._inputs]
        workers = [asyncio.create_task(self._work(box))]
        try:
            for result in self._results:
                workers += [
                    asyncio.create_task(self._help()) for _ in range(self._useful_helpers(workers))
                ]
                yield await result
                self._room.release()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _useful_helpers(self, workers: Sequence[asyncio.Task[None]]) -> int:
        if self._archive is None or self._room.locked():
            return 0
        busy = sum(not worker.done() for worker in workers)
        left = len(self._inputs) - self._started
        return max(0, min(self._lanes.idle_count, left - busy))

    async def _help(self) -> None:
        async with self._lanes.an_idle_one() as lane:
            if lane is None or self._archive is None:
                return
            async with lane.box() as box:
                box.unpack(self._archive)
                await self._work(box, is_helping=True)

    async def _work(self, box: Box, *, is_helping: bool = False) -> None:
        while not (is_helping and self._room.locked()):
            await self._room.acquire()
            position = next(self._positions, None)
            if position is None:
                return
            self._started += 1
            result = self._results[position]
            try:
                result.set_result(await self._run(box, self._inputs[position]))
            except SandboxFailureError as error:
                result.set_exception(error)
                result.exception()  # seen, even if nobody comes to wait for it
                return
            if is_helping and self._lanes.are_wanted:
                return

    async def _run(self, box: Box, stdin: bytes) -> RunResult:
        on_output = self._on_output
        command = run_command(self._program, stdin, is_heard=on_output is not None)
        run = await box.run(command, on_output)
        language = self._program.language
        metrics.program_ran(language=language.id, wall_time_ms=run.usage.wall_time_ms)
        tracing.program_ran(language=language.id, wall_time_ms=run.usage.wall_time_ms)
        return recognise_refusal(run, language)
