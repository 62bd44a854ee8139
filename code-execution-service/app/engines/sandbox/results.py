"""What the keeper's facts mean for the port."""

from dataclasses import replace

from app.domain.language import Language
from app.domain.limits import MIB
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.sandbox.commands import COMPILE_LIMITS

MAX_MESSAGE_BYTES = 10_000
_ENDED_BY_ITSELF = frozenset({RunStatus.NONZERO_EXIT, RunStatus.SIGNALED})
_LIMIT_TEXTS = {
    RunStatus.TIME_LIMIT: f"more than {COMPILE_LIMITS.cpu_time_ms // 1000} s of CPU time",
    RunStatus.WALL_LIMIT: f"longer than {COMPILE_LIMITS.wall_time_ms // 1000} s",
    RunStatus.MEMORY_LIMIT: f"more than {COMPILE_LIMITS.memory_bytes // MIB} MiB of memory",
    RunStatus.OUTPUT_LIMIT: f"more than {COMPILE_LIMITS.output_bytes // MIB} MiB of messages",
}


def version_of(run: RunResult) -> str | None:
    """Read a version: the first line that the tool wrote; `None` if the tool does not work."""
    text = (run.stdout + run.stderr).decode(errors="replace").strip()
    return text.splitlines()[0] if text and run.status is RunStatus.OK else None


def compile_result(run: RunResult, language: Language) -> CompileResult:
    """Make the compile result; `message` is what the compiler wrote, at most 10 KB of it."""
    is_ok = run.status is RunStatus.OK
    message = _without_box_paths(run.stderr + run.stdout, language)[:MAX_MESSAGE_BYTES]
    text = message.decode(errors="replace").strip()
    if not is_ok:
        text = _with_reason(run, text)
    return CompileResult(is_ok=is_ok, message=text, usage=run.usage)


def recognise_refusal(run: RunResult, language: Language) -> RunResult:
    """Call it the memory limit when a runtime ended itself because it was refused memory.

    A runtime with a heap ceiling of its own (JVM, V8) gives up before the process ever holds the
    memory, and so does every runtime that asks for more than the host has: then no measure of the
    keeper shows it. Two facts together do: the main process failed by itself, and the runtime's own
    words for that end are on its stderr. A program that forges them only spoils its own verdict.
    """
    is_refused = run.status in _ENDED_BY_ITSELF and any(
        text.encode() in run.stderr for text in language.memory_refusals
    )
    return replace(run, status=RunStatus.MEMORY_LIMIT, is_guess=True) if is_refused else run


def _with_reason(run: RunResult, text: str) -> str:
    if run.status in _LIMIT_TEXTS:
        reason = f"The compiler was stopped: it took {_LIMIT_TEXTS[run.status]}"
        return f"{reason}\n{text}".strip()
    if run.signal is not None:
        return f"The compiler was ended by signal {run.signal}\n{text}".strip()
    return text or f"The compiler failed with exit code {run.exit_code}"


def _without_box_paths(message: bytes, language: Language) -> bytes:
    """Leave just the names of the submission's own files."""
    source = language.source_file.encode()
    return message.replace(b"/box/", b"").replace(b"./" + source, source)
