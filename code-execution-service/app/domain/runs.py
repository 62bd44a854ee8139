"""What the sandbox saw: facts about one command, before any judgement."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.files import SourceFile


class RunStatus(StrEnum):
    """How a command ended. The first limit that was hit wins over how the process then died."""

    OK = "ok"
    NONZERO_EXIT = "nonzero_exit"
    SIGNALED = "signaled"
    TIME_LIMIT = "time_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a command did use, all its processes together."""

    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """What one run of a program gets beside its limits, and what is wanted back from it.

    `files` lie in its working directory, fresh for the run. `result_files` are names of what it may
    leave in the folder `feedback` there, which is made if there are any; of each at most
    `result_file_bytes` come back.
    """

    stdin: bytes = b""
    arguments: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()
    result_files: tuple[str, ...] = ()
    result_file_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A file that a run left behind, cut where it was longer than wanted."""

    name: str
    content: bytes
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One run of a program on one input; output ends where the output limit cut it."""

    status: RunStatus
    exit_code: int | None
    signal: int | None
    usage: Usage
    stdout: bytes
    stderr: bytes
    were_processes_refused: bool = False
    """The limit on processes was met; false also where nothing can tell."""
    is_guess: bool = False
    """The status is inferred from words or circumstances, not measured."""
    files: tuple[ResultFile, ...] = ()
    """Those of the wanted files that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileResult:
    """The outcome of compiling; `message` is the compiler's text, cut, without host paths."""

    is_ok: bool
    message: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One talk of a participant's program with an interactor, each ended by whatever ended it."""

    participant: RunResult
    interactor: RunResult
    did_interactor_end_first: bool


NO_USAGE = Usage(cpu_time_ms=0, wall_time_ms=0, memory_bytes=0)
