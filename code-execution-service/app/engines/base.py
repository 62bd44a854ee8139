"""The port that every engine implements."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.domain.executions import OutputStream
from app.domain.files import SourceFile
from app.domain.language import Language, Toolchain
from app.domain.limits import Limits
from app.domain.runs import CompileResult, Interaction, RunInput, RunResult

OutputListener = Callable[[OutputStream, bytes], None]
"""Is told, in the event loop, a piece of what a running program wrote, as soon as it is read.

The pieces of a stream, put together, are what the result has of it; the last one comes before the
result does. A piece may end in the middle of a character.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A source text, what each of its runs may use, and what lies beside it.

    `files` are in their folder when it is compiled and when it runs, read-only; no name is that of
    the language's source file. `compile_options` are those that differ from the language's first.
    """

    language: Language
    source: bytes
    limits: Limits
    files: tuple[SourceFile, ...] = ()
    compile_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactor:
    """A program of the judges that a participant's program talks to.

    With an exit code that is not one of the `accepting` ones it has decided alone: a participant
    that still runs then is stopped.
    """

    program: Program
    accepting: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgesProgram:
    """A program of the judges, ready to be run again and again if it is `compiled`.

    Nothing of one run is visible to the next. A run raises `EngineError` if the engine failed.
    """

    compiled: CompileResult
    run: Callable[[RunInput], Awaitable[RunResult]]


class Engine(Protocol):
    """Something that can run programs."""

    async def start(self) -> None:
        """Get ready to run programs.

        Raises:
            EngineUnavailableError: the host lacks something; the detail says what to install.
        """

    async def close(self) -> None:
        """Stop every program and give back what `start` took."""

    async def toolchains(self) -> Sequence[Toolchain]:
        """Tell which languages can be run here; every known language is in the answer."""

    def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Compile once, then run on each input in order.

        Yields one `CompileResult`, then, if that is ok, one `RunResult` per input as soon as it is
        known. Closing the generator early stops the program. Nothing of one call is visible to the
        next. Only the run of a single input can be listened to.

        Raises:
            ValueError: `on_output` is given, and not one input.
            EngineBusyError: the engine takes no programs for now; the program may wait.
            EngineUnavailableError: the engine can't run this program, now or later.
            EngineError: any other: the engine itself failed; the program may be tried again.
        """
        ...

    def for_judges(self, program: Program) -> AbstractAsyncContextManager[JudgesProgram]:
        """Compile a program of the judges, which shares no box with a participant's program.

        It may be opened while `execute` or `interact` stands at a result, never the other way
        round, and one at a time: whoever runs something for judges has to wait for nobody else.

        Raises:
            EngineUnavailableError: the engine can't run this program, now or later.
            EngineError: any other: the engine itself failed; the program may be tried again.
        """
        ...

    def interact(
        self, program: Program, interactor: Interactor, inputs: Sequence[RunInput]
    ) -> AsyncGenerator[CompileResult | Interaction, None]:
        """Compile both, then let them talk once for each of the interactor's inputs.

        Yields one `CompileResult`, of the participant's program, then, if that is ok, one
        `Interaction` per input. Each reads what the other writes on stdout, has limits of its own,
        and is ended by them; both sides of a talk are over before it is yielded.

        Raises:
            CheckerFailedError: the interactor does not compile.
            EngineUnavailableError: the engine can't run these programs, now or later.
            EngineError: any other: the engine itself failed; the program may be tried again.
        """
        ...


def expect_one_input(inputs: Sequence[bytes], on_output: OutputListener | None) -> None:
    """Return if nobody listens, or to one run.

    Raises:
        ValueError: it can't be told of whose run a piece of output is.
    """
    if on_output is not None and len(inputs) != 1:
        raise ValueError(f"{len(inputs)} runs can't be listened to at once")
