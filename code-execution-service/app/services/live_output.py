"""What a program writes, told while it runs, in few pieces."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.domain.executions import OutputPiece, OutputStream
from app.domain.judging import ERROR_OUTPUT_BYTES, OUTPUT_BYTES
from app.domain.text import ReadableStream
from app.engines.base import OutputListener

PAUSE_S = 0.02
"""The first piece is told at once, what follows not more often than this."""
MAX_TURNS = 8
"""How often the streams may take turns between two pauses; after that each goes on in one piece."""


@asynccontextmanager
async def told_live(
    execution_id: str, tell: Callable[[OutputPiece], Awaitable[None]]
) -> AsyncIterator[OutputListener]:
    """Give a listener for the block; what it heard has been told when the block has ended well."""
    output = _LiveOutput(execution_id, tell)
    telling = asyncio.create_task(output.tell_on())
    try:
        yield output.hear
        output.end()
        await telling
    finally:
        telling.cancel()
        await asyncio.wait([telling])


@dataclass(slots=True)
class _Heard:
    stream: OutputStream
    text: str


class _LiveOutput:
    """Collects text between two pauses; it is never more than the result shows of each stream."""

    def __init__(self, execution_id: str, tell: Callable[[OutputPiece], Awaitable[None]]) -> None:
        self._execution_id = execution_id
        self._tell = tell
        self._texts: dict[OutputStream, ReadableStream] = {
            "stdout": ReadableStream(max_bytes=OUTPUT_BYTES),
            "stderr": ReadableStream(max_bytes=ERROR_OUTPUT_BYTES),
        }
        self._heard: list[_Heard] = []
        self._sequence = 0
        self._has_news = asyncio.Event()
        self._is_over = asyncio.Event()

    def hear(self, stream: OutputStream, data: bytes) -> None:
        """Take what the program has just written."""
        self._add(stream, self._texts[stream].feed(data))

    def end(self) -> None:
        """Have the rest told without a pause."""
        for stream, text in self._texts.items():
            self._add(stream, text.end())
        self._is_over.set()
        self._has_news.set()

    async def tell_on(self) -> None:
        """Tell until the end has come."""
        while not self._is_over.is_set():
            await self._has_news.wait()
            self._has_news.clear()
            await self._tell_heard()
            await self._pause()
        await self._tell_heard()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(PAUSE_S):
                await self._is_over.wait()
        except TimeoutError:
            return

    async def _tell_heard(self) -> None:
        heard, self._heard = self._heard, []
        for each in heard:
            piece = OutputPiece(
                execution_id=self._execution_id,
                sequence=self._sequence,
                stream=each.stream,
                text=each.text,
            )
            self._sequence += 1
            await self._tell(piece)

    def _add(self, stream: OutputStream, text: str) -> None:
        if not text:
            return
        last = self._heard[-1:] if len(self._heard) < MAX_TURNS else reversed(self._heard)
        for heard in last:
            if heard.stream == stream:
                heard.text += text
                break
        else:
            self._heard.append(_Heard(stream, text))
        self._has_news.set()
