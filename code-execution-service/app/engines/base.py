"""The port that every engine implements."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.files import SourceFile
from app.domain.language import Language, Toolchain
from app.domain.limits import Limits
from app.domain.runs import CompileResult, RunResult


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
        self, program: Program, inputs: Sequence[bytes]
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Compile once, then run on each input in order.

        Yields one `CompileResult`, then, if that is ok, one `RunResult` per input as soon as it is
        known. Closing the generator early stops the program. Nothing of one call is visible to the
        next.

        Raises:
            EngineBusyError: the engine takes no programs for now; the program may wait.
            EngineUnavailableError: the engine can't run this program, now or later.
            EngineError: any other: the engine itself failed; the program may be tried again.
        """
        ...
