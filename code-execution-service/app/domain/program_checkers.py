"""What checkers and interactors that are programs are called with, and what their answers mean.

Sources: Problem Package Format (legacy), output validators: invocation, reporting a judgement and
additional feedback (https://www.kattis.com/problem-package-format/spec/legacy.html); its version
2023-07 for `score_multiplier.txt`. testlib.h (https://github.com/MikeMirzayanov/testlib): usage of
checkers and interactors in its heading, `resultExitCode`, `quitp`. Which of participant and
interactor decides: problemtools, `validate_interactive` and `interactive.cc`
(https://github.com/Kattis/problemtools, pull requests 77 and 120); DOMjudge, `testcase_run.sh`
(https://github.com/DOMjudge/domjudge, `validator-exited-first`).
"""

import math
import re
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from app.domain.checking import CheckOutcome, ProgramChecker, Protocol
from app.domain.files import SourceFile
from app.domain.limits import Limits
from app.domain.runs import Interaction, ResultFile, RunInput, RunResult, RunStatus
from app.domain.text import readable
from app.errors import CheckerFailedError

MESSAGE_BYTES = 64 * 1024

_INPUT, _OUTPUT, _ANSWER = "input.txt", "output.txt", "answer.txt"
_FEEDBACK = "feedback/"
_JUDGE_MESSAGE, _SCORE, _SCORE_MULTIPLIER = "judgemessage.txt", "score.txt", "score_multiplier.txt"
_ICPC_ACCEPTED, _ICPC_WRONG = 42, 43
_TESTLIB_OK, _TESTLIB_POINTS = 0, 7
_TESTLIB_WRONG = frozenset({1, 2, 4, 8})
"""Wrong answer, and what testlib tells apart of it: presentation error, dirt, unexpected end."""
_TESTLIB_PARTIALLY = "partially correct ("
"""What `_pc(N)` says. It exits with N itself, which other outcomes do too, and N is of no scale."""
_TESTLIB_POINTS_TEXT = re.compile(r"(?:points\s+)?(\S+)")
_ENDED_BY_ITSELF = frozenset({RunStatus.OK, RunStatus.NONZERO_EXIT})


def checker_input(
    checker: ProgramChecker, *, problem_input: bytes, answer: bytes, output: bytes
) -> RunInput:
    """Say how to call a checker for one output of a participant's program."""
    files = [_file(_INPUT, problem_input), _file(_ANSWER, answer)]
    match checker.protocol:
        case Protocol.ICPC:
            return RunInput(
                stdin=output,
                arguments=(_INPUT, _ANSWER, _FEEDBACK, *checker.arguments),
                files=tuple(files),
                result_files=(_JUDGE_MESSAGE, _SCORE, _SCORE_MULTIPLIER),
                result_file_bytes=MESSAGE_BYTES,
            )
        case Protocol.TESTLIB:
            return RunInput(
                arguments=(_INPUT, _OUTPUT, _ANSWER, *checker.arguments),
                files=(*files, _file(_OUTPUT, output)),
            )
        case _:
            assert_never(checker.protocol)


def interactor_input(
    interactor: ProgramChecker, *, problem_input: bytes, answer: bytes
) -> RunInput:
    """Say how to call an interactor; its stdin and stdout are the participant's."""
    files = (_file(_INPUT, problem_input), _file(_ANSWER, answer))
    match interactor.protocol:
        case Protocol.ICPC:
            return RunInput(
                arguments=(_INPUT, _ANSWER, _FEEDBACK, *interactor.arguments),
                files=files,
                result_files=(_JUDGE_MESSAGE, _SCORE, _SCORE_MULTIPLIER),
                result_file_bytes=MESSAGE_BYTES,
            )
        case Protocol.TESTLIB:
            return RunInput(
                arguments=(_INPUT, _FEEDBACK + _OUTPUT, _ANSWER, *interactor.arguments),
                files=files,
                result_files=(_OUTPUT,),
                result_file_bytes=interactor.limits.output_bytes,
            )
        case _:
            assert_never(interactor.protocol)


def accepting_exit_codes(protocol: Protocol) -> frozenset[int]:
    """Tell with which exit codes an interactor leaves the verdict to how the participant ends."""
    match protocol:
        case Protocol.ICPC:
            return frozenset({_ICPC_ACCEPTED})
        case Protocol.TESTLIB:
            return frozenset({_TESTLIB_OK, _TESTLIB_POINTS})
        case _:
            assert_never(protocol)


def talking_limits(participant: Limits, interactor: Limits) -> tuple[Limits, Limits]:
    """Allow for waiting: the one for what the other computes, the interactor until the very end.

    So the participant is stopped first when both wait for each other, and has to answer for it.
    """
    wall_time_ms = participant.wall_time_ms + interactor.cpu_time_ms
    return (
        replace(participant, wall_time_ms=wall_time_ms),
        replace(interactor, wall_time_ms=wall_time_ms + interactor.wall_time_ms),
    )


def check_outcome(
    checker: ProgramChecker, run: RunResult, *, role: str = "checker"
) -> CheckOutcome:
    """Read what a checker or interactor says; `role` is what an error calls it.

    Raises:
        CheckerFailedError: it crashed, hit a limit, or broke its protocol.
    """
    message = _message(run)
    try:
        return _outcome(checker.protocol, run, message)
    except _ProtocolError as error:
        raise CheckerFailedError(f"The {role} failed: {error}\n{message}".strip()) from None


def interaction_outcome(
    interactor: ProgramChecker, interaction: Interaction
) -> tuple[RunResult, CheckOutcome]:
    """Tell how the participant's run counts, and what the interactor says of it.

    In this order: an interactor that failed is nobody's verdict; one that ended first and did not
    accept decides, whatever became of the participant then; a participant that hit a limit or
    crashed by itself answers for that; else the interactor decides. A participant that only wrote
    to an interactor which was gone has not crashed.

    Raises:
        CheckerFailedError: the interactor crashed, hit a limit, or broke its protocol.
    """
    outcome = check_outcome(interactor, interaction.interactor, role="interactor")
    run = interaction.participant
    code = interaction.interactor.exit_code
    has_rejected = code not in accepting_exit_codes(interactor.protocol)
    is_overruled = interaction.did_interactor_end_first and has_rejected
    if is_overruled or run.signal == signal.SIGPIPE:
        run = replace(run, status=RunStatus.OK)
    if run.status is not RunStatus.OK:
        outcome = replace(outcome, is_accepted=False, score=0.0)
    return run, outcome


def interactor_output(run: RunResult) -> bytes:
    """Return what a testlib interactor wrote for the checker; nothing if it wrote no file.

    Raises:
        CheckerFailedError: it is longer than the interactor's output limit.
    """
    file = _files(run).get(_OUTPUT)
    if file is not None and file.is_cut:
        raise CheckerFailedError(f"The interactor's file is longer than {len(file.content)} bytes")
    return b"" if file is None else file.content


class _ProtocolError(Exception):
    """What was done against the protocol."""


def _file(name: str, content: bytes) -> SourceFile:
    return SourceFile(name=name, content=content)


def _files(run: RunResult) -> Mapping[str, ResultFile]:
    return {file.name: file for file in run.files}


def _message(run: RunResult) -> str:
    """Read what is for judges: the feedback file of the ICPC convention, else stderr."""
    file = _files(run).get(_JUDGE_MESSAGE)
    data = file.content if file is not None and file.content else run.stderr
    return readable(data, max_bytes=MESSAGE_BYTES).strip()


def _outcome(protocol: Protocol, run: RunResult, message: str) -> CheckOutcome:
    """Read exit code and files.

    Raises:
        _ProtocolError: they mean nothing.
    """
    if run.status not in _ENDED_BY_ITSELF or run.exit_code is None:
        raise _ProtocolError(_how_it_ended(run))
    match protocol:
        case Protocol.ICPC:
            return _icpc_outcome(run, message)
        case Protocol.TESTLIB:
            return _testlib_outcome(run, message)
        case _:
            assert_never(protocol)


def _icpc_outcome(run: RunResult, message: str) -> CheckOutcome:
    if run.exit_code == _ICPC_WRONG:
        return CheckOutcome(is_accepted=False, score=0.0, message=message)
    if run.exit_code != _ICPC_ACCEPTED:
        raise _ProtocolError(f"{_how_it_ended(run)} instead of {_ICPC_ACCEPTED} or {_ICPC_WRONG}")
    files = _files(run)
    for name in (_SCORE_MULTIPLIER, _SCORE):
        if name in files:
            text = readable(files[name].content, max_bytes=MESSAGE_BYTES)
            return _scored(text, name, message)
    return CheckOutcome(is_accepted=True, score=1.0, message=message)


def _testlib_outcome(run: RunResult, message: str) -> CheckOutcome:
    if message.startswith(_TESTLIB_PARTIALLY):
        raise _ProtocolError("_pc has no scale that is known here: use quitp, from 0 to 1")
    if run.exit_code == _TESTLIB_OK:
        return CheckOutcome(is_accepted=True, score=1.0, message=message)
    if run.exit_code in _TESTLIB_WRONG:
        return CheckOutcome(is_accepted=False, score=0.0, message=message)
    if run.exit_code != _TESTLIB_POINTS:
        raise _ProtocolError(_how_it_ended(run))
    found = _TESTLIB_POINTS_TEXT.match(message)
    return _scored(found.group(1) if found else "", "points", message)


def _scored(text: str, source: str, message: str) -> CheckOutcome:
    """Read a share of the test's points: the only scale that a single test knows.

    Raises:
        _ProtocolError: the text is no number from 0 to 1.
    """
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not 0.0 <= score <= 1.0:
        raise _ProtocolError(f"{source} has to be a number from 0 to 1, not {text.strip()[:40]!r}")
    return CheckOutcome(is_accepted=score == 1.0, score=score, message=message)


def _how_it_ended(run: RunResult) -> str:
    if run.status in _ENDED_BY_ITSELF:
        return f"exit code {run.exit_code}"
    return f"signal {run.signal}" if run.status is RunStatus.SIGNALED else f"{run.status.value}"
