"""What exit codes and files of checkers and interactors mean; they really run in the sandbox."""

import pytest

from app.domain.checking import CheckOutcome, ProgramChecker, Protocol
from app.domain.limits import DEFAULT_LIMITS
from app.domain.program_checkers import (
    MESSAGE_BYTES,
    check_outcome,
    checker_input,
    interaction_outcome,
    interactor_input,
    interactor_output,
    talking_limits,
)
from app.domain.runs import NO_USAGE, Interaction, ResultFile, RunInput, RunResult, RunStatus
from app.errors import CheckerFailedError
from app.languages import load_languages

PYTHON = load_languages().get("python")


def program(protocol: Protocol, *arguments: str) -> ProgramChecker:
    return ProgramChecker(
        protocol=protocol,
        language=PYTHON,
        source=b"",
        files=(),
        arguments=arguments,
        limits=DEFAULT_LIMITS,
    )


ICPC, TESTLIB = program(Protocol.ICPC), program(Protocol.TESTLIB)


def ended(
    exit_code: int | None, stderr: bytes = b"", *files: ResultFile, status: RunStatus | None = None
) -> RunResult:
    by_itself = RunStatus.NONZERO_EXIT if exit_code else RunStatus.OK
    return RunResult(
        status=status or by_itself,
        exit_code=exit_code,
        signal=None if exit_code is not None else 9,
        usage=NO_USAGE,
        stdout=b"",
        stderr=stderr,
        files=files,
    )


def file(name: str, text: str) -> ResultFile:
    return ResultFile(name=name, content=text.encode(), is_cut=False)


def names(run_input: RunInput) -> dict[str, bytes]:
    return {file.name: file.content for file in run_input.files}


def test_an_icpc_validator_gets_two_files_a_folder_and_the_output_on_stdin() -> None:
    run_input = checker_input(
        program(Protocol.ICPC, "float_tolerance", "1e-6"),
        problem_input=b"in",
        answer=b"ans",
        output=b"out",
    )

    *arguments, tolerance, epsilon = run_input.arguments
    problem_input, answer, feedback = arguments
    assert names(run_input) == {problem_input: b"in", answer: b"ans"}
    assert (tolerance, epsilon) == ("float_tolerance", "1e-6")
    assert feedback == "feedback/"
    assert run_input.stdin == b"out"


def test_a_testlib_checker_gets_input_output_and_answer_in_this_order() -> None:
    run_input = checker_input(TESTLIB, problem_input=b"in", answer=b"ans", output=b"out")

    assert [names(run_input)[name] for name in run_input.arguments] == [b"in", b"out", b"ans"]
    assert (run_input.stdin, run_input.result_files) == (b"", ())


def test_an_icpc_interactor_is_called_as_the_validator_but_without_an_output() -> None:
    validator = checker_input(ICPC, problem_input=b"in", answer=b"ans", output=b"")

    assert interactor_input(ICPC, problem_input=b"in", answer=b"ans") == validator


def test_a_testlib_interactor_names_its_output_where_it_is_brought_back_from() -> None:
    run_input = interactor_input(TESTLIB, problem_input=b"in", answer=b"ans")

    problem_input, output, answer = run_input.arguments
    assert names(run_input) == {problem_input: b"in", answer: b"ans"}
    assert output == f"feedback/{run_input.result_files[0]}"
    assert run_input.result_file_bytes == TESTLIB.limits.output_bytes


@pytest.mark.parametrize(
    ("checker", "run", "score"),
    [
        (ICPC, ended(42), 1.0),
        (ICPC, ended(43), 0.0),
        (ICPC, ended(42, b"", file("score.txt", "0.75\n")), 0.75),
        (ICPC, ended(42, b"", file("score_multiplier.txt", "0.75")), 0.75),
        (
            ICPC,
            ended(42, b"", file("score.txt", "0.1"), file("score_multiplier.txt", "0.75")),
            0.75,
        ),
        (ICPC, ended(42, b"", file("score.txt", "1e0")), 1.0),
        (ICPC, ended(42, b"", file("score.txt", "0")), 0.0),
        (ICPC, ended(43, b"", file("score.txt", "0.75")), 0.0),
        (TESTLIB, ended(0, b"ok fine"), 1.0),
        (TESTLIB, ended(1, b"wrong answer"), 0.0),
        (TESTLIB, ended(2, b"wrong output format"), 0.0),
        (TESTLIB, ended(4, b"wrong output format Extra information"), 0.0),
        (TESTLIB, ended(8, b"unexpected eof"), 0.0),
        (TESTLIB, ended(7, b"points 0.5 half of them"), 0.5),
        (TESTLIB, ended(7, b"points 0.5"), 0.5),
        (TESTLIB, ended(7, b"0.25 some"), 0.25),
        (TESTLIB, ended(7, b"points 1"), 1.0),
        (TESTLIB, ended(7, b"points 0"), 0.0),
    ],
)
def test_exit_codes_and_scores_are_understood(
    checker: ProgramChecker, run: RunResult, score: float
) -> None:
    outcome = check_outcome(checker, run)

    assert (outcome.score, outcome.is_accepted) == (score, score == 1.0)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 41, 44, 127, 255])
def test_every_other_exit_code_of_an_icpc_validator_is_a_failure(code: int) -> None:
    with pytest.raises(CheckerFailedError, match=f"exit code {code} instead of 42 or 43"):
        check_outcome(ICPC, ended(code))


@pytest.mark.parametrize("code", [3, 5, 6, 9, 16, 42, 43, 127, 255])
def test_every_other_exit_code_of_a_testlib_checker_is_a_failure(code: int) -> None:
    with pytest.raises(CheckerFailedError, match=f"exit code {code}"):
        check_outcome(TESTLIB, ended(code))


@pytest.mark.parametrize("code", [0, 1, 7, 50])
def test_pc_of_testlib_is_refused_for_it_exits_like_other_outcomes(code: int) -> None:
    stderr = f"partially correct ({code}) of them".encode()

    with pytest.raises(CheckerFailedError, match="use quitp, from 0 to 1"):
        check_outcome(TESTLIB, ended(code, stderr))


@pytest.mark.parametrize("status", set(RunStatus) - {RunStatus.OK, RunStatus.NONZERO_EXIT}, ids=str)
@pytest.mark.parametrize("code", [None, 0, 42])
@pytest.mark.parametrize("checker", [ICPC, TESTLIB], ids=["icpc", "testlib"])
def test_a_checker_that_hit_a_limit_says_nothing_whatever_its_exit_code(
    checker: ProgramChecker, code: int | None, status: RunStatus
) -> None:
    with pytest.raises(CheckerFailedError):
        check_outcome(checker, ended(code, status=status))


@pytest.mark.parametrize("text", ["", "x", "1.5", "-0.1", "nan", "inf", "-inf", "0.5 0.5", "50"])
def test_a_score_that_is_no_share_is_a_failure_that_says_what_it_has_to_be(text: str) -> None:
    with pytest.raises(CheckerFailedError, match=r"score\.txt has to be a number from 0 to 1"):
        check_outcome(ICPC, ended(42, b"", file("score.txt", text)))


@pytest.mark.parametrize("stderr", [b"", b"points", b"points x", b"points nan", b"points 30"])
def test_points_that_are_no_share_are_a_failure(stderr: bytes) -> None:
    with pytest.raises(CheckerFailedError, match="points has to be a number from 0 to 1"):
        check_outcome(TESTLIB, ended(7, stderr))


def test_the_judges_message_is_the_file_else_stderr() -> None:
    both = ended(43, b"noise", file("judgemessage.txt", "\n line 3 differs \n"))
    empty = ended(43, b"noise", file("judgemessage.txt", ""))

    assert check_outcome(ICPC, both).message == "line 3 differs"
    assert check_outcome(ICPC, empty).message == "noise"
    assert check_outcome(TESTLIB, ended(1, b"wrong answer")).message == "wrong answer"


def test_a_message_is_text_of_bounded_length_whatever_was_written() -> None:
    outcome = check_outcome(TESTLIB, ended(1, b"\xff\0" * MESSAGE_BYTES))

    assert "\0" not in outcome.message
    assert len(outcome.message) < MESSAGE_BYTES + 100


def test_a_failure_tells_the_message_too() -> None:
    with pytest.raises(CheckerFailedError) as caught:
        check_outcome(TESTLIB, ended(3, b"FAIL the answer file is empty"))

    assert caught.value.detail == "The checker failed: exit code 3\nFAIL the answer file is empty"


ACCEPTED, WRONG = ended(42), ended(43)
FINE = ended(0)
CRASHED = ended(1)
TOO_SLOW = ended(None, status=RunStatus.TIME_LIMIT)
STUCK = ended(None, status=RunStatus.WALL_LIMIT)
KILLED = ended(None, status=RunStatus.SIGNALED)


@pytest.mark.parametrize(
    ("participant", "interactor", "is_interactor_first", "status", "is_accepted"),
    [
        (FINE, ACCEPTED, True, RunStatus.OK, True),
        (FINE, ACCEPTED, False, RunStatus.OK, True),
        (FINE, WRONG, True, RunStatus.OK, False),
        (FINE, WRONG, False, RunStatus.OK, False),
        (CRASHED, WRONG, True, RunStatus.OK, False),
        (TOO_SLOW, WRONG, True, RunStatus.OK, False),
        (KILLED, WRONG, True, RunStatus.OK, False),
        (CRASHED, WRONG, False, RunStatus.NONZERO_EXIT, False),
        (TOO_SLOW, WRONG, False, RunStatus.TIME_LIMIT, False),
        (STUCK, WRONG, False, RunStatus.WALL_LIMIT, False),
        (KILLED, WRONG, False, RunStatus.SIGNALED, False),
        (CRASHED, ACCEPTED, True, RunStatus.NONZERO_EXIT, False),
        (CRASHED, ACCEPTED, False, RunStatus.NONZERO_EXIT, False),
        (TOO_SLOW, ACCEPTED, True, RunStatus.TIME_LIMIT, False),
    ],
)
def test_who_ended_first_decides_who_answers_for_a_talk(
    participant: RunResult,
    interactor: RunResult,
    is_interactor_first: bool,  # a column of the table
    status: RunStatus,
    is_accepted: bool,  # as above
) -> None:
    talk = Interaction(
        participant=participant,
        interactor=interactor,
        did_interactor_end_first=is_interactor_first,
    )

    run, outcome = interaction_outcome(ICPC, talk)

    assert (run.status, outcome.is_accepted, outcome.score) == (
        status,
        is_accepted,
        float(is_accepted),
    )


@pytest.mark.parametrize("is_interactor_first", [True, False])
def test_a_broken_pipe_leaves_the_verdict_to_the_interactor(*, is_interactor_first: bool) -> None:
    broken = RunResult(
        status=RunStatus.SIGNALED,
        exit_code=None,
        signal=13,
        usage=NO_USAGE,
        stdout=b"",
        stderr=b"",
    )
    talk = Interaction(
        participant=broken, interactor=ACCEPTED, did_interactor_end_first=is_interactor_first
    )

    run, outcome = interaction_outcome(ICPC, talk)

    assert (run.status, outcome.is_accepted) == (RunStatus.OK, True)


@pytest.mark.parametrize("participant", [FINE, CRASHED, TOO_SLOW])
@pytest.mark.parametrize("interactor", [ended(0), ended(1), STUCK, KILLED])
@pytest.mark.parametrize("is_interactor_first", [True, False])
def test_an_interactor_that_failed_is_nobodys_verdict(
    participant: RunResult, interactor: RunResult, *, is_interactor_first: bool
) -> None:
    talk = Interaction(
        participant=participant,
        interactor=interactor,
        did_interactor_end_first=is_interactor_first,
    )

    with pytest.raises(CheckerFailedError, match="The interactor failed"):
        interaction_outcome(ICPC, talk)


def test_partial_points_of_an_interactor_count_only_for_who_ended_well() -> None:
    half = ended(7, b"points 0.5")
    fine = Interaction(participant=FINE, interactor=half, did_interactor_end_first=True)
    crashed = Interaction(participant=CRASHED, interactor=half, did_interactor_end_first=True)

    assert interaction_outcome(TESTLIB, fine)[1].score == 0.5
    assert interaction_outcome(TESTLIB, crashed)[1] == CheckOutcome(
        is_accepted=False, score=0.0, message="points 0.5"
    )


def test_the_participant_is_stopped_before_the_interactor_when_both_wait() -> None:
    participant, interactor = talking_limits(DEFAULT_LIMITS, DEFAULT_LIMITS)

    assert participant.wall_time_ms >= DEFAULT_LIMITS.wall_time_ms + DEFAULT_LIMITS.cpu_time_ms
    assert interactor.wall_time_ms > participant.wall_time_ms
    assert participant.cpu_time_ms == interactor.cpu_time_ms == DEFAULT_LIMITS.cpu_time_ms


def test_what_a_testlib_interactor_wrote_goes_to_the_checker_unless_it_was_cut() -> None:
    cut = ResultFile(name="output.txt", content=b"x", is_cut=True)

    assert interactor_output(ended(0, b"", file("output.txt", "said"))) == b"said"
    assert interactor_output(ended(0)) == b""
    with pytest.raises(CheckerFailedError, match="longer than 1 bytes"):
        interactor_output(ended(0, b"", cut))
