"""From what the provider tells to the facts that the port promises, and to guesses marked as such.

| what is told | status | a guess? |
| --- | --- | --- |
| more output than the limit | output limit | no |
| output that the provider cut, or an answer too large to read | output limit | yes: not our limit |
| `cpu` over the CPU limit | CPU time limit | no |
| `time` over the CPU limit | CPU time limit | yes: CPU or wall is not documented |
| `memory` over the limit | memory limit | no |
| `total` over the wall limit | wall time limit | yes: maybe with compiling and start |
| no time at all, our clock over the wall limit | wall time limit | yes: with network and queue |
| a signal | signaled | no: who sent it is not told, and nothing is said about it |
| an exit code | ok or non-zero exit | no |
| only `success` or `error` | ok or non-zero exit without a code | no |
"""

from app.domain.language import Language
from app.domain.limits import Limits
from app.domain.runs import NO_USAGE, CompileResult, RunResult, RunStatus, Usage
from app.domain.text import readable
from app.engines.onlinecompiler.answers import RemoteRun
from app.engines.onlinecompiler.compile_errors import is_compile_error

MAX_MESSAGE_BYTES = 10 * 1024
INFERRED = "\n[The remote compiler's failure is inferred from this text.]"


def compile_result_of(language: Language, run: RemoteRun) -> CompileResult:
    """Tell from its first run whether the program compiled; usage is not told."""
    message = readable(run.stderr, max_bytes=MAX_MESSAGE_BYTES)
    has_failed = not run.is_success and run.exit_code != 0 and run.signal is None
    if has_failed and not run.stdout and is_compile_error(language.id, message):
        return CompileResult(is_ok=False, message=message + INFERRED, usage=NO_USAGE)
    return CompileResult(is_ok=True, message="", usage=NO_USAGE)


def run_result_of(
    language: Language, limits: Limits, run: RemoteRun, *, waited_ms: int
) -> RunResult:
    """Tell how a run ended; `waited_ms` is what our clock says, with network and queue.

    What is not told is 0 in the usage: CPU time nearly always, memory sometimes.
    """
    status, is_guess = _limit_hit(language, limits, run, waited_ms) or (_end_of(run), False)
    time_ms = next(
        ms for ms in (run.time_ms, run.total_ms, run.cpu_time_ms, waited_ms) if ms is not None
    )
    return RunResult(
        status=status,
        exit_code=run.exit_code if run.signal is None else None,
        signal=run.signal,
        usage=Usage(
            cpu_time_ms=run.cpu_time_ms or 0,
            wall_time_ms=time_ms,
            memory_bytes=run.memory_bytes or 0,
        ),
        stdout=run.stdout[: limits.output_bytes],
        stderr=run.stderr[: limits.output_bytes],
        is_guess=is_guess,
    )


def oversized_run_result(*, waited_ms: int) -> RunResult:
    """Tell of a run whose answer was too large to read."""
    return RunResult(
        status=RunStatus.OUTPUT_LIMIT,
        exit_code=None,
        signal=None,
        usage=Usage(cpu_time_ms=0, wall_time_ms=waited_ms, memory_bytes=0),
        stdout=b"",
        stderr=b"",
        is_guess=True,
    )


def _limit_hit(
    language: Language, limits: Limits, run: RemoteRun, waited_ms: int
) -> tuple[RunStatus, bool] | None:
    """Return the first limit that was exceeded, and whether that is a guess."""
    is_timed = any(ms is not None for ms in (run.cpu_time_ms, run.time_ms, run.total_ms))
    wall_time_ms = run.total_ms if is_timed else waited_ms
    memory_limit_bytes = limits.memory_bytes + language.extra_memory_bytes
    rules = [
        (_size_bytes(run) > limits.output_bytes, RunStatus.OUTPUT_LIMIT, False),
        (run.is_truncated, RunStatus.OUTPUT_LIMIT, True),
        ((run.cpu_time_ms or 0) > limits.cpu_time_ms, RunStatus.TIME_LIMIT, False),
        ((run.time_ms or 0) > limits.cpu_time_ms, RunStatus.TIME_LIMIT, True),
        ((run.memory_bytes or 0) > memory_limit_bytes, RunStatus.MEMORY_LIMIT, False),
        ((wall_time_ms or 0) > limits.wall_time_ms, RunStatus.WALL_LIMIT, True),
    ]
    return next(((status, is_guess) for is_hit, status, is_guess in rules if is_hit), None)


def _size_bytes(run: RemoteRun) -> int:
    return max(len(run.stdout), len(run.stderr))


def _end_of(run: RemoteRun) -> RunStatus:
    if run.signal is not None:
        return RunStatus.SIGNALED
    if run.exit_code is not None:
        return RunStatus.NONZERO_EXIT if run.exit_code else RunStatus.OK
    return RunStatus.OK if run.is_success else RunStatus.NONZERO_EXIT
