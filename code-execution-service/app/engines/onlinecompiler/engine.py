"""The engine whose programs run at a provider, one call per test case."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from app import metrics, tracing
from app.domain.circuit_breaker import CircuitBreaker
from app.domain.language import Language, Toolchain
from app.domain.runs import NO_USAGE, CompileResult, Interaction, RunInput, RunResult
from app.engines.base import (
    Interactor,
    JudgesProgram,
    OutputListener,
    Program,
    expect_one_input,
)
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.client import OnlineCompilerClient, TimedRun, Timing
from app.engines.onlinecompiler.compilers import load_compilers
from app.engines.onlinecompiler.results import (
    compile_result_of,
    oversized_run_result,
    run_result_of,
)
from app.errors import EngineUnavailableError

MAX_TEXT_BYTES = 100_000
"""The most that the provider takes as code and as input: "max 100KB" (its documentation)."""


class OnlineCompilerEngine:
    """Runs programs at onlinecompiler.io; nothing of them runs on this host.

    The provider compiles anew for every test case. It is told no limits: those are applied to what
    it says was used, and it may end a program by limits of its own.
    """

    def __init__(
        self,
        languages: Sequence[Language],
        *,
        url: str,
        api_key: str,
        compilers_file: Path | None = None,
        results: AwaitedResults | None = None,
        timing: Timing | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._languages = tuple(languages)
        self._url = url
        self._api_key = api_key
        self._compilers_file = compilers_file
        self._results = results
        self._timing = timing or Timing()
        self._breaker = breaker or CircuitBreaker()
        self._compilers: Mapping[str, str] = {}
        self._client: OnlineCompilerClient | None = None

    async def start(self) -> None:
        """Read the compilers' names; the provider is not asked anything.

        Raises:
            EngineUnavailableError: the file with the names can't be used.
        """
        self._compilers = load_compilers(self._languages, self._compilers_file)
        self._client = OnlineCompilerClient(
            url=self._url,
            api_key=self._api_key,
            results=self._results,
            timing=self._timing,
            breaker=self._breaker,
        )

    async def close(self) -> None:
        """Close the connections; programs that the provider still runs end there by themselves."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def toolchains(self) -> Sequence[Toolchain]:
        """Tell the provider's compiler names, without asking it."""
        names = [(language, self._compilers.get(language.id)) for language in self._languages]
        return [
            Toolchain(
                language=replace(language, third_party_name=name or language.third_party_name),
                version=name,
            )
            for language, name in names
        ]

    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Run once per input; whether the program compiles is told by the first run.

        Without inputs it is run once on an empty one, because the provider can't only compile. It
        tells no output before the end: each stream is one piece.

        Raises:
            EngineBusyError: the provider wants no calls for now; the program may wait.
            EngineUnavailableError: the provider can't run this program.
            RemoteEngineError: the provider failed; the program may be tried again.
            ValueError: `on_output` is given, and not one input.
        """
        expect_one_input(inputs, on_output)
        first = await self._run(program, inputs[0] if inputs else b"")
        compiled = CompileResult(is_ok=True, message="", usage=NO_USAGE)
        if first.run is not None:
            compiled = compile_result_of(program.language, first.run)
        yield compiled
        if not compiled.is_ok:
            return
        for position, data in enumerate(inputs):
            timed_run = first if position == 0 else await self._run(program, data)
            result = _result_of(program, timed_run)
            wall_time_ms = result.usage.wall_time_ms
            metrics.program_ran(language=program.language.id, wall_time_ms=wall_time_ms)
            tracing.program_ran(language=program.language.id, wall_time_ms=wall_time_ms)
            if on_output is not None:
                _tell(result, on_output)
            yield result

    def for_judges(self, program: Program) -> AbstractAsyncContextManager[JudgesProgram]:
        """Refuse: a checker needs files and arguments, which the provider does not take.

        Raises:
            EngineUnavailableError: always.
        """
        raise EngineUnavailableError(
            "The remote engine runs no checkers: use the sandbox, or a checker that is no program"
        )

    def interact(
        self, program: Program, interactor: Interactor, inputs: Sequence[RunInput]
    ) -> AsyncGenerator[CompileResult | Interaction, None]:
        """Refuse: the provider can't let two programs talk to each other.

        Raises:
            EngineUnavailableError: always.
        """
        raise EngineUnavailableError("The remote engine runs no interactors: use the sandbox")

    async def _run(self, program: Program, data: bytes) -> TimedRun:
        if self._client is None:
            raise EngineUnavailableError("The remote engine is not started")
        compiler = self._compilers.get(program.language.id)
        if compiler is None:
            raise EngineUnavailableError(f"The remote engine has no {program.language.name}")
        if program.files:
            raise EngineUnavailableError("The remote engine takes no files beside the source")
        language = program.language
        if language.options_with(program.compile_options) != language.options_with(()):
            raise EngineUnavailableError("The remote engine takes no compile options")
        return await self._client.run(
            compiler,
            _text(program.source, "code"),
            _text(data, "input"),
            output_bytes=program.limits.output_bytes,
        )


def _result_of(program: Program, timed_run: TimedRun) -> RunResult:
    if timed_run.run is None:
        return oversized_run_result(waited_ms=timed_run.waited_ms)
    return run_result_of(
        program.language, program.limits, timed_run.run, waited_ms=timed_run.waited_ms
    )


def _tell(result: RunResult, on_output: OutputListener) -> None:
    if result.stdout:
        on_output("stdout", result.stdout)
    if result.stderr:
        on_output("stderr", result.stderr)


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_TEXT_BYTES:
        raise EngineUnavailableError(
            f"The remote engine takes at most {MAX_TEXT_BYTES} bytes of {name}"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EngineUnavailableError(f"The remote engine takes {name} as UTF-8 only") from error
