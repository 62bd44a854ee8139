"""A fake engine: runs a toy language whose programs say how they end, with no process at all.

A program is lines of directives, whatever `Language` it claims to be in:

    print TEXT          a line on stdout
    error TEXT          a line on stderr
    echo                the whole input on stdout
    file NAME           the whole file of that name on stdout, if it lies beside the source or was
                        given to the run
    arguments           a line on stdout with the arguments
    unless NAME CODE    ends with this exit code unless the whole input equals the file of that name
    leave NAME TEXT     leaves a file of that name with a line in it, if it is wanted
    options             a line on stdout with the compile options
    sleep MS            waits for real, so that a caller can meet a run in the middle
    exit CODE           ends with this exit code
    signal NUMBER       ends by this signal
    status STATUS       ends with this `RunStatus`, as if a limit had been hit
    compile-error TEXT  does not compile
    break               the sandbox itself fails

Empty lines and lines that start with `#` mean nothing; any other line does not compile.

Who talks to an interactor reads all that it prints at once, and then answers once.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from app.domain.executions import OutputStream
from app.domain.language import Language, Toolchain
from app.domain.limits import Limits
from app.domain.runs import (
    NO_USAGE,
    CompileResult,
    Interaction,
    ResultFile,
    RunInput,
    RunResult,
    RunStatus,
    Usage,
)
from app.engines.base import (
    Interactor,
    JudgesProgram,
    OutputListener,
    Program,
    expect_one_input,
)
from app.errors import CheckerFailedError, SandboxFailureError

_VERSION = "toy 1.0"
_MEMORY_BYTES = 1024 * 1024
_NUMBER = r"\d{1,9}"
_DIRECTIVES = {
    "print": r".*",
    "error": r".*",
    "echo": r"",
    "file": r"\S+",
    "arguments": r"",
    "unless": rf"\S+ {_NUMBER}",
    "leave": r"\S+ .*",
    "options": r"",
    "sleep": _NUMBER,
    "exit": _NUMBER,
    "signal": _NUMBER,
    "status": "|".join(RunStatus),
    "break": r"",
}
"""Each directive that compiles, with the pattern of its argument."""


class FakeEngine:
    """Runs toy programs; only `sleep` takes time, and a source ends alike each time."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = tuple(languages)

    async def start(self) -> None:
        """Do nothing: there is nothing to get ready."""

    async def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    async def toolchains(self) -> Sequence[Toolchain]:
        """Tell that every language is there."""
        return [Toolchain(language=language, version=_VERSION) for language in self._languages]

    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        """Check the directives, then follow them once per input; each that writes is one piece.

        Raises:
            SandboxFailureError: the program says `break`.
            ValueError: `on_output` is given, and not one input.
        """
        expect_one_input(inputs, on_output)
        compiled = _compile(program)
        yield compiled
        if not compiled.is_ok:
            return
        for data in inputs:
            yield await _run(program, RunInput(stdin=data), on_output)

    @asynccontextmanager
    async def for_judges(self, program: Program) -> AsyncGenerator[JudgesProgram, None]:
        """Check the directives; they are followed once per run, which fails if they say `break`."""
        yield JudgesProgram(compiled=_compile(program), run=partial(_run, program))

    async def interact(
        self, program: Program, interactor: Interactor, inputs: Sequence[RunInput]
    ) -> AsyncGenerator[CompileResult | Interaction, None]:
        """Let the participant read what the interactor prints, and the interactor the answer.

        Raises:
            CheckerFailedError: the interactor does not compile.
            SandboxFailureError: a program says `break`.
        """
        compiled = _compile(program)
        yield compiled
        if not compiled.is_ok:
            return
        judging = _compile(interactor.program)
        if not judging.is_ok:
            raise CheckerFailedError(f"The interactor does not compile:\n{judging.message}")
        for run_input in inputs:
            question = await _run(interactor.program, run_input)
            participant = await _run(program, RunInput(stdin=question.stdout))
            answered = replace(run_input, stdin=participant.stdout)
            yield Interaction(
                participant=replace(participant, stdout=b""),
                interactor=replace(await _run(interactor.program, answered), stdout=b""),
                did_interactor_end_first=False,
            )


@dataclass(slots=True)
class _Run:
    """One run in progress; directives after the end of the program are not followed."""

    program: Program
    given: RunInput
    on_output: OutputListener | None
    written: dict[OutputStream, bytes] = field(
        default_factory=lambda: {"stdout": b"", "stderr": b""}
    )
    files: tuple[ResultFile, ...] = ()
    wall_time_ms: int = 0
    status: RunStatus | None = None
    exit_code: int | None = None
    signal: int | None = None

    async def follow(self, line: str) -> None:
        """Do what the directive says.

        Raises:
            SandboxFailureError: it says `break`.
        """
        name, _, argument = line.partition(" ")
        if self.status is not None:
            return
        match name:
            case "print":
                self._write("stdout", argument.encode() + b"\n")
            case "error":
                self._write("stderr", argument.encode() + b"\n")
            case "echo" | "file" | "options" | "arguments":
                self._write("stdout", self._shown(name, argument))
            case "leave":
                self._leave(*argument.split(" ", 1))
            case "sleep":
                self.wall_time_ms += int(argument)
                await asyncio.sleep(int(argument) / 1000)
            case "break":
                raise SandboxFailureError("The program said: break")
            case _:
                self._end(name, argument)

    def _write(self, stream: OutputStream, data: bytes) -> None:
        """Write, and tell whoever listens as much of it as the output limit leaves."""
        room = self.program.limits.output_bytes - len(self.written[stream])
        self.written[stream] += data
        if self.on_output is not None and data and room > 0:
            self.on_output(stream, data[:room])

    def _shown(self, what: str, file_name: str) -> bytes:
        match what:
            case "echo":
                return self.given.stdin
            case "options":
                options = self.program.language.options_with(self.program.compile_options)
                return " ".join(options).encode() + b"\n"
            case "arguments":
                return " ".join(self.given.arguments).encode() + b"\n"
            case _:
                return self._content(file_name)

    def _content(self, file_name: str) -> bytes:
        files = (*self.program.files, *self.given.files)
        return b"".join(file.content for file in files if file.name == file_name)

    def _leave(self, name: str, text: str) -> None:
        if name in self.given.result_files:
            line = text.encode() + b"\n"
            limit = self.given.result_file_bytes
            file = ResultFile(name=name, content=line[:limit], is_cut=len(line) > limit)
            self.files = (*self.files, file)

    def _end(self, name: str, argument: str) -> None:
        match name:
            case "unless":
                file_name, code = argument.split()
                if self.given.stdin != self._content(file_name):
                    self._end("exit", code)
            case "exit":
                self.exit_code = int(argument)
                self.status = RunStatus.NONZERO_EXIT if self.exit_code else RunStatus.OK
            case "signal":
                self.signal = int(argument)
                self.status = RunStatus.SIGNALED
            case _:
                self.status = RunStatus(argument)
                self._leave_as(self.status)

    def _leave_as(self, status: RunStatus) -> None:
        match status:
            case RunStatus.OK:
                self.exit_code = 0
            case RunStatus.NONZERO_EXIT:
                self.exit_code = 1
            case _:
                self.signal = 9

    def result(self, limits: Limits) -> RunResult:
        """Tell how the run ended, its output cut at the limit as the real engine cuts it."""
        stdout, stderr = self.written["stdout"], self.written["stderr"]
        if max(len(stdout), len(stderr)) > limits.output_bytes:
            self.status, self.exit_code, self.signal = RunStatus.OUTPUT_LIMIT, None, 9
        elif self.status is None:
            self.status, self.exit_code = RunStatus.OK, 0
        return RunResult(
            status=self.status,
            exit_code=self.exit_code,
            signal=self.signal,
            usage=Usage(cpu_time_ms=0, wall_time_ms=self.wall_time_ms, memory_bytes=_MEMORY_BYTES),
            stdout=stdout[: limits.output_bytes],
            stderr=stderr[: limits.output_bytes],
            files=self.files,
        )


def _compile(program: Program) -> CompileResult:
    message = _compile_error(_directive_lines(program.source))
    return CompileResult(is_ok=not message, message=message, usage=NO_USAGE)


async def _run(
    program: Program, given: RunInput, on_output: OutputListener | None = None
) -> RunResult:
    run = _Run(program, given, on_output)
    for line in _directive_lines(program.source):
        await run.follow(line)
    return run.result(program.limits)


def _directive_lines(source: bytes) -> list[str]:
    lines = (line.strip() for line in source.decode(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _compile_error(lines: Sequence[str]) -> str:
    """Say what is wrong with the first bad line; empty if all are good."""
    for line in lines:
        name, _, argument = line.partition(" ")
        if name == "compile-error":
            return argument or "the program asked for it"
        if re.fullmatch(_DIRECTIVES.get(name, "(?!)"), argument) is None:
            return f"not a directive: {line}"
    return ""
