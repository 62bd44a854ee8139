"""A contest with something to hide, at every point of its life, and who looks at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.code_execution.scoring import recompute_board, update_board
from apps.contests.models import (
    Clarification,
    Contest,
    ContestParticipant,
    ContestProblem,
    ContestRole,
)
from apps.endpoints.models import Endpoint, EndpointDelivery, EndpointEvent
from apps.problems.models import PackageFile, Problem, ProblemProgram, TestCase, TestData
from apps.users.models import User
from tests.support.contests import make_contest, make_submission
from tests.support.people import make_user

HOUR = timedelta(hours=1)
ATTACHMENT, VALIDATOR = "attachments/note.txt", "input_validators/check.py"
FREEZE_AFTER, LENGTH = 4 * HOUR, 5 * HOUR
EARLY, LATE = timedelta(minutes=30), timedelta(hours=4, minutes=10)


class Moment(StrEnum):
    """When somebody looks."""

    BEFORE = "before"
    RUNNING = "running"
    FROZEN = "frozen"
    ENDED = "ended"
    UNFROZEN = "unfrozen"


SINCE_START = {
    Moment.BEFORE: -HOUR,
    Moment.RUNNING: HOUR,
    Moment.FROZEN: 4.5 * HOUR,
    Moment.ENDED: 6 * HOUR,
    Moment.UNFROZEN: 6 * HOUR,
}


class Who(StrEnum):
    """Who looks. Alice and charlie take part; the managers have a role in a contest, each."""

    NOBODY = "nobody"
    STRANGER = "stranger"
    ALICE = "alice"
    CHARLIE = "charlie"
    TESTER = "tester"
    JUDGE = "judge"
    MANAGER = "manager"
    OTHER_MANAGER = "other manager"
    SUPERUSER = "superuser"


JURY = {Who.JUDGE, Who.MANAGER, Who.SUPERUSER}


class Secret(StrEnum):
    """Texts that stand in the world once each, so that an answer that has one gives it away."""

    PROBLEM = "title-of-the-problem"
    STATEMENT = "statement-of-the-problem"
    SAMPLE = "input-of-the-sample"
    HIDDEN_INPUT = "input-of-the-hidden-test"
    HIDDEN_ANSWER = "answer-to-the-hidden-test"
    CHECKER = "source-of-the-checker"
    ATTACHMENT = "text-of-the-attachment"
    VALIDATOR = "text-of-the-input-validator"
    ACCESS_CODE = "code-to-enter-with"
    ALICES_CODE = "program-of-alice"
    CHARLIES_CODE = "program-of-charlie"
    HIDDEN_OUTPUT = "output-of-the-hidden-test"
    JUDGE_MESSAGE = "message-of-the-checker"
    CHARLIES_QUESTION = "question-of-charlie"
    ANSWER_TO_CHARLIE = "answer-to-charlie"
    ANNOUNCEMENT = "announcement-to-all"
    EARLY_SCORE = "1250.75"
    LATE_SCORE = "4711.25"


@dataclass(slots=True, kw_only=True)
class World:
    """The contest and all that belongs to it; `late` is not there before the freeze."""

    moment: Moment
    contest: Contest
    problem: Problem
    people: dict[Who, User | None]
    alice: ContestParticipant
    charlie: ContestParticipant
    question: Clarification
    rejudging: Rejudging
    delivery: EndpointDelivery
    early: CodeSubmission | None = None
    late: CodeSubmission | None = None
    alices: CodeSubmission | None = None

    @property
    def is_started(self) -> bool:
        """Tell whether the contest has started."""
        return self.moment is not Moment.BEFORE

    @property
    def is_frozen(self) -> bool:
        """Tell whether the late verdict is there and hidden."""
        return self.moment in {Moment.FROZEN, Moment.ENDED}

    def judge_late(self, *, verdict: str, score: str, status: str) -> None:
        """Give charlie's late submission another outcome, as if it had always been so."""
        assert self.late is not None
        outcome: dict[str, Any] = {
            "verdict": verdict,
            "status": status,
            "score": Decimal(score),
            "is_correct": verdict == "AC",
            "execution_time_ms": len(verdict) * 17,
            "memory_usage_bytes": len(verdict) * 4096,
        }
        CodeSubmission.objects.filter(pk=self.late.pk).update(**outcome)
        Judgement.objects.filter(submission=self.late).update(**outcome)
        with transaction.atomic():
            update_board(self.late)


def make_world(moment: Moment, **rules: Any) -> World:
    """Make the contest as it is at one moment; `rules` are the contest's fields."""
    start = timezone.now() - SINCE_START[moment]
    contest = make_contest(**{
        "start_time": start,
        "end_time": start + LENGTH,
        "freeze_time": start + FREEZE_AFTER,
        "unfrozen_at": start + LENGTH if moment is Moment.UNFROZEN else None,
        "access_code": Secret.ACCESS_CODE.value,
        **rules,
    })
    people = _people(contest)
    problem = _problem(contest)
    alice, charlie = (_participant(contest, people[who]) for who in (Who.ALICE, Who.CHARLIE))
    world = World(
        moment=moment,
        contest=contest,
        problem=problem,
        people={Who.NOBODY: None, **people},
        alice=alice,
        charlie=charlie,
        question=_clarifications(contest, charlie),
        rejudging=Rejudging.objects.create(contest=contest, state=Rejudging.State.READY),
        delivery=_delivery(people[Who.ALICE], contest),
    )
    _submissions(world, start)
    recompute_board(contest=contest)
    return world


def _people(contest: Contest) -> dict[Who, User]:
    other = make_contest(title="Summer cup")
    people: dict[Who, User] = {
        each: make_user(each.replace(" ", "-"), is_superuser=each is Who.SUPERUSER)
        for each in Who
        if each is not Who.NOBODY
    }
    for who, where, role in (
        (Who.TESTER, contest, ContestRole.Role.TESTER),
        (Who.JUDGE, contest, ContestRole.Role.JUDGE),
        (Who.MANAGER, contest, ContestRole.Role.MANAGER),
        (Who.OTHER_MANAGER, other, ContestRole.Role.MANAGER),
    ):
        ContestRole.objects.create(contest=where, user=people[who], role=role)
    return people


def _problem(contest: Contest) -> Problem:
    problem = Problem.objects.create(
        title=Secret.PROBLEM, statement=Secret.STATEMENT, checker=Problem.Checker.PROGRAM
    )
    keep: Callable[[str], TestData] = lambda text: TestData.objects.keep(text.encode())  # noqa: E731
    tests = ((Secret.SAMPLE, "1", True), (Secret.HIDDEN_INPUT, Secret.HIDDEN_ANSWER, False))
    for position, (given, expected, is_sample) in enumerate(tests, start=1):
        TestCase.objects.create(
            problem=problem,
            position=position,
            input_data=keep(given),
            expected_data=keep(expected),
            is_sample=is_sample,
        )
    ProblemProgram.objects.create(problem=problem, language="python", source=Secret.CHECKER)
    for path, text in ((ATTACHMENT, Secret.ATTACHMENT), (VALIDATOR, Secret.VALIDATOR)):
        PackageFile.objects.create(problem=problem, path=path, data=keep(text))
    ContestProblem.objects.create(contest=contest, problem=problem, points=5000)
    return problem


def _participant(contest: Contest, user: User) -> ContestParticipant:
    return ContestParticipant.objects.create(contest=contest, user=user, has_submitted=True)


def _clarifications(contest: Contest, charlie: ContestParticipant) -> Clarification:
    say = Clarification.objects.create
    question = say(contest=contest, from_participant=charlie, text=Secret.CHARLIES_QUESTION)
    say(
        contest=contest,
        to_participant=charlie,
        reply_to=question,
        text=Secret.ANSWER_TO_CHARLIE,
    )
    say(contest=contest, text=Secret.ANNOUNCEMENT)
    return question


def _delivery(owner: User, contest: Contest) -> EndpointDelivery:
    """Make an endpoint of somebody with one event that it has got."""
    return EndpointDelivery.objects.create(
        endpoint=Endpoint.objects.create(
            owner=owner,
            url="https://hooks.example.org/",
            event_types=["submission.completed"],
        ),
        event=EndpointEvent.objects.create(
            type="submission.completed", key="the only one", contest_id=contest.pk
        ),
        state=EndpointDelivery.State.DELIVERED,
    )


def _submissions(world: World, start: datetime) -> None:
    if not world.is_started:
        return
    world.early = _submit(world, Who.CHARLIE, start + EARLY, 1, score=Secret.EARLY_SCORE)
    world.alices = _submit(world, Who.ALICE, start + EARLY, 2, score="0")
    if world.moment is not Moment.RUNNING:
        world.late = _submit(world, Who.CHARLIE, start + LATE, 3, score=Secret.LATE_SCORE)


def _submit(world: World, who: Who, at: datetime, number: int, *, score: str) -> CodeSubmission:
    user = world.people[who]
    assert user is not None
    codes = {Who.ALICE: Secret.ALICES_CODE, Who.CHARLIE: Secret.CHARLIES_CODE}
    rows = [
        {**_RESULT, "test_case_number": 1, "is_sample": True, "output": "1"},
        {**_RESULT, "test_case_number": 2, "is_sample": False},
    ]
    return make_submission(
        user,
        contest=world.contest,
        problem=world.problem,
        microservice_submission_id=number,
        created_at=at,
        # A comment stays in one piece where programs are coloured.
        code=f"# {codes[who]}",
        status="completed",
        verdict="WA",
        is_correct=False,
        score=Decimal(score),
        execution_time_ms=34,
        memory_usage_bytes=8192,
        test_results=rows,
    )


_RESULT = {
    "test_case_id": "1",
    "verdict": "WA",
    "passed": False,
    "is_skipped": False,
    "score": 0.5,
    "execution_time_ms": 34,
    "cpu_time_ms": 30,
    "memory_usage_bytes": 8192,
    "exit_code": 0,
    "signal": None,
    "output": Secret.HIDDEN_OUTPUT.value,
    "error": None,
    "judge_message": Secret.JUDGE_MESSAGE.value,
}
