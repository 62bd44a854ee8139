"""The engine that runs programs on this host."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.language import Language, Toolchain
from app.domain.runs import CompileResult, RunResult
from app.engines.base import Program
from app.engines.sandbox.box import Box
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.commands import compile_command, run_command, version_command
from app.engines.sandbox.host import survey_host
from app.engines.sandbox.results import compile_result, recognise_refusal, version_of
from app.engines.sandbox.walls import Walls
from app.errors import EngineUnavailableError, SandboxFailureError


@dataclass(frozen=True, slots=True)
class _Means:
    """What `start` finds."""

    walls: Walls
    keeper: Path


class SandboxEngine:
    """Runs every submission in a bubblewrap box of its own."""

    def __init__(self, languages: Sequence[Language], data_directory: Path) -> None:
        self._languages = tuple(languages)
        self._data_directory = data_directory
        self._means: _Means | None = None
        self._toolchains: tuple[Toolchain, ...] = ()
        self._boxes: set[Box] = set()

    async def start(self) -> None:
        """Survey the host, build the keeper if needed, and ask every toolchain for its version.

        Raises:
            EngineUnavailableError: the host lacks something; the detail says what to install.
        """
        self._means = _Means(survey_host(), build_keeper(self._data_directory))
        try:
            self._toolchains = await self._ask_versions()
        except SandboxFailureError as error:
            raise EngineUnavailableError(f"No box works on this host: {error.detail}") from error

    async def close(self) -> None:
        """Stop every program; whoever waits for one gets a `SandboxFailureError`."""
        self._means = None
        await asyncio.gather(*(box.stop() for box in self._boxes))

    async def toolchains(self) -> Sequence[Toolchain]:
        """Tell which languages can be run here, as found at the start."""
        return self._toolchains

    async def execute(
        self, program: Program, inputs: Sequence[bytes]
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Compile once, then run on each input in order, all in one box.

        Raises:
            EngineUnavailableError: the engine is not started, or lacks the language's toolchain.
            SandboxFailureError: the box broke; the program may be tried again.
        """
        language = program.language
        self._expect_toolchain(language)
        async with self._box() as box:
            await box.put_file(language.source_file, program.source)
            compiled = compile_result(await box.run(compile_command(language)), language)
            yield compiled
            if not compiled.is_ok:
                return
            for stdin in inputs:
                run = await box.run(run_command(program, stdin))
                yield recognise_refusal(run, language)

    @asynccontextmanager
    async def _box(self) -> AsyncGenerator[Box, None]:
        if self._means is None:
            raise EngineUnavailableError("The engine is not started")
        async with Box.open(self._means.walls, self._means.keeper) as box:
            self._boxes.add(box)
            try:
                yield box
            finally:
                self._boxes.discard(box)

    async def _ask_versions(self) -> tuple[Toolchain, ...]:
        asking = [self._ask_version(language) for language in self._languages]
        answers = await asyncio.gather(*asking, return_exceptions=True)  # so that all have ended
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return tuple(answer for answer in answers if isinstance(answer, Toolchain))

    async def _ask_version(self, language: Language) -> Toolchain:
        async with self._box() as box:
            version = version_of(await box.run(version_command(language)))
        return Toolchain(language=language, version=version)

    def _expect_toolchain(self, language: Language) -> None:
        for toolchain in self._toolchains:
            if toolchain.language.id == language.id and not toolchain.is_available:
                packages = " ".join(language.debian_packages)
                raise EngineUnavailableError(
                    f"{language.name} is not installed: apt-get install {packages}"
                )
