"""Judging: from what the sandbox saw to the verdict on a submission."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.checking import CheckOutcome
from app.domain.limits import MIB, Limits
from app.domain.runs import NO_USAGE, CompileResult, RunResult, RunStatus, Usage
from app.domain.text import readable, storable
from app.domain.verdicts import Verdict, verdict_of
from app.errors import CheckerFailedError

SAMPLE_OUTPUT_BYTES = 4 * 1024
OUTPUT_BYTES = 64 * 1024
ERROR_OUTPUT_BYTES = 10 * 1024
JUDGE_MESSAGE_BYTES = 4 * 1024
JUDGE_MESSAGES_CHARACTERS = 512 * 1024
"""What all messages of a judgement may have together: they travel in one event."""
LEFT_OUT = "[left out: the tests before have said so much]"
INFERRED = "(inferred, not measured)"


class SubmissionStatus(StrEnum):
    """Where a submission is in its life (contract S001-V01); the last three are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """An input and the output it asks for; participants may see those marked as samples."""

    __test__ = False

    id: str
    input: bytes
    expected_output: bytes
    is_sample: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTestCase:
    """A test case as it is handed in and stored: each part as text, or as a hash of test data."""

    id: str
    input: str | None = None
    input_sha256: str | None = None
    expected_output: str | None = None
    expected_output_sha256: str | None = None
    is_sample: bool
    group: str | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        """What of the kept test data it refers to."""
        return tuple(each for each in (self.input_sha256, self.expected_output_sha256) if each)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """One test case of a judgement; unless it is a sample, without what the program wrote.

    No verdict: it was skipped. `score` goes from 0.0 to 1.0. `judge_message` is for judges only.
    """

    test_case_id: str
    is_sample: bool
    verdict: Verdict | None
    score: float
    judge_message: str | None
    usage: Usage
    exit_code: int | None
    signal: int | None
    output: str | None
    error: str | None

    @property
    def has_failed(self) -> bool:
        """Whether it was run and is worth nothing; partial credit is no failure."""
        return self.verdict is not None and self.score == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementResult:
    """The outcome of one judging; `runs` in the order of the test cases, maybe none."""

    verdict: Verdict
    output: str | None
    error_output: str | None
    exit_code: int | None
    usage: Usage | None
    runs: tuple[JudgedRun, ...]

    @property
    def status(self) -> SubmissionStatus:
        """`completed`: the program ran to its end, right or wrong (contract S001-V02)."""
        has_run = self.verdict in {Verdict.AC, Verdict.WA}
        return SubmissionStatus.COMPLETED if has_run else SubmissionStatus.ERROR


def judge_compile_error(compiled: CompileResult) -> JudgementResult:
    """Judge a program that did not compile."""
    return JudgementResult(
        verdict=Verdict.CE,
        output=None,
        error_output=f"Compilation Error:\n{storable(compiled.message)}",
        exit_code=None,
        usage=None,
        runs=(),
    )


def judge_platform_fault(reason: str) -> JudgementResult:
    """Give the verdict for a submission that could not be judged through no fault of its own."""
    return JudgementResult(
        verdict=Verdict.IE,
        output=None,
        error_output=f"Internal Error: {reason}",
        exit_code=None,
        usage=None,
        runs=(),
    )


def judge_single_run(run: RunResult, limits: Limits) -> JudgementResult:
    """Judge a program that ran once with nothing to compare its output with."""
    return JudgementResult(
        verdict=verdict_of(run.status, is_output_right=True),
        output=readable(run.stdout, max_bytes=OUTPUT_BYTES),
        error_output=_error_output(describe_failure(run, limits), run.stderr),
        exit_code=run.exit_code,
        usage=run.usage,
        runs=(),
    )


def judge_run(
    test_case: TestCase,
    run: RunResult,
    limits: Limits,
    outcome: CheckOutcome | None,
    *,
    sample_output_bytes: int = SAMPLE_OUTPUT_BYTES,
) -> JudgedRun:
    """Judge one run of a test case; longer output of a sample is cut.

    `outcome` is what the checker said, if it was asked; it counts where the program ended well.
    """
    is_right = outcome is not None and outcome.is_accepted
    verdict = verdict_of(run.status, is_output_right=is_right)
    failure = describe_failure(run, limits)
    return JudgedRun(
        test_case_id=test_case.id,
        is_sample=test_case.is_sample,
        verdict=verdict,
        score=outcome.score if outcome and verdict in {Verdict.AC, Verdict.WA} else 0.0,
        judge_message=_judge_message(outcome.message) if outcome else None,
        usage=run.usage,
        exit_code=run.exit_code,
        signal=run.signal,
        output=readable(run.stdout, max_bytes=sample_output_bytes) if test_case.is_sample else None,
        error=_error_output(failure, run.stderr) if test_case.is_sample else failure,
    )


def judge_unrun(test_case: TestCase, verdict: Verdict, reason: str) -> JudgedRun:
    """Give the verdict on a test case that the program was not run on, and why."""
    return JudgedRun(
        test_case_id=test_case.id,
        is_sample=test_case.is_sample,
        verdict=verdict,
        score=0.0,
        judge_message=None,
        usage=NO_USAGE,
        exit_code=None,
        signal=None,
        output="" if test_case.is_sample else None,
        error=storable(reason),
    )


def judge_unchecked(test_case: TestCase, error: CheckerFailedError) -> JudgedRun:
    """Judge a run whose checker or interactor failed, which judges have to know the details of."""
    reason = f"Internal Error: {error.title}"
    return replace(
        judge_unrun(test_case, Verdict.IE, reason), judge_message=_judge_message(error.detail)
    )


def judge_skipped(test_case: TestCase) -> JudgedRun:
    """Say of a test case that it was not run, as others had failed."""
    return JudgedRun(
        test_case_id=test_case.id,
        is_sample=test_case.is_sample,
        verdict=None,
        score=0.0,
        judge_message=None,
        usage=NO_USAGE,
        exit_code=None,
        signal=None,
        output=None,
        error=None,
    )


def judge_all(runs: Sequence[JudgedRun]) -> JudgementResult:
    """Judge a submission by its runs, at least one that was not skipped.

    The first that failed gives the verdict, but a fault that is not the program's goes before.
    """
    failed = [run for run in runs if run.verdict not in {None, Verdict.AC}]
    faults = [run for run in failed if run.verdict is Verdict.IE]
    deciding = next(iter(faults + failed), runs[0])
    assert deciding.verdict is not None  # noqa: S101  # where nothing failed, nothing was skipped
    shown = deciding if deciding.is_sample else next((run for run in runs if run.is_sample), None)
    error = None
    if deciding.error and deciding.verdict is not Verdict.AC:
        error = f"Test {runs.index(deciding) + 1}: {deciding.error}"
    return JudgementResult(
        verdict=deciding.verdict,
        output=shown.output if shown else None,
        error_output=error,
        exit_code=deciding.exit_code,
        usage=_largest_usage(runs),
        runs=tuple(_with_fewer_messages(runs)),
    )


def describe_failure(run: RunResult, limits: Limits) -> str | None:
    """Say which limit was hit, with its value, or how the program died; `None` if it ended well."""
    descriptions = {
        RunStatus.OK: None,
        RunStatus.TIME_LIMIT: f"Time Limit Exceeded: {limits.cpu_time_ms} ms of CPU time",
        RunStatus.WALL_LIMIT: f"Time Limit Exceeded: {limits.wall_time_ms} ms of wall time",
        RunStatus.MEMORY_LIMIT: f"Memory Limit Exceeded: {limits.memory_bytes / MIB:g} MiB",
        RunStatus.OUTPUT_LIMIT: f"Output Limit Exceeded: {limits.output_bytes / MIB:g} MiB",
        RunStatus.NONZERO_EXIT: f"Runtime Error: exit code {_or_unknown(run.exit_code)}",
        RunStatus.SIGNALED: f"Runtime Error: killed by signal {run.signal}",
    }
    description = descriptions[run.status]
    if description and run.were_processes_refused:
        description += " after it was refused more processes or threads"
    return f"{description} {INFERRED}" if description and run.is_guess else description


def _with_fewer_messages(runs: Sequence[JudgedRun]) -> Iterator[JudgedRun]:
    left = JUDGE_MESSAGES_CHARACTERS
    for run in runs:
        left -= len(run.judge_message or "")
        is_too_much = left < 0 and run.judge_message
        yield replace(run, judge_message=LEFT_OUT) if is_too_much else run


def _judge_message(text: str) -> str | None:
    return readable(text.encode(), max_bytes=JUDGE_MESSAGE_BYTES) or None


def _or_unknown(exit_code: int | None) -> str:
    return "unknown" if exit_code is None else str(exit_code)


def _error_output(failure: str | None, stderr: bytes) -> str | None:
    written = readable(stderr, max_bytes=ERROR_OUTPUT_BYTES)
    return "\n".join(part for part in (failure, written) if part) or None


def _largest_usage(runs: Sequence[JudgedRun]) -> Usage:
    return Usage(
        cpu_time_ms=max((run.usage.cpu_time_ms for run in runs), default=NO_USAGE.cpu_time_ms),
        wall_time_ms=max((run.usage.wall_time_ms for run in runs), default=NO_USAGE.wall_time_ms),
        memory_bytes=max((run.usage.memory_bytes for run in runs), default=NO_USAGE.memory_bytes),
    )
