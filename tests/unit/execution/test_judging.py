import json

from app.domain.checking import CheckOutcome
from app.domain.judging import (
    LEFT_OUT,
    SubmissionStatus,
    TestCase,
    judge_all,
    judge_compile_error,
    judge_platform_fault,
    judge_run,
    judge_single_run,
    judge_skipped,
    judge_unchecked,
)
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import NO_USAGE, CompileResult, RunResult, RunStatus, Usage
from app.domain.verdicts import Verdict
from app.errors import CheckerFailedError

SAMPLE = TestCase(id="1", input=b"2 3", expected_output=b"5", is_sample=True)
HIDDEN = TestCase(id="2", input=b"secret", expected_output=b"7", is_sample=False)


RIGHT = CheckOutcome(is_accepted=True, score=1.0)
WRONG = CheckOutcome(is_accepted=False, score=0.0, message="Token 1: expected '7', got '5'")


def make_run(
    status: RunStatus = RunStatus.OK,
    stdout: bytes = b"5\n",
    stderr: bytes = b"",
    exit_code: int | None = 0,
    wall_time_ms: int = 10,
) -> RunResult:
    return RunResult(
        status=status,
        exit_code=exit_code,
        signal=None,
        usage=Usage(cpu_time_ms=5, wall_time_ms=wall_time_ms, memory_bytes=1000),
        stdout=stdout,
        stderr=stderr,
    )


def test_the_first_failed_test_gives_the_verdict() -> None:
    runs = [
        judge_run(SAMPLE, make_run(), DEFAULT_LIMITS, RIGHT),
        judge_run(HIDDEN, make_run(), DEFAULT_LIMITS, WRONG),
        judge_run(HIDDEN, make_run(RunStatus.TIME_LIMIT), DEFAULT_LIMITS, None),
    ]

    result = judge_all(runs)

    assert result.verdict is Verdict.WA
    assert result.status is SubmissionStatus.COMPLETED


def test_all_right_is_accepted_with_the_largest_usage() -> None:
    slow = judge_run(SAMPLE, make_run(wall_time_ms=40), DEFAULT_LIMITS, RIGHT)
    fast = judge_run(SAMPLE, make_run(wall_time_ms=10), DEFAULT_LIMITS, RIGHT)

    result = judge_all([fast, slow])

    assert result.verdict is Verdict.AC
    assert result.usage is not None
    assert result.usage.wall_time_ms == 40


def test_a_hidden_test_shows_nothing_that_the_program_wrote() -> None:
    leaking = make_run(RunStatus.NONZERO_EXIT, b"secret", b"secret", exit_code=3)

    run = judge_run(HIDDEN, leaking, DEFAULT_LIMITS, None)
    result = judge_all([run])

    assert run.output is None
    assert run.error == "Runtime Error: exit code 3"
    assert result.output is None
    assert result.error_output == "Test 1: Runtime Error: exit code 3"


def test_a_sample_shows_output_and_stderr() -> None:
    run = judge_run(
        SAMPLE, make_run(RunStatus.NONZERO_EXIT, b"4", b"boom", exit_code=1), DEFAULT_LIMITS, None
    )

    assert run.output == "4"
    assert run.error == "Runtime Error: exit code 1\nboom"


def test_a_limit_is_named_with_its_value() -> None:
    run = judge_run(HIDDEN, make_run(RunStatus.TIME_LIMIT), DEFAULT_LIMITS, None)

    assert run.error == "Time Limit Exceeded: 5000 ms of CPU time"


def test_text_on_stderr_with_exit_zero_still_passes() -> None:
    run = judge_run(SAMPLE, make_run(stderr=b"error: not really"), DEFAULT_LIMITS, RIGHT)

    assert run.verdict is Verdict.AC


def test_a_program_without_test_cases_is_right_when_it_ends_well() -> None:
    result = judge_single_run(make_run(), DEFAULT_LIMITS)

    assert result.verdict is Verdict.AC
    assert result.output == "5\n"
    assert result.error_output is None


def test_a_program_that_does_not_compile_is_an_error_with_the_compilers_text() -> None:
    compiled = CompileResult(is_ok=False, message="main.c:1: expected ';'", usage=NO_USAGE)

    result = judge_compile_error(compiled)

    assert result.verdict is Verdict.CE
    assert result.status is SubmissionStatus.ERROR
    assert result.error_output == "Compilation Error:\nmain.c:1: expected ';'"


def test_a_fault_of_the_platform_is_never_the_programs() -> None:
    assert judge_platform_fault("The worker was lost.").verdict is Verdict.IE


def test_partial_credit_is_no_failure_and_no_acceptance() -> None:
    partly = CheckOutcome(is_accepted=False, score=0.5, message="half")

    run = judge_run(HIDDEN, make_run(), DEFAULT_LIMITS, partly)

    assert run.verdict is Verdict.WA
    assert run.score == 0.5
    assert run.judge_message == "half"
    assert not run.has_failed
    assert judge_all([run]).verdict is Verdict.WA


def test_a_program_that_broke_a_limit_gets_no_credit_whatever_a_checker_says() -> None:
    run = judge_run(HIDDEN, make_run(RunStatus.TIME_LIMIT), DEFAULT_LIMITS, RIGHT)

    assert (run.verdict, run.score) == (Verdict.TLE, 0.0)


def test_what_a_checker_says_is_for_judges_only_and_cut() -> None:
    talkative = CheckOutcome(is_accepted=False, score=0.0, message="\0secret " + "x" * 10_000)

    run = judge_run(SAMPLE, make_run(), DEFAULT_LIMITS, talkative)
    result = judge_all([run])

    assert run.judge_message is not None
    assert run.judge_message.startswith("\N{REPLACEMENT CHARACTER}secret")
    assert len(run.judge_message) < 5000
    assert run.error is None
    assert result.error_output is None
    assert result.output == "5\n"


def test_a_skipped_test_counts_neither_as_passed_nor_as_the_failure() -> None:
    failed = judge_run(HIDDEN, make_run(), DEFAULT_LIMITS, WRONG)

    result = judge_all([judge_skipped(SAMPLE), failed, judge_skipped(HIDDEN)])

    assert result.verdict is Verdict.WA
    assert [run.verdict for run in result.runs] == [None, Verdict.WA, None]
    assert not result.runs[0].has_failed


def test_a_failing_checker_is_never_the_programs_fault_and_only_judges_read_why() -> None:
    wrong = judge_run(HIDDEN, make_run(), DEFAULT_LIMITS, WRONG)
    unchecked = judge_unchecked(HIDDEN, CheckerFailedError("exit code 3: the answer is 7"))

    result = judge_all([wrong, unchecked])

    assert result.verdict is Verdict.IE
    assert result.error_output == "Test 2: Internal Error: The checker failed"
    assert unchecked.judge_message == "exit code 3: the answer is 7"


def test_all_that_a_checker_says_of_a_submission_fits_into_one_event() -> None:
    talkative = CheckOutcome(is_accepted=False, score=0.0, message="\1" * 10_000)
    runs = [judge_run(HIDDEN, make_run(), DEFAULT_LIMITS, talkative) for _ in range(1000)]

    messages = [run.judge_message for run in judge_all(runs).runs]

    assert messages[0] == runs[0].judge_message
    assert messages[-1] == LEFT_OUT
    assert len(json.dumps(messages)) < 4 * 1024 * 1024
