"""The engine that runs programs on this host."""

import asyncio
import itertools
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from app import metrics, tracing
from app.domain.language import Language, Toolchain
from app.domain.limits import MIB
from app.domain.runs import CompileResult, Interaction, RunInput, RunResult, RunStatus
from app.engines.base import (
    Interactor,
    JudgesProgram,
    OutputListener,
    Program,
    expect_one_input,
)
from app.engines.sandbox.box import Box
from app.engines.sandbox.build import build_keeper, pack_plain_keeper
from app.engines.sandbox.cgroups import Cgroup, Cgroups, CgroupSupport, find_cgroups
from app.engines.sandbox.commands import (
    compile_command,
    judges_command,
    run_command,
    version_command,
)
from app.engines.sandbox.compile_cache import Build, CompileCache, key_of
from app.engines.sandbox.host import survey_host
from app.engines.sandbox.lane import Lane
from app.engines.sandbox.lanes import Lanes
from app.engines.sandbox.plain_lane import PlainLane, expect_plain_lanes
from app.engines.sandbox.prepare import Preparations
from app.engines.sandbox.prepared import prepared_directory
from app.engines.sandbox.results import compile_result, recognise_refusal, version_of
from app.engines.sandbox.runs import Runs
from app.engines.sandbox.talk import Side, talk
from app.errors import CheckerFailedError, EngineUnavailableError, SandboxFailureError

COMPILE_CACHE_BYTES = 128 * MIB
JUDGES_COMPILE_CACHE_BYTES = 64 * MIB
"""Apart, so that no number of submissions drives out a checker, which is large to compile."""
_REPEATABLE = frozenset({RunStatus.OK, RunStatus.NONZERO_EXIT})
"""How a compiler ends for the source's sake alone; a limit may be the host's fault."""

logger = logging.getLogger(__name__)


class SandboxEngine:
    """Runs every submission in a box of its own, on as many lanes as the host has cores.

    Programs of judges have as many lanes of their own. Who holds one of those waits for no lane,
    so that a submission which holds a lane always gets one of them in the end, also with one core.
    They are built when they are first needed.
    """

    def __init__(
        self,
        languages: Sequence[Language],
        data_directory: Path,
        *,
        lanes: int | None = None,
        find_cgroups: Callable[[], Cgroups] = find_cgroups,
        build_keeper: Callable[[Path], Path] = build_keeper,
    ) -> None:
        self._languages = tuple(languages)
        self._data_directory = data_directory
        self._lane_count = lanes or os.cpu_count() or 1
        self._find_cgroups = find_cgroups
        self._build_keeper = build_keeper
        self._lanes = Lanes(())
        self._judges_lanes = Lanes(())
        self._cgroups: Cgroups | None = None
        self._toolchains: dict[str, Toolchain] = {}
        self._cache = CompileCache(COMPILE_CACHE_BYTES)
        self._judges_cache = CompileCache(JUDGES_COMPILE_CACHE_BYTES)
        self._preparations = Preparations(prepared_directory(data_directory))

    async def start(self) -> None:
        """Survey the host, build the keeper if needed, and ask every toolchain for its version.

        Toolchains that are not prepared yet are used as they are until that is done. Where the
        keeper can't be built, every command gets a plain bubblewrap of its own.

        Raises:
            EngineUnavailableError: the host lacks something; the detail says what to install.
        """
        kind, keeper = self._find_keeper()
        walls = self._preparations.shown_in(survey_host())
        self._cgroups = self._find_cgroups()
        create_cgroup = _numbered(self._cgroups)
        controllers = self._cgroups.support.controllers
        self._lanes, self._judges_lanes = (
            Lanes([
                kind(walls, keeper, create_cgroup, controllers) for _ in range(self._lane_count)
            ])
            for _ in range(2)
        )
        metrics.watch_lanes(lambda: (self._lane_count, self._lane_count - self._lanes.idle_count))
        try:
            self._toolchains = await self._ask_versions()
        except SandboxFailureError as error:
            await self.close()
            raise EngineUnavailableError(f"No box works on this host: {error.detail}") from error
        tools = self._toolchains.values()
        self._preparations.begin(walls, [tool.language for tool in tools if tool.is_available])

    async def prepared(self) -> Mapping[str, str]:
        """Wait until every toolchain is prepared; for those that can't be, by id, the reason."""
        return await self._preparations.finished()

    @property
    def cgroup_support(self) -> CgroupSupport:
        """What this host's cgroups do for limits and measures.

        Raises:
            EngineUnavailableError: the engine is not started.
        """
        if self._cgroups is None:
            raise EngineUnavailableError("The engine is not started")
        return self._cgroups.support

    async def close(self) -> None:
        """Stop every program; whoever waits for one gets an `EngineError`."""
        await self._preparations.close()
        await asyncio.gather(self._lanes.close(), self._judges_lanes.close())
        if self._cgroups is not None:
            self._cgroups.close()
            self._cgroups = None

    async def toolchains(self) -> Sequence[Toolchain]:
        """Tell which languages can be run here, as found at the start; before it, none."""
        return tuple(
            self._toolchains.get(language.id, Toolchain(language=language, version=None))
            for language in self._languages
        )

    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Compile once, then run on each input, on idle lanes side by side.

        Raises:
            EngineUnavailableError: the engine is not started, or lacks the language's toolchain.
            SandboxFailureError: a box broke; the program may be tried again.
            ValueError: `on_output` is given, and not one input.
        """
        expect_one_input(inputs, on_output)
        self._expect_toolchain(program.language)
        asked_s = time.monotonic()
        async with self._lanes.one() as lane, lane.box() as box:
            metrics.box_entered(waited_s=time.monotonic() - asked_s)
            build = await self._build(box, program, self._cache)
            yield build.compiled
            if not build.compiled.is_ok:
                return
            runs = Runs(self._lanes, program, build.archive, inputs, on_output)
            async with aclosing(runs.results(box)) as results:
                async for run in results:
                    yield run

    @asynccontextmanager
    async def for_judges(self, program: Program) -> AsyncGenerator[JudgesProgram, None]:
        """Compile in a box on one of the judges' lanes.

        Raises:
            EngineUnavailableError: the engine is not started, or lacks the language's toolchain.
            SandboxFailureError: a box broke; the program may be tried again.
        """
        self._expect_toolchain(program.language)
        async with self._judges_lanes.one() as lane, lane.box() as box:
            build = await self._build(box, program, self._judges_cache)

            async def run(run_input: RunInput) -> RunResult:
                result = await box.run(judges_command(program, run_input))
                return recognise_refusal(result, program.language)

            yield JudgesProgram(compiled=build.compiled, run=run)

    async def interact(
        self, program: Program, interactor: Interactor, inputs: Sequence[RunInput]
    ) -> AsyncGenerator[CompileResult | Interaction, None]:
        """Let both talk; the interactor has a box of its own per talk, on a lane of the judges'.

        Raises:
            CheckerFailedError: the interactor does not compile.
            EngineUnavailableError: the engine is not started, or lacks a language's toolchain.
            SandboxFailureError: a box broke; the programs may be tried again.
        """
        self._expect_toolchain(program.language)
        self._expect_toolchain(interactor.program.language)
        async with self._lanes.one() as lane, lane.box() as box:
            build = await self._build(box, program, self._cache)
            yield build.compiled
            if not build.compiled.is_ok:
                return
            for run_input in inputs:
                yield await self._talk(box, program, interactor, run_input)

    async def _talk(
        self, box: Box, program: Program, interactor: Interactor, run_input: RunInput
    ) -> Interaction:
        judging = interactor.program
        async with self._judges_lanes.one() as lane, lane.box() as judges_box:
            build = await self._build(judges_box, judging, self._judges_cache)
            if not build.compiled.is_ok:
                message = build.compiled.message
                raise CheckerFailedError(f"The interactor does not compile:\n{message}")
            result = await talk(
                Side(box, run_command(program, b"")),
                Side(judges_box, judges_command(judging, run_input)),
                interactor.accepting,
            )
        wall_time_ms = result.participant.usage.wall_time_ms
        metrics.program_ran(language=program.language.id, wall_time_ms=wall_time_ms)
        tracing.program_ran(language=program.language.id, wall_time_ms=wall_time_ms)
        return replace(
            result,
            participant=recognise_refusal(result.participant, program.language),
            interactor=recognise_refusal(result.interactor, judging.language),
        )

    def _find_keeper(self) -> tuple[type[Lane | PlainLane], Path]:
        try:
            return Lane, self._build_keeper(self._data_directory)
        except EngineUnavailableError as error:
            expect_plain_lanes(error.detail)
            logger.warning("Every command gets a bubblewrap of its own, slower: %s", error.detail)
            return PlainLane, pack_plain_keeper(self._data_directory)

    async def _build(self, box: Box, program: Program, cache: CompileCache) -> Build:
        """Compile in the box, or put into it what compiling the same gave before."""
        key = self._key(program)
        build = cache.get(key)
        if build is None:
            build, is_repeatable = await self._compile(box, program)
            if is_repeatable:
                cache.put(key, build)
            language, usage = program.language, build.compiled.usage
            metrics.compiled(language=language.id, wall_time_ms=usage.wall_time_ms)
            tracing.program_compiled(language=language.id, wall_time_ms=usage.wall_time_ms)
            return build
        metrics.found_compiled()
        if build.archive is not None:
            box.unpack(build.archive)
        return build

    async def _compile(self, box: Box, program: Program) -> tuple[Build, bool]:
        """Compile, and tell whether it would give the same again and can be kept."""
        language = program.language
        await box.put_file(language.source_file, program.source)
        for file in program.files:
            await box.put_file(file.name, file.content)
        run = await box.run(compile_command(language, program.compile_options))
        compiled = compile_result(run, language)
        build = Build(compiled, await box.pack() if compiled.is_ok else None)
        is_whole = build.archive is not None or not compiled.is_ok
        return build, is_whole and run.status in _REPEATABLE

    def _key(self, program: Program) -> bytes:
        command = compile_command(program.language, program.compile_options)
        toolchain = self._toolchains.get(program.language.id)
        texts = (
            program.language.id,
            toolchain.version if toolchain and toolchain.version else "",
            program.language.source_file,
            *command.arguments,
            *(f"{name}={value}" for name, value in command.environment),
        )
        files = [part for file in program.files for part in (file.name.encode(), file.content)]
        return key_of(*(text.encode() for text in texts), program.source, *files)

    async def _ask_versions(self) -> dict[str, Toolchain]:
        asking = [self._ask_version(language) for language in self._languages]
        answers = await asyncio.gather(*asking, return_exceptions=True)  # so that all have ended
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return {answer.language.id: answer for answer in answers if isinstance(answer, Toolchain)}

    async def _ask_version(self, language: Language) -> Toolchain:
        async with self._lanes.one() as lane, lane.box() as box:
            version = version_of(await box.run(version_command(language)))
        return Toolchain(language=language, version=version)

    def _expect_toolchain(self, language: Language) -> None:
        toolchain = self._toolchains.get(language.id)
        if toolchain is not None and not toolchain.is_available:
            packages = " ".join(language.debian_packages)
            raise EngineUnavailableError(
                f"{language.name} is not installed: apt-get install {packages}"
            )


def _numbered(cgroups: Cgroups) -> Callable[[], Cgroup]:
    """Give every cgroup another number: a lane that is built anew may overlap with its old self."""
    numbers = itertools.count()
    return lambda: cgroups.create(next(numbers))
