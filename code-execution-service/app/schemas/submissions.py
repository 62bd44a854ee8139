"""The submissions door on the wire (contract S001-Q01 to Q05, D31, D32)."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from app.domain.files import MAX_FILES, SourceFile
from app.domain.formats import instant_text
from app.domain.judging import GivenTestCase, SubmissionStatus
from app.domain.judging_rules import JudgingRules
from app.domain.limits import MIB
from app.domain.request_ids import ACCEPTED
from app.domain.turns import Priority
from app.domain.verdicts import Verdict
from app.models import Submission
from app.schemas.contents import NO_NUL, Base64File, Name, Sha256, Text, content_of
from app.schemas.judging_rules import (
    CheckerIn,
    ExactCheckerIn,
    JudgeProgramIn,
    LimitsIn,
    TestGroupIn,
    checker_of,
)
from app.schemas.system import ProblemOut
from app.services.events import result_fields
from app.services.new_submissions import NewSubmission, Order
from app.services.submissions import SubmissionDetails

MAX_INPUT_CHARACTERS = 1 * MIB
MAX_TEST_CASES = 1000
MAX_TEST_GROUPS = 100
MAX_TEST_CASE_CHARACTERS = 16 * MIB
MAX_ORDERS = 100
MAX_ID = 2**63 - 1

RequestId = Annotated[str, StringConstraints(pattern=ACCEPTED)]
Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]


def _or_what_is_wrong(value: object, check: ValidatorFunctionWrapHandler) -> object:
    try:
        return check(value)
    except ValidationError as error:
        return error


class TestCaseIn(BaseModel):
    """One test case to judge against."""

    __test__ = False

    id: Name
    input: Text = Field(default="", max_length=MAX_TEST_CASE_CHARACTERS, description="stdin")
    input_sha256: Sha256 | None = Field(
        default=None, description="In place of `input`: of PUT /api/v1/test-data/{sha256}."
    )
    expected_output: Text | None = Field(
        default=None,
        max_length=MAX_TEST_CASE_CHARACTERS,
        description="What a checker is given to compare with; required, or its hash.",
    )
    expected_output_sha256: Sha256 | None = Field(
        default=None, description="In place of `expected_output`."
    )
    is_sample: bool = Field(
        default=False,
        description="Only of samples the answers and events show what the program wrote.",
    )
    group: Name | None = Field(default=None, description="One of `groups`.")

    @model_validator(mode="after")
    def _have_each_part_once(self) -> Self:
        if self.input and self.input_sha256:
            raise ValueError("give input or input_sha256")
        if (self.expected_output is None) == (self.expected_output_sha256 is None):
            raise ValueError("give expected_output or expected_output_sha256")
        return self

    def to_test_case(self) -> GivenTestCase:
        """Return what the service works with."""
        return GivenTestCase(
            id=self.id,
            input=None if self.input_sha256 else self.input,
            input_sha256=self.input_sha256,
            expected_output=self.expected_output,
            expected_output_sha256=self.expected_output_sha256,
            is_sample=self.is_sample,
            group=self.group,
        )


class SubmissionIn(BaseModel):
    """A program to judge."""

    code: Text = Field(description="The whole program, at most 100 KiB.")
    language: str = Field(max_length=50, description="An id or alias of GET /api/v1/languages.")
    user_id: int = Field(ge=-MAX_ID, le=MAX_ID)
    contest_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    input_data: Text = Field(
        default="",
        max_length=MAX_INPUT_CHARACTERS,
        description="stdin of the one run that a submission without test cases gets",
    )
    test_cases: list[TestCaseIn] = Field(default=[], max_length=MAX_TEST_CASES)
    groups: list[TestGroupIn] = Field(
        default=[], max_length=MAX_TEST_GROUPS, description="Without any, every test is run."
    )
    checker: CheckerIn = Field(default=ExactCheckerIn(kind="exact"))
    interactor: JudgeProgramIn | None = Field(
        default=None,
        description=(
            "A program that the submission's program talks to in place of reading the input; it "
            "decides, and a `checker` only if it is a testlib program too."
        ),
    )
    limits: LimitsIn = LimitsIn()
    compile_options: list[Annotated[str, StringConstraints(max_length=64)]] = Field(
        default=[],
        max_length=8,
        description="Of the language's `compile_options`, at most one of each kind.",
        examples=[["-std=c++17"]],
    )
    files: dict[str, str | Base64File] = Field(
        default={},
        max_length=MAX_FILES,
        description=(
            "What lies beside the source when it is compiled and run, read-only: names (in one "
            "folder at most) with contents, at most 1 MiB each and 4 MiB together."
        ),
        examples=[{"grader.h": "int answer(void);", "data/primes.bin": {"base64": "AgMFBw=="}}],
    )
    reference: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] | None = Field(
        default=None, description="The caller's own id; comes back in answers and events."
    )
    priority: Literal["contest", "practice", "rejudge"] = Field(
        default="practice", description="What it is for: who waits for a contest's goes first."
    )
    auto_execute: bool = Field(
        default=True, description="False: wait for POST /api/v1/submissions/{id}/execute."
    )

    def to_request(self) -> NewSubmission:
        """Return what the service works with."""
        contents: dict[str, bytes] = {}
        rules = JudgingRules(
            checker=checker_of(self.checker, contents),
            interactor=self.interactor.to_program(contents) if self.interactor else None,
            groups=tuple(group.to_group() for group in self.groups),
        )
        return NewSubmission(
            code=self.code,
            language=self.language,
            user_id=self.user_id,
            contest_id=self.contest_id,
            input_data=self.input_data,
            reference=self.reference,
            cpu_time_limit_ms=self.limits.cpu_time_ms,
            memory_limit_bytes=self.limits.memory_bytes,
            time_multiplier=self.limits.time_multiplier,
            memory_multiplier=self.limits.memory_multiplier,
            compile_options=tuple(self.compile_options),
            files=tuple(
                SourceFile(name=name, content=content_of(file))
                for name, file in sorted(self.files.items())
            ),
            test_cases=tuple(case.to_test_case() for case in self.test_cases),
            rules=rules,
            contents=contents,
            is_executed_at_once=self.auto_execute,
            priority=Priority[self.priority.upper()],
        )


class OrderIn(SubmissionIn):
    """One submission of several."""

    idempotency_key: Name = Field(
        description="A submission that repeats an earlier one's key is not stored again."
    )
    request_id: RequestId | None = Field(
        default=None, description="In place of the `X-Request-Id` of them all."
    )

    def to_order(self) -> Order:
        """Return what the service works with."""
        return Order(
            request=self.to_request(),
            idempotency_key=self.idempotency_key,
            request_id=self.request_id,
        )


class BatchIn(BaseModel):
    """Submissions that are handed in together; what is wrong with one is told of that one."""

    orders: list[Annotated[OrderIn, WrapValidator(_or_what_is_wrong)]] = Field(
        min_length=1, max_length=MAX_ORDERS
    )

    def to_orders(self) -> list[Order | ValidationError]:
        """Return what the service works with, and in place of what is no submission, why."""
        orders: list[OrderIn | ValidationError] = [*self.orders]
        return [each.to_order() if isinstance(each, OrderIn) else each for each in orders]


class RefusalOut(BaseModel):
    """What the answer would be to one that is handed in by itself."""

    detail: str | list[ProblemOut]
    code: str
    missing: list[str] | None = Field(
        default=None, description="Hashes of test data to be sent first, then repeat the request."
    )


class OutcomeOut(BaseModel):
    """What became of one submission of several."""

    status: int = Field(description="As if it were handed in by itself; 201: it is kept.")
    id: int | None = Field(default=None, description="Of the submission that is kept.")
    error: RefusalOut | None = Field(default=None, description="Why it is not.")
    retry_after_s: int | None = Field(default=None, description="When it makes sense to ask again.")


class BatchOut(BaseModel):
    """What became of each, in the order in which they were handed in."""

    outcomes: list[OutcomeOut]


class SubmissionQuery(BaseModel):
    """Which submissions to list."""

    user_id: int | None = Field(default=None, ge=-MAX_ID, le=MAX_ID)
    contest_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    status: SubmissionStatus | None = None
    skip: int = Field(default=0, ge=0, le=MAX_ID)
    limit: int = Field(default=100, ge=1, le=100)


class TestResultOut(BaseModel):
    """One run of the newest judgement."""

    __test__ = False

    test_case_id: str
    test_case_number: int
    is_sample: bool
    verdict: Verdict | None = Field(description="Null: skipped.")
    passed: bool
    score: float = Field(description="From 0.0 to 1.0; between them a checker's partial credit.")
    is_skipped: bool = Field(description="Not run, as tests of its group or a required one failed.")
    execution_time_ms: int
    cpu_time_ms: int
    memory_usage_bytes: int
    exit_code: int | None
    signal: int | None
    output: str | None
    error: str | None
    judge_message: str | None = Field(description="Of the checker, for judges only.")


class SummaryOut(BaseModel):
    """The runs of the newest judgement, counted."""

    total_tests: int
    passed: int
    failed: int
    skipped: int
    all_passed: bool


class SubmissionListItem(BaseModel):
    """A submission without its single runs."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    contest_id: int | None
    user_id: int
    reference: str | None
    code: str
    language: str
    input_data: str
    cpu_time_limit_ms: int | None = Field(description="Of each run, multipliers applied.")
    memory_limit_bytes: int | None = Field(description="Of each run, multipliers applied.")
    compile_options: list[str]
    status: SubmissionStatus
    verdict: Verdict | None
    output: str | None
    error_output: str | None
    exit_code: int | None
    execution_time: str | None = Field(examples=["0.045s"])
    memory_usage: str | None = Field(examples=["8.2MB"])
    execution_time_ms: int | None
    memory_usage_bytes: int | None
    webhook_sent: bool
    webhook_response: str | None
    created_at: Instant
    executed_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def of(cls, submission: Submission) -> Self:
        """Show a submission from a list."""
        return cls.model_validate(_fields(submission, result_fields(submission, None)))


class SubmissionOut(SubmissionListItem):
    """A submission and its result."""

    test_results: list[TestResultOut] | None
    summary: SummaryOut | None

    @classmethod
    def of_details(cls, details: SubmissionDetails) -> Self:
        """Show a submission with its newest judgement."""
        result = result_fields(details.submission, details.judgement)
        return cls.model_validate(_fields(details.submission, result))


class ExecutionStarted(BaseModel):
    """The submission is queued."""

    message: str = "Execution started"
    submission_id: int


def _fields(submission: Submission, result: dict[str, Any]) -> dict[str, Any]:
    own = ("id", "contest_id", "user_id", "reference", "code", "language", "input_data")
    means = ("cpu_time_limit_ms", "memory_limit_bytes", "compile_options")
    fate = ("webhook_sent", "webhook_response", "created_at", "executed_at", "completed_at")
    return {name: getattr(submission, name) for name in own + means + fate} | result
