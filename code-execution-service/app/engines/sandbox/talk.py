"""A talk: two programs in two boxes, each reading what the other writes."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from app.domain.runs import Interaction, RunResult
from app.engines.sandbox.box import Box
from app.engines.sandbox.keeper_protocol import Command
from app.errors import SandboxFailureError

_CHUNK_BYTES = 64 * 1024
"""What a pipe holds."""


@dataclass(frozen=True, slots=True)
class Side:
    """A program that waits in an open box for the talk to begin."""

    box: Box
    command: Command


async def talk(participant: Side, interactor: Side, accepting: frozenset[int]) -> Interaction:
    """Run both to their ends; a participant that is left alone is stopped unless it may go on.

    We keep all ends of both pipes until one side has ended. So what the end of one does to the
    other (end of file, SIGPIPE) comes after we know of it, and who ended first is a fact.

    Raises:
        SandboxFailureError: a box broke, or the host gives no pipe.
    """
    with _Pipe() as question, _Pipe() as answer:
        interactor.box.connect(stdin=answer.read_end, stdout=question.write_end)
        participant.box.connect(stdin=question.read_end, stdout=answer.write_end)
        async with _running(interactor) as judging, _running(participant) as playing:
            is_interactor_first = await _first(judging, playing) is judging
            question.close_write_end()
            if is_interactor_first:
                answer.close_read_end()
                if judging.result().exit_code not in accepting and not playing.done():
                    participant.box.stop()
                await playing
            else:
                answer.close_write_end()
                with _drained(question.read_end):
                    await judging
            return Interaction(
                participant=playing.result(),
                interactor=judging.result(),
                did_interactor_end_first=is_interactor_first,
            )


class _Pipe:
    """A pipe, with both ends ours until we close them."""

    def __init__(self) -> None:
        try:
            self.read_end, self.write_end = os.pipe()
        except OSError as error:
            raise SandboxFailureError(f"a pipe can't be made: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_read_end()
        self.close_write_end()

    def close_read_end(self) -> None:
        self.read_end = _closed(self.read_end)

    def close_write_end(self) -> None:
        self.write_end = _closed(self.write_end)


def _closed(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1


@asynccontextmanager
async def _running(side: Side) -> AsyncGenerator[asyncio.Task[RunResult], None]:
    """Run a side meanwhile; it is given up, and its box with it, if the block ends earlier."""
    task = asyncio.create_task(side.box.run(side.command))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first(*runs: asyncio.Task[RunResult]) -> asyncio.Task[RunResult]:
    """Wait until a run has ended, and tell which one it was, also if all have by now."""
    ended: list[asyncio.Task[RunResult]] = []
    for run in runs:
        run.add_done_callback(ended.append)
    await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
    ended[0].result()
    return ended[0]


@contextmanager
def _drained(read_end: int) -> Iterator[None]:
    """Take what is still written to a program that is gone, so that its writer ends as it likes."""
    loop = asyncio.get_running_loop()
    os.set_blocking(read_end, False)

    def drain() -> None:
        with suppress(BlockingIOError):
            if not os.read(read_end, _CHUNK_BYTES):
                loop.remove_reader(read_end)

    loop.add_reader(read_end, drain)
    try:
        yield
    finally:
        loop.remove_reader(read_end)
