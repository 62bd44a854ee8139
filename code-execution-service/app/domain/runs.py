"""What the sandbox saw: facts about one command, before any judgement."""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileResult:
    """The outcome of compiling; `message` is the compiler's text, cut, without host paths."""

    is_ok: bool
    message: str
    usage: Usage


NO_USAGE = Usage(cpu_time_ms=0, wall_time_ms=0, memory_bytes=0)
