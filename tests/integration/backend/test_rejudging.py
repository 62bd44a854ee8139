"""Rejudging as a staged act: judged beside, compared, then applied or cancelled."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution import delivery, rejudging, services
from apps.code_execution.comparison import compare
from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.rights import Rights
from apps.core.errors import (
    ClientError,
    ContestFinalError,
    IllegalTransitionError,
    InvalidFieldsError,
)
from apps.problems.models import Problem
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.threads import run_at_once
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
REJUDGINGS = "/api/code-execution/rejudgings/"
Submit = Callable[..., CodeSubmission]


@pytest.fixture
def contest(db: None) -> Contest:
    now = timezone.now()
    return make_contest(
        format="icpc",
        format_config={},
        start_time=now - timedelta(hours=2),
        end_time=now - timedelta(minutes=1),
    )


@pytest.fixture
def problem(contest: Contest) -> Problem:
    return make_problem(contest)


@pytest.fixture
def submit(contest: Contest, problem: Problem) -> Submit:
    """Hand in a program, and have it judged."""
    count = 0

    def hand_in(user: User, verdict: str = "AC", *, minute: int = 10) -> CodeSubmission:
        nonlocal count
        count += 1
        assert contest.start_time
        submission = make_submission(
            user,
            contest=contest,
            problem=problem,
            microservice_submission_id=count,
            created_at=contest.start_time + timedelta(minutes=minute),
        )
        tell(submission.judgements.get(), verdict)
        submission.refresh_from_db()
        return submission

    return hand_in


def tell(judgement: Judgement, verdict: str, *, number: int = 0) -> Any:
    """Send the event with a judgement's result."""
    submission = judgement.submission
    event = make_event(
        submission,
        submission_id=number or submission.microservice_submission_id,
        reference=str(judgement.pk),
        verdict=verdict,
        test_results=[],
    )
    answer = deliver(event, message_id=f"evt-{judgement.pk}-{verdict}")
    assert answer.status_code == 200, answer.content
    return answer


def tell_all(staged: Rejudging, verdicts: dict[int, str]) -> None:
    for number, judgement in enumerate(staged.judgements.order_by("submission_id"), start=900):
        tell(judgement, verdicts[judgement.submission_id], number=number)
    staged.refresh_from_db()


def ranking(contest: Contest) -> dict[str, int | None]:
    rows = ContestParticipant.objects.filter(contest=contest)
    return dict(rows.values_list("user__username", "rank"))


def of_contest(contest: Contest) -> Any:
    return CodeSubmission.objects.filter(contest=contest)


def test_judges_beside_what_is_in_force(
    contest: Contest, submit: Submit, alice: User, bob: User
) -> None:
    submission = submit(alice)

    staged = rejudging.start(submissions=of_contest(contest), reason="New tests", actor=bob)
    tell_all(staged, {submission.pk: "WA"})

    submission.refresh_from_db()
    assert staged.state == Rejudging.State.READY
    assert (staged.contest, staged.problem) == (contest, submission.problem)
    assert (submission.verdict, submission.status) == ("AC", "completed")
    assert ranking(contest) == {"alice": 1}


def test_says_what_would_change_and_who_is_affected_without_changing_it(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    first, second = submit(alice, minute=5), submit(charlie, minute=50)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    tell_all(staged, {first.pk: "WA", second.pk: "AC"})

    comparison = compare(staged)

    assert (comparison.total, comparison.judged, comparison.changed) == (2, 2, 1)
    transitions = {(each.old, each.new): each.count for each in comparison.transitions}
    assert transitions == {("AC", "AC"): 1, ("AC", "WA"): 1}
    (difference,) = comparison.differences
    assert (difference.name, difference.old_verdict, difference.new_verdict) == (
        "alice",
        "AC",
        "WA",
    )
    moves = {each.name: (each.old_rank, each.new_rank) for each in comparison.affected}
    assert moves == {"alice": (1, 2), "charlie": (2, 1)}
    assert ranking(contest) == {"alice": 1, "charlie": 2}


def test_applied_it_changes_the_winner_as_it_was_foretold(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    first, second = submit(alice, minute=5), submit(charlie, minute=50)
    staged = rejudging.start(submissions=of_contest(contest), reason="Wrong answer", actor=bob)
    tell_all(staged, {first.pk: "WA", second.pk: "AC"})
    foretold = {each.name: each.new_rank for each in compare(staged).affected}

    rejudging.apply(rejudging=staged, actor=bob)

    first.refresh_from_db()
    staged.refresh_from_db()
    assert ranking(contest) == foretold == {"alice": 2, "charlie": 1}
    assert (first.verdict, first.is_correct) == ("WA", False)
    assert first.judgement == staged.judgements.get(submission=first)
    assert (staged.state, staged.decided_by) == (Rejudging.State.APPLIED, bob)
    entry = AuditEntry.objects.get(act="rejudging.apply")
    assert entry.after["ranks"] == ["charlie: 2 > 1", "alice: 1 > 2"]
    shown = compare(staged).differences
    assert [(each.old_verdict, each.new_verdict) for each in shown] == [("AC", "WA")]


def test_cancelled_it_changes_nothing_and_late_results_are_ignored(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    first, second = submit(alice), submit(charlie)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    early, late = staged.judgements.order_by("submission_id")
    tell(early, "WA", number=901)

    rejudging.cancel(rejudging=staged, actor=bob)
    tell(late, "WA", number=902)

    for submission in (first, second):
        submission.refresh_from_db()
        assert (submission.verdict, submission.status) == ("AC", "completed")
    late.refresh_from_db()
    staged.refresh_from_db()
    assert (late.status, late.verdict) == ("cancelled", None)
    assert staged.state == Rejudging.State.CANCELLED
    assert AuditEntry.objects.get(act="rejudging.cancel").after == {"not_judged": 1}


def test_a_submission_is_in_one_open_rejudging_at_a_time(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    first = submit(alice)
    only_first = of_contest(contest).filter(pk=first.pk)
    staged = rejudging.start(submissions=only_first, reason="", actor=bob)
    submit(charlie)

    scope = rejudging.scope_of(of_contest(contest))
    second = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)

    assert (scope.taken, scope.being_rejudged) == (1, 1)
    assert second.judgements.count() == 1
    with pytest.raises(InvalidFieldsError):
        rejudging.start(submissions=only_first, reason="", actor=bob)
    rejudging.cancel(rejudging=staged, actor=bob)
    assert rejudging.start(submissions=only_first, reason="", actor=bob).judgements.count() == 1


def test_takes_nothing_that_is_still_being_judged(
    contest: Contest, submit: Submit, problem: Problem, alice: User, charlie: User, bob: User
) -> None:
    submit(alice)
    running = make_submission(
        charlie, contest=contest, problem=problem, microservice_submission_id=77
    )

    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)

    assert rejudging.scope_of(of_contest(contest)).unfinished == 1
    assert not staged.judgements.filter(submission=running).exists()


def test_a_fresh_rerun_waits_for_the_decision(
    contest: Contest, submit: Submit, alice: User, bob: User
) -> None:
    submission = submit(alice)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    for verdict in ("judging", "WA"):
        with pytest.raises(IllegalTransitionError, match="rejudging"):
            services.rerun_submission(submission_id=submission.pk, actor=bob)
        if verdict == "judging":
            tell_all(staged, {submission.pk: "WA"})

    rejudging.apply(rejudging=staged, actor=bob)

    assert services.rerun_submission(submission_id=submission.pk, actor=bob).status == "pending"


def test_a_fresh_rerun_that_runs_is_left_alone(
    contest: Contest, submit: Submit, alice: User, bob: User
) -> None:
    submission = submit(alice)
    services.rerun_submission(submission_id=submission.pk, actor=bob)

    with pytest.raises(InvalidFieldsError, match="none is finished and free"):
        rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    assert not Rejudging.objects.exists()


def test_is_decided_once_and_not_before_it_is_judged(
    contest: Contest, submit: Submit, alice: User, bob: User
) -> None:
    submission = submit(alice)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    with pytest.raises(IllegalTransitionError, match="still being judged"):
        rejudging.apply(rejudging=staged, actor=bob)
    tell_all(staged, {submission.pk: "AC"})

    rejudging.apply(rejudging=staged, actor=bob)

    with pytest.raises(IllegalTransitionError, match="applied already"):
        rejudging.cancel(rejudging=staged, actor=bob)


def test_final_results_are_not_touched(
    contest: Contest, submit: Submit, alice: User, bob: User, as_bob: APIClient
) -> None:
    submission = submit(alice)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    tell_all(staged, {submission.pk: "WA"})
    Contest.objects.update(finalized_at=timezone.now())

    with pytest.raises(ContestFinalError):
        rejudging.apply(rejudging=staged, actor=bob)
    rejudging.cancel(rejudging=staged, actor=bob)

    assert rejudging.scope_of(of_contest(contest)).finalized == 1
    with pytest.raises(ContestFinalError):
        services.rerun_submission(submission_id=submission.pk, actor=bob)
    answer = as_bob.post(REJUDGINGS, {"contest": contest.pk}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "contest-final")
    assert not Rejudging.objects.exclude(pk=staged.pk).exists()


def test_fresh_submissions_are_looked_after_before_a_whole_contest(
    contest: Contest, submit: Submit, problem: Problem, alice: User, bob: User
) -> None:
    old = [submit(alice) for _ in range(delivery.REJUDGED_AT_ONCE_MAX + 5)]
    rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    fresh = make_submission(
        alice, contest=contest, problem=problem, microservice_submission_id=None
    )
    now = timezone.now() + timedelta(minutes=1)

    due = delivery.list_due(now=now)

    first, *others = due.to_hand_over
    assert first == fresh.judgements.get().pk
    assert len(others) == delivery.REJUDGED_AT_ONCE_MAX < len(old)
    # Those that the execution service has are asked about; no new ones come before they are done.
    Judgement.objects.filter(pk__in=others).update(delivered_at=now, due_at=now)
    later = delivery.list_due(now=now)
    assert (later.to_hand_over, set(later.to_ask_about)) == ([first], set(others))
    Judgement.objects.filter(pk__in=others[:3]).update(finished_at=now)
    assert len(delivery.list_due(now=now).to_hand_over) == 1 + 3


def test_a_judge_rejudges_their_own_contests_only(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    submit(alice)
    other = make_contest(title="Other")
    rights = Rights(charlie, timezone.now())
    assert not rejudging.submissions_to_rejudge(rights, contest_id=contest.pk).exists()

    contest.roles.create(user=charlie, role="judge")
    rights = Rights(charlie, timezone.now())

    assert rejudging.submissions_to_rejudge(rights).count() == 1
    assert not rejudging.submissions_to_rejudge(rights, contest_id=other.pk).exists()
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    assert list(rejudging.list_rejudgings(rights)) == [staged]
    assert not rejudging.list_rejudgings(Rights(alice, timezone.now())).exists()


def outcome_of(act: Callable[[], object]) -> object:
    try:
        return act()
    except ClientError as error:
        return error


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do several things at the same moment; give what came of each."""
    return run_at_once([partial(outcome_of, act) for act in acts])


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
@pytest.mark.parametrize("attempt", range(3))
def test_of_a_rejudging_and_a_rerun_at_the_same_time_one_gets_the_submission(
    contest: Contest, submit: Submit, alice: User, bob: User, attempt: int
) -> None:
    submission = submit(alice)

    outcomes = at_once(
        lambda: rejudging.start(submissions=of_contest(contest), reason="", actor=bob),
        lambda: services.rerun_submission(submission_id=submission.pk, actor=bob),
    )

    refused = [each for each in outcomes if isinstance(each, ClientError)]
    assert len(refused) == 1
    assert submission.judgements.filter(finished_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
@pytest.mark.parametrize("attempt", range(3))
def test_two_decisions_at_the_same_time_are_one(
    contest: Contest, submit: Submit, alice: User, bob: User, attempt: int
) -> None:
    submission = submit(alice)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    tell_all(staged, {submission.pk: "WA"})

    outcomes = at_once(
        lambda: rejudging.apply(rejudging=staged, actor=bob),
        lambda: rejudging.cancel(rejudging=staged, actor=bob),
    )

    assert len([each for each in outcomes if isinstance(each, ClientError)]) == 1
    staged.refresh_from_db()
    submission.refresh_from_db()
    expected = {"applied": "WA", "cancelled": "AC"}
    assert submission.verdict == expected[staged.state]


@pytest.mark.parametrize("name", ["contest", "problem"])
def test_a_list_is_not_narrowed_by_a_number_that_no_id_can_be(as_bob: APIClient, name: str) -> None:
    answer = as_bob.get(f"{REJUDGINGS}?{name}={10**30}")

    assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
def test_the_last_two_results_at_the_same_time_make_it_ready(
    contest: Contest, submit: Submit, alice: User, charlie: User, bob: User
) -> None:
    submit(alice)
    submit(charlie)
    staged = rejudging.start(submissions=of_contest(contest), reason="", actor=bob)
    first, second = staged.judgements.order_by("submission_id")

    at_once(
        lambda: tell(first, "AC", number=901),
        lambda: tell(second, "AC", number=902),
    )

    staged.refresh_from_db()
    assert staged.state == Rejudging.State.READY
