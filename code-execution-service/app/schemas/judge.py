"""The judge door on the wire (contract S000-Q01 to A23); its words exist only here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, PlainSerializer, StringConstraints

from app.domain.formats import instant_text
from app.domain.judging import JudgedRun, TestCase
from app.domain.limits import DEFAULT_LIMITS, MIB
from app.domain.runs import Usage
from app.domain.verdicts import Verdict
from app.errors import InvalidRequestError
from app.services.direct_judging import DEFAULT_TIMEOUT_S, CallResult, JudgeCall

MAX_BODY_BYTES = 16 * MIB
MAX_TEST_CASES = 200
MAX_TEXT_CHARACTERS = 1 * MIB
# PostgreSQL's text can't hold NUL, and no program text or test needs it.
_NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=_NO_NUL, max_length=MAX_TEXT_CHARACTERS)]
Name = Annotated[str, StringConstraints(pattern=_NO_NUL, max_length=255)]
Endpoint = Literal["run", "runall", "submit"]
Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]


class JudgeTestCaseIn(BaseModel):
    """One test case: what the program reads, and what it should write."""

    id: Name = Field(description="Comes back in the answer; an empty one becomes `test_<n>`.")
    input: Text = Field(description="stdin")
    expected_output: Text = Field(description="Compared but for white space at the very end.")


TestCases = Annotated[list[JudgeTestCaseIn], Field(max_length=MAX_TEST_CASES)]


class _ProgramIn(BaseModel):
    language: str = Field(
        max_length=50, description="An id or alias of GET /api/v1/languages, in any case."
    )
    code: Text = Field(description="The whole program, at most 100 KiB.")
    timeout: int | None = Field(
        default=DEFAULT_TIMEOUT_S,
        ge=0,
        description=(
            "Seconds of CPU time per test; a run may take one second more altogether. `null` and "
            f"0 stand for {DEFAULT_TIMEOUT_S}. The service has a maximum; the answer says in "
            "`metadata.timeout` what was used."
        ),
    )

    def _call(self, test_cases: Sequence[JudgeTestCaseIn]) -> JudgeCall:
        return JudgeCall(
            language=self.language,
            code=self.code,
            timeout_s=self.timeout,
            test_cases=tuple(
                TestCase(
                    id=case.id or f"test_{number}",
                    input=case.input.encode(),
                    expected_output=case.expected_output.encode(),
                    is_sample=True,  # who sends a test case may see all of it
                )
                for number, case in enumerate(test_cases, start=1)
            ),
        )


class RunIn(_ProgramIn):
    """A program to run on sample tests."""

    sample_test_cases: TestCases = Field(description="At least one.")
    user_id: Name | None = None
    question_id: Name | None = None

    def to_call(self) -> JudgeCall:
        """Return what the service works with.

        Raises:
            InvalidRequestError: there is no test case.
        """
        _expect(self.sample_test_cases, "Sample test cases are required")
        return self._call(self.sample_test_cases)


class RunAllIn(_ProgramIn):
    """A program to run on all tests."""

    test_cases: TestCases = Field(description="At least one.")
    sample_test_cases: TestCases = Field(default=[], description="For reference; not run.")
    user_id: Name | None = None
    question_id: Name | None = None

    def to_call(self) -> JudgeCall:
        """Return what the service works with.

        Raises:
            InvalidRequestError: there is no test case.
        """
        _expect(self.test_cases, "Test cases are required")
        return self._call(self.test_cases)


class SubmitIn(_ProgramIn):
    """A program to run on all tests and to keep together with its results."""

    test_cases: TestCases = Field(description="At least one.")
    sample_test_cases: TestCases = Field(default=[], description="For reference; not run.")
    user_id: Name
    question_id: Name
    candidate_id: Name | None = Field(default=None, description="Accepted, and not kept.")

    def to_call(self) -> JudgeCall:
        """Return what the service works with.

        Raises:
            InvalidRequestError: there is no test case, no user, or no question.
        """
        _expect(self.test_cases, "Test cases are required")
        _expect(self.user_id, "user_id is required for submission")
        _expect(self.question_id, "question_id is required for submission")
        return self._call(self.test_cases)


class TestStatus(StrEnum):
    """What became of one test."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    TLE = "tle"
    MLE = "mle"
    SYNTAX_ERROR = "syntax_error"
    RUNTIME_ERROR = "runtime_error"
    ERROR = "error"


_STATUSES = {
    Verdict.AC: TestStatus.PASSED,
    Verdict.WA: TestStatus.FAILED,
    Verdict.TLE: TestStatus.TLE,
    Verdict.MLE: TestStatus.MLE,
    Verdict.OLE: TestStatus.RUNTIME_ERROR,  # the door has no word for it; `error` names the limit
    Verdict.RTE: TestStatus.RUNTIME_ERROR,
    Verdict.CE: TestStatus.SYNTAX_ERROR,
    Verdict.IE: TestStatus.ERROR,
}


class JudgedTestOut(BaseModel):
    """One test and what the program did in it."""

    test_case_id: str
    test_case_number: int = Field(description="Counted from 1, in the order of the request.")
    input: str
    expected_output: str
    actual_output: str = Field(
        description=(
            "stdout as written; NUL and what is not UTF-8 is shown as U+FFFD. Of each test at most "
            f"{DEFAULT_LIMITS.output_bytes // MIB} MiB are shown, less if there are many tests; "
            "a text that is cut ends with `[output cut]`."
        )
    )
    error: str | None = Field(
        description="The limit that was hit and its value, then stderr; or the compiler's words."
    )
    status: TestStatus = Field(
        description=(
            "`passed`, or why not: `failed` (another output than expected), `tle`, `mle`, "
            "`syntax_error` (did not compile or parse; then no test was run), `runtime_error` "
            "(non-zero exit, signal, or more output than allowed), `error` (no fault of the "
            "program)."
        )
    )
    passed: bool
    execution_time_ms: int = Field(description="Wall time of this run, without compiling.")
    cpu_usage_percent: float = Field(description="CPU time in percent of the wall time.")
    memory_usage_bytes: int = Field(description="Peak.")

    @classmethod
    def of(cls, number: int, test_case: TestCase, run: JudgedRun) -> Self:
        """Show one run."""
        assert run.verdict is not None  # noqa: S101  # this door skips no test
        return cls(
            test_case_id=run.test_case_id,
            test_case_number=number,
            input=test_case.input.decode(),
            expected_output=test_case.expected_output.decode(),
            actual_output=run.output or "",
            error=run.error,
            status=_STATUSES[run.verdict],
            passed=run.verdict is Verdict.AC,
            execution_time_ms=run.usage.wall_time_ms,
            cpu_usage_percent=_cpu_usage_percent(run.usage),
            memory_usage_bytes=run.usage.memory_bytes,
        )


class JudgeSummaryOut(BaseModel):
    """The tests, counted."""

    total_tests: int
    passed: int
    failed: int = Field(description="All that did not pass, for whatever reason.")
    all_passed: bool
    pass_percentage: float

    @classmethod
    def of(cls, runs: Sequence[JudgedRun]) -> Self:
        """Count the runs, at least one."""
        total = len(runs)
        passed = sum(run.verdict is Verdict.AC for run in runs)
        return cls(
            total_tests=total,
            passed=passed,
            failed=total - passed,
            all_passed=passed == total,
            pass_percentage=round(100 * passed / total, 2),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which of several replicas answers, and the host that it runs on."""

    replica: str
    container_id: str


class JudgeMetadataOut(BaseModel):
    """How and where the call was served."""

    replica: str
    container_id: str
    timeout: int = Field(description="Seconds per test, as used.")
    execution_time_ms: int = Field(description="Wall time of the whole call.")
    cpu_usage_percent: float = Field(description="Average over the tests.")
    memory_usage_bytes: int = Field(description="The largest peak of all tests.")
    memory_usage_mb: float = Field(description="The same in MiB.")
    endpoint: Endpoint
    test_type: Literal["sample", "all"]

    @classmethod
    def of(
        cls,
        result: CallResult,
        tests: Sequence[JudgedTestOut],
        *,
        endpoint: Endpoint,
        place: Place,
    ) -> Self:
        """Sum up the tests of a call, at least one."""
        memory_bytes = max(test.memory_usage_bytes for test in tests)
        return cls(
            replica=place.replica,
            container_id=place.container_id,
            timeout=result.timeout_s,
            execution_time_ms=result.wall_time_ms,
            cpu_usage_percent=round(sum(test.cpu_usage_percent for test in tests) / len(tests), 2),
            memory_usage_bytes=memory_bytes,
            memory_usage_mb=round(memory_bytes / MIB, 2),
            endpoint=endpoint,
            test_type="sample" if endpoint == "run" else "all",
        )


class SubmitMetadataOut(JudgeMetadataOut):
    """How and where the call was served, and whether the submission was kept."""

    submission_id: str | None = Field(description="`null` if the database could not take it.")
    saved_to_db: bool


class JudgeAnswerOut(BaseModel):
    """What became of a program."""

    execution_id: str
    summary: JudgeSummaryOut
    test_results: list[JudgedTestOut]
    metadata: JudgeMetadataOut
    timestamp: Instant = Field(description="When the call began, UTC.")

    @classmethod
    def of(cls, call: JudgeCall, result: CallResult, *, endpoint: Endpoint, place: Place) -> Self:
        """Show a call and its result."""
        pairs = zip(call.test_cases, result.runs, strict=True)
        tests = [
            JudgedTestOut.of(number, test_case, run)
            for number, (test_case, run) in enumerate(pairs, start=1)
        ]
        return cls(
            execution_id=result.execution_id,
            summary=JudgeSummaryOut.of(result.runs),
            test_results=tests,
            metadata=JudgeMetadataOut.of(result, tests, endpoint=endpoint, place=place),
            timestamp=result.started_at,
        )


class SubmitAnswerOut(JudgeAnswerOut):
    """What became of a program that was handed in."""

    metadata: SubmitMetadataOut

    @classmethod
    def of_kept(cls, answer: JudgeAnswerOut, submission_id: str | None) -> Self:
        """Add to an answer under which id it was kept, if it was."""
        metadata = SubmitMetadataOut(
            **answer.metadata.model_dump(),
            submission_id=submission_id,
            saved_to_db=submission_id is not None,
        )
        return cls(**dict(answer) | {"metadata": metadata})


def _expect(value: Sequence[object], complaint: str) -> None:
    if not value:
        raise InvalidRequestError(complaint)


def _cpu_usage_percent(usage: Usage) -> float:
    if not usage.wall_time_ms:
        return 0.0
    return round(100 * usage.cpu_time_ms / usage.wall_time_ms, 2)
