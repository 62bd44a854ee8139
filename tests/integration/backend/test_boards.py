"""The stored boards equal, always, those computed from nothing; readers get them as they are."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from apps.code_execution import scoring
from apps.code_execution.models import CodeSubmission
from apps.contests.models import BoardRow, Contest, ContestParticipant, PublicStanding
from apps.contests.services import ranks, standings
from apps.contests.services.board import read_board
from apps.contests.services.ranks import ranked_publicly
from tests.support.contests import make_contest, make_problem
from tests.support.people import make_user

FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("icpc", {}),
    ("ioi", {"tie_break": "last_improvement"}),
    ("ioi", {"max_per_subtask": True}),
    ("atcoder", {}),
    ("last", {}),
]
VALUES = ("final_score", "penalty", "tie_break", "last_improved_at", "cells")


def make_frozen_contest(**fields: Any) -> Contest:
    start = timezone.now() - timedelta(hours=4, minutes=30)
    return make_contest(
        start_time=start,
        end_time=start + timedelta(hours=5),
        freeze_time=start + timedelta(hours=4),
        **fields,
    )


def make_attempt(
    participant: ContestParticipant, problem_id: int, minute: int, verdict: str | None
) -> CodeSubmission:
    points = {"AC": 100, "WA": 40}.get(verdict or "", 0)
    return CodeSubmission.objects.create(
        contest_id=participant.contest_id,
        participant=participant,
        user_id=participant.user_id,
        problem_id=problem_id,
        code="print(42)",
        language="python",
        status="pending" if verdict is None else "completed",
        verdict=verdict,
        score=None if verdict is None else points,
        group_scores={"easy": str(points)} if points else {},
        contest_time_ms=minute * 60_000,
    )


def update(submission: CodeSubmission) -> None:
    with transaction.atomic():
        scoring.update_board(submission)


def values_of(rows: Iterable[BoardRow]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in VALUES) for row in rows]


def stored(contest: Contest) -> dict[str, Any]:
    """Give all that is stored about both boards, but for the counts of changes."""
    participants = contest.participants.order_by("pk")
    return {
        "true": values_of(participants),
        "ranks": [each.rank for each in participants],
        "public": values_of(PublicStanding.objects.filter(contest=contest).order_by("participant")),
    }


class StoredBoards(HypothesisTestCase):
    @pytest.fixture(autouse=True)
    def large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Call four participants many, so that there are rushes."""
        monkeypatch.setattr(ranks, "AT_ONCE_MAX", 3)

    @settings(max_examples=25, deadline=None)
    @given(
        chosen=st.sampled_from(FORMATS),
        attempts=st.lists(
            st.tuples(
                st.integers(0, 3),
                st.integers(0, 2),
                st.integers(0, 299),
                st.sampled_from(["AC", "WA", "CE", "IE", None]),
                st.booleans(),
            ),
            min_size=1,
            max_size=25,
        ),
        later=st.lists(st.tuples(st.integers(0, 24), st.sampled_from(["AC", "WA", "TLE"]))),
    )
    def test_equal_those_computed_from_nothing(
        self,
        chosen: tuple[str, dict[str, Any]],
        attempts: list[tuple[int, int, int, str | None, bool]],
        later: list[tuple[int, str]],
    ) -> None:
        contest = make_frozen_contest(format=chosen[0], format_config=chosen[1])
        problems = [make_problem(contest, title=f"Problem {number}").pk for number in range(3)]
        people = [
            ContestParticipant.objects.create(contest=contest, user=make_user(f"user-{number}"))
            for number in range(4)
        ]
        scoring.recompute_board(contest=contest)
        made = []
        for person, problem, minute, verdict, is_calm in attempts:
            if is_calm:
                Contest.objects.update(boards_written_at=None)
            made.append(make_attempt(people[person], problems[problem], minute, verdict))
            update(made[-1])
        for index, verdict in later:  # results that come later, and rejudgements
            submission = made[index % len(made)]
            points = {"AC": 100, "WA": 40}.get(verdict, 0)
            submission.status, submission.verdict = "completed", verdict
            submission.score = points
            submission.group_scores = {"easy": str(points)} if points else {}
            submission.save()
            update(submission)
        scoring.bring_up_to_date(contest.pk)
        step_by_step = stored(contest)

        scoring.recompute_board(contest=contest)

        assert stored(contest) == step_by_step


@pytest.fixture
def contest(db: None) -> Contest:
    return make_frozen_contest(format="icpc", format_config={})


def enter(contest: Contest, name: str, **fields: Any) -> ContestParticipant:
    participant = ContestParticipant.objects.create(contest=contest, user=make_user(name), **fields)
    with transaction.atomic():
        standings.enter(contest=Contest.objects.get(pk=contest.pk), participant=participant)
    return participant


def board(contest: Contest, *, is_true: bool) -> dict[str, Any]:
    fresh = Contest.objects.get(pk=contest.pk)
    document = read_board(fresh, is_true=is_true, names_problems=True, now=timezone.now())
    read: dict[str, Any] = json.loads(document.body)
    return read


@pytest.mark.django_db
def test_a_site_that_starts_late_freezes_late() -> None:
    contest = make_frozen_contest()
    problem = make_problem(contest)
    assert contest.start_time
    late = timedelta(minutes=30)
    in_time, late_one = (
        ContestParticipant.objects.create(
            contest=contest, user=make_user(name), started_at=contest.start_time + delay
        )
        for name, delay in (("alice", timedelta(0)), ("charlie", late))
    )
    moment = contest.start_time + timedelta(hours=4, minutes=10)
    for participant in (in_time, late_one):
        at_ms = scoring.contest_time_ms_of(contest, participant, moment)
        update(make_attempt(participant, problem.pk, at_ms // 60_000, "AC"))

    scores = [each.public_standing.final_score for each in (in_time, late_one)]

    assert scores == [0, 100]


def test_the_public_board_hides_verdicts_since_the_freeze(contest: Contest) -> None:
    problem = make_problem(contest)
    alice = enter(contest, "alice")
    scoring.recompute_board(contest=contest)

    update(make_attempt(alice, problem.pk, minute=250, verdict="AC"))

    true, public = board(contest, is_true=True), board(contest, is_true=False)
    assert (true["rows"][0]["score"], true["problems"][0]["solved"]) == (1, 1)
    assert (public["rows"][0]["score"], public["problems"][0]["solved"]) == (0, 0)
    assert public["rows"][0]["cells"][0]["pending"] == 1
    assert public["problems"][0]["first_solvers"] == []
    assert (true["is_frozen"], public["is_frozen"]) == (False, True)
    assert [rank for rank, _ in ranked_publicly(contest)] == [1]


def test_a_reader_gets_what_changed_since_it_last_looked(contest: Contest) -> None:
    problem = make_problem(contest)
    alice, charlie = enter(contest, "alice"), enter(contest, "charlie")
    scoring.recompute_board(contest=contest)
    before = board(contest, is_true=True)

    update(make_attempt(charlie, problem.pk, minute=10, verdict="AC"))
    dora = enter(contest, "dora")

    after = board(contest, is_true=True)
    assert [row["participant"] for row in before["rows"]] == [alice.pk, charlie.pk]
    assert [(row["rank"], row["participant"]) for row in after["rows"]] == [
        (1, charlie.pk),
        (2, alice.pk),
        (2, dora.pk),
    ]
    assert after["problems"][0]["first_solvers"] == [charlie.pk]


def test_a_board_that_did_not_change_has_the_same_tag(contest: Contest) -> None:
    enter(contest, "alice")
    now = timezone.now()
    fresh = Contest.objects.get(pk=contest.pk)

    first = read_board(fresh, is_true=False, names_problems=True, now=now)

    assert read_board(fresh, is_true=False, names_problems=True, now=now) is first
    assert read_board(fresh, is_true=True, names_problems=True, now=now).etag != first.etag


def test_who_is_out_of_competition_has_a_row_without_a_rank(contest: Contest) -> None:
    problem = make_problem(contest)
    guest = enter(contest, "guest", kind=ContestParticipant.Kind.UNOFFICIAL)
    alice = enter(contest, "alice")
    scoring.recompute_board(contest=contest)
    update(make_attempt(guest, problem.pk, minute=1, verdict="AC"))
    update(make_attempt(alice, problem.pk, minute=9, verdict="AC"))

    rows = board(contest, is_true=True)["rows"]

    assert [(row["rank"], row["participant"]) for row in rows] == [(None, guest.pk), (1, alice.pk)]
    assert board(contest, is_true=True)["problems"][0]["first_solvers"] == [alice.pk]


@pytest.mark.parametrize("state", ["disqualified", "waiting"])
def test_who_does_not_take_part_is_on_no_board(contest: Contest, state: str) -> None:
    alice = enter(contest, "alice")
    enter(contest, "charlie", state=state)

    assert [row["participant"] for row in board(contest, is_true=True)["rows"]] == [alice.pk]


def test_who_left_the_ranking_loses_the_rank_in_a_new_edition(contest: Contest) -> None:
    alice, charlie = enter(contest, "alice"), enter(contest, "charlie")
    scoring.recompute_board(contest=contest)
    ContestParticipant.objects.filter(pk=alice.pk).update(state="disqualified")

    scoring.recompute_board(contest=contest)

    alice.refresh_from_db()
    charlie.refresh_from_db()
    assert (alice.rank, charlie.rank) == (None, 1)
    assert len(board(contest, is_true=True)["rows"]) == 1
