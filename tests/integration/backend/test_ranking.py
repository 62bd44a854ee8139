"""Results make scores, scores make ranks."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution import scoring
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import participation
from apps.problems.models import Problem
from apps.users.models import User
from tests.support.contests import (
    make_contest,
    make_event,
    make_problem,
    make_submission,
    make_test_result,
)
from tests.support.people import make_user
from tests.support.threads import run_at_once
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"


@pytest.fixture
def contest(db: None) -> Contest:
    return make_contest()


def judge(user: User, contest: Contest, problem: Problem, *, passed: int, number: int) -> None:
    """Let the user's submission pass so many of the test cases, from the first."""
    participation.enter_submission(contest=contest, user=user, now=timezone.now())
    submission = make_submission(
        user,
        contest=contest,
        problem=problem,
        microservice_submission_id=number,
        created_at=timezone.now() + timedelta(minutes=number),
    )
    tests = problem.test_cases.all()
    rows = [make_test_result(test, is_passed=place < passed) for place, test in enumerate(tests)]
    verdict = "AC" if passed == len(tests) else "WA"
    event = make_event(submission, verdict=verdict, test_results=rows)
    assert deliver(event, message_id=f"evt-{number}").status_code == 200


def test_grades_a_submission_by_its_tests(alice: User, contest: Contest) -> None:
    judge(alice, contest, make_problem(contest, points=80), passed=2, number=1)

    submission = alice.submissions.get()
    assert submission.is_correct is False
    assert submission.score == Decimal("20.00")
    participant = contest.participants.get()
    assert (participant.final_score, participant.rank) == (Decimal("20.00"), 1)


def test_an_accepted_submission_has_all_the_points(alice: User, contest: Contest) -> None:
    judge(alice, contest, make_problem(contest, points=80), passed=3, number=1)

    submission = alice.submissions.get()
    assert (submission.is_correct, submission.score) == (True, Decimal("80.00"))


def test_a_program_that_does_not_compile_scores_nothing(alice: User, contest: Contest) -> None:
    submission = make_submission(alice, contest=contest, problem=make_problem(contest))

    deliver(make_event(submission, status="error", verdict="CE", test_results=None))

    submission.refresh_from_db()
    assert (submission.is_correct, submission.score) == (False, Decimal("0.00"))


def test_our_own_fault_is_not_graded(alice: User, contest: Contest) -> None:
    submission = make_submission(alice, contest=contest, problem=make_problem(contest))

    deliver(make_event(submission, status="error", verdict="IE", test_results=None))

    submission.refresh_from_db()
    assert (submission.is_correct, submission.score) == (None, None)


def test_a_submission_without_a_problem_is_not_graded(alice: User, contest: Contest) -> None:
    submission = make_submission(alice, contest=contest)

    deliver(make_event(submission))

    submission.refresh_from_db()
    assert (submission.is_correct, submission.score) == (None, None)


def test_sums_the_best_of_each_problem(alice: User, contest: Contest) -> None:
    first, second = make_problem(contest), make_problem(contest, points=40)

    judge(alice, contest, first, passed=3, number=1)
    judge(alice, contest, first, passed=1, number=2)
    judge(alice, contest, second, passed=2, number=3)

    assert contest.participants.get().final_score == Decimal("110.00")


def test_who_was_first_leads_among_equals(
    alice: User, charlie: User, contest: Contest, as_alice: APIClient
) -> None:
    problem = make_problem(contest)
    judge(charlie, contest, problem, passed=3, number=1)
    judge(alice, contest, problem, passed=3, number=2)

    rows = as_alice.get(f"{CONTESTS}{contest.pk}/leaderboard/").json()["results"]

    assert [(each["rank"], each["username"], each["final_score"]) for each in rows] == [
        (1, "charlie", 100.0),
        (2, "alice", 100.0),
    ]


def test_who_has_reached_nothing_comes_last_with_others_who_have_not(
    alice: User, charlie: User, contest: Contest, as_alice: APIClient
) -> None:
    ContestParticipant.objects.create(contest=contest, user=charlie)
    judge(alice, contest, make_problem(contest), passed=3, number=1)
    participation.join(contest=contest, user=make_user("dora"))

    rows = as_alice.get(f"{CONTESTS}{contest.pk}/leaderboard/").json()["results"]

    assert [(each["rank"], each["username"]) for each in rows] == [
        (1, "alice"),
        (2, "charlie"),
        (2, "dora"),
    ]


def test_participants_are_listed_by_the_time_they_joined(
    alice: User, charlie: User, contest: Contest, as_alice: APIClient
) -> None:
    for user in (charlie, alice):
        participation.join(contest=contest, user=user)

    rows = as_alice.get(f"{CONTESTS}{contest.pk}/participants/").json()["results"]

    assert [each["username"] for each in rows] == ["charlie", "alice"]


def test_the_ranking_can_be_computed_anew(alice: User, contest: Contest) -> None:
    judge(alice, contest, make_problem(contest), passed=3, number=1)
    contest.participants.update(final_score=1, rank=7, last_improved_at=None)

    scoring.recompute_board(contest=contest)

    participant = contest.participants.get()
    assert (participant.final_score, participant.rank) == (Decimal("100.00"), 1)
    assert participant.last_improved_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
def test_results_that_arrive_at_once_are_all_counted(alice: User) -> None:
    contest = make_contest()
    participation.enter_submission(contest=contest, user=alice, now=timezone.now())
    events = [
        make_event(
            make_submission(
                alice,
                contest=contest,
                problem=make_problem(contest, points=10),
                microservice_submission_id=number,
            )
        )
        for number in range(1, 5)
    ]

    statuses = deliver_at_once(events)

    assert statuses == [200] * 4
    assert contest.participants.get().final_score == Decimal("40.00")


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
def test_an_event_that_arrives_twice_at_once_is_applied_once(alice: User) -> None:
    event = make_event(make_submission(alice))

    statuses = deliver_at_once([event] * 4)

    assert statuses == [200] * 4
    assert alice.submissions.get().events.count() == 1


def deliver_at_once(events: list[dict[str, Any]]) -> list[int]:
    answers = run_at_once([
        partial(deliver, event, message_id=f"evt-{event['submission_id']}") for event in events
    ])
    return [answer.status_code for answer in answers]
