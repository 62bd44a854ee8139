"""Where everybody may move by one with each verdict, ranks are written every few seconds."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.code_execution import scoring
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import ranks
from apps.users.models import User
from tests.support.contests import make_contest, make_problem
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call three participants many."""
    monkeypatch.setattr(ranks, "AT_ONCE_MAX", 2)


@pytest.fixture
def contest(alice: User, charlie: User) -> Contest:
    contest = make_contest()
    make_problem(contest)
    for user in (alice, charlie, make_user("dora")):
        ContestParticipant.objects.create(contest=contest, user=user)
    scoring.recompute_board(contest=contest)
    return contest


def accept(contest: Contest, user: User) -> None:
    participant = contest.participants.get(user=user)
    submission = user.submissions.create(
        contest=contest,
        participant=participant,
        problem=contest.contest_problems.get().problem,
        code="print(42)",
        language="python",
        status="completed",
        verdict="AC",
        score=100,
        contest_time_ms=60_000,
    )
    with transaction.atomic():
        scoring.update_board(submission)


def stored_ranks(contest: Contest) -> dict[str, Any]:
    return dict(contest.participants.values_list("user__username", "rank"))


def test_stay_for_a_while_and_then_are_right(contest: Contest, alice: User) -> None:
    accept(contest, alice)
    assert stored_ranks(contest) == {"alice": 1, "charlie": 1, "dora": 1}

    ranks.rank_stale(now=timezone.now() + ranks.RANKED_EVERY)

    assert stored_ranks(contest) == {"alice": 1, "charlie": 2, "dora": 2}


def test_are_written_by_the_next_verdict_after_a_while(
    contest: Contest, alice: User, charlie: User
) -> None:
    accept(contest, alice)
    a_while_ago = timezone.now() - ranks.RANKED_EVERY
    Contest.objects.update(ranked_at=a_while_ago, boards_written_at=a_while_ago)

    accept(contest, charlie)

    assert stored_ranks(contest) == {"alice": 1, "charlie": 1, "dora": 3}


def test_are_not_written_too_often(contest: Contest, alice: User) -> None:
    accept(contest, alice)

    ranks.rank_stale(now=timezone.now() + ranks.RANKED_EVERY - timedelta(seconds=1))

    assert stored_ranks(contest)["charlie"] == 1


def test_are_right_where_they_decide(contest: Contest, alice: User) -> None:
    accept(contest, alice)

    changed = scoring.mend_board(contest=contest, actor=alice)

    assert changed == 0
    assert stored_ranks(contest) == {"alice": 1, "charlie": 2, "dora": 2}


def test_follow_at_once_in_a_contest_that_is_not_large(
    contest: Contest, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "AT_ONCE_MAX", 3)

    accept(contest, alice)

    assert stored_ranks(contest) == {"alice": 1, "charlie": 2, "dora": 2}


def test_are_not_looked_at_for_a_verdict_of_somebody_unranked(
    contest: Contest, alice: User
) -> None:
    contest.participants.filter(user=alice).update(kind=ContestParticipant.Kind.UNOFFICIAL)
    before = Contest.objects.get(pk=contest.pk)

    accept(contest, alice)

    after = Contest.objects.get(pk=contest.pk)
    assert after.board_version > before.board_version
    assert (after.ranked_at, after.has_stale_ranks) == (before.ranked_at, False)
