"""A fake engine whose programs end when the test lets them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from typing_extensions import override

from app.domain.runs import CompileResult, RunResult
from app.engines.base import OutputListener, Program
from app.engines.fake import FakeEngine
from app.languages import load_languages


class HeldEngine(FakeEngine):
    """Does at once all that a program does, and tells its result when it may."""

    def __init__(self) -> None:
        super().__init__(load_languages().languages)
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()

    @override
    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Hold back what became of each run until `may_end`."""
        async with aclosing(super().execute(program, inputs, on_output=on_output)) as results:
            async for result in results:
                if isinstance(result, RunResult):
                    self.has_begun.set()
                    await self.may_end.wait()
                yield result
