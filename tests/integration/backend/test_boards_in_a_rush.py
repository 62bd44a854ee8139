"""In a rush the boards of a large contest follow a little later, many cells at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.archives.services.exporting import export_contest
from apps.code_execution import scoring
from apps.code_execution.comparison import compare
from apps.code_execution.finalizing import finalize
from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.code_execution.services import delete_submission
from apps.contests.models import Contest, ContestParticipant, PublicStanding, StaleCell
from apps.contests.services import acts, ranks, stale_cells
from apps.core import live
from apps.users.models import User
from config.celery import app
from live.wire import Tick
from tests.support.contests import make_problem
from tests.support.people import make_user
from tests.support.scoreboards import HOUR, bring, enter, make_cup
from tests.support.threads import run_at_once

pytestmark = pytest.mark.django_db

NAMES = ("alice", "charlie", "dora")
VALUES = ("final_score", "penalty", "tie_break", "last_improved_at", "cells")


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call three participants many, and a minute a moment."""
    monkeypatch.setattr(ranks, "AT_ONCE_MAX", 2)
    monkeypatch.setattr(stale_cells, "WRITTEN_EVERY", timedelta(minutes=1))


@pytest.fixture
def contest(db: None) -> Contest:
    """A contest of yesterday, which has ended."""
    contest = make_cup(30 * HOUR)
    make_problem(contest)
    for name in NAMES:
        ContestParticipant.objects.create(contest=contest, user=make_user(name))
    scoring.recompute_board(contest=contest)
    return contest


def tried(contest: Contest, name: str, *, minute: int = 10) -> CodeSubmission:
    """Store a submission that nobody has brought to the boards."""
    participant = contest.participants.get(user__username=name)
    return CodeSubmission.objects.create(
        contest=contest,
        participant=participant,
        user_id=participant.user_id,
        problem=contest.contest_problems.get().problem,
        code="print(42)",
        language="python",
        contest_time_ms=minute * 60_000,
    )


def accept(contest: Contest, name: str, *, minute: int = 10) -> CodeSubmission:
    submission = tried(contest, name, minute=minute)
    bring(submission, "AC")
    return submission


def be_calm(contest: Contest) -> None:
    """Let a moment pass."""
    Contest.objects.filter(pk=contest.pk).update(boards_written_at=None)


def beat() -> None:
    """Do what beat starts every two seconds."""
    app.loader.import_default_modules()
    app.tasks[app.conf.beat_schedule["rank"]["task"]]()


def scores(contest: Contest) -> dict[str, int]:
    rows = contest.participants.values_list("user__username", "final_score")
    return {name: int(score) for name, score in rows}


def stored(contest: Contest) -> dict[str, Any]:
    """Give all that is stored about both boards, but for the counts of changes."""
    public = PublicStanding.objects.filter(contest=contest).order_by("participant_id")
    return {
        "true": list(contest.participants.order_by("pk").values_list("rank", *VALUES)),
        "public": list(public.values_list(*VALUES)),
    }


class TestARush:
    def test_begins_with_a_verdict_that_is_on_the_boards_at_once(self, contest: Contest) -> None:
        accept(contest, "alice")

        assert scores(contest) == {"alice": 1, "charlie": 0, "dora": 0}
        assert not StaleCell.objects.exists()

    def test_costs_a_further_verdict_one_statement(
        self, contest: Contest, django_assert_num_queries: Any
    ) -> None:
        accept(contest, "alice")
        submission = tried(contest, "charlie")

        with transaction.atomic(), django_assert_num_queries(1):
            scoring.update_board(submission)

        assert scores(contest)["charlie"] == 0
        assert StaleCell.objects.count() == 1

    def test_costs_many_verdicts_one_statement_together(
        self, contest: Contest, django_assert_num_queries: Any
    ) -> None:
        accept(contest, "alice")
        submissions = [tried(contest, name) for name in NAMES]

        with transaction.atomic(), django_assert_num_queries(1):
            scoring.update_boards([*submissions, submissions[0]])

        assert StaleCell.objects.count() == len(NAMES)

    def test_ends_with_a_verdict_that_takes_all_along_as_one_change(self, contest: Contest) -> None:
        accept(contest, "alice")
        accept(contest, "charlie")
        be_calm(contest)
        before = Contest.objects.get(pk=contest.pk)

        accept(contest, "dora")

        after = Contest.objects.get(pk=contest.pk)
        assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 1}
        assert after.board_version == before.board_version + 1
        assert after.public_board_version == before.public_board_version + 1
        assert not StaleCell.objects.exists()

    def test_is_none_in_a_contest_that_is_not_large(
        self, contest: Contest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ranks, "AT_ONCE_MAX", 3)
        accept(contest, "alice")

        accept(contest, "charlie")

        assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 0}
        assert set(contest.participants.values_list("rank", flat=True)) == {1, 3}

    def test_is_possible_as_soon_as_enough_have_entered(
        self, contest: Contest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ranks, "AT_ONCE_MAX", 3)
        enter(contest, make_user("erin"))
        accept(contest, "alice")

        accept(contest, "charlie")

        assert scores(contest) == {"alice": 1, "charlie": 0, "dora": 0, "erin": 0}

    def test_of_one_contest_leaves_others_alone(self, contest: Contest) -> None:
        other = make_cup(30 * HOUR)
        make_problem(other)
        ContestParticipant.objects.create(contest=other, user=User.objects.get(username="alice"))
        scoring.recompute_board(contest=other)
        accept(contest, "alice")

        submissions = [tried(each, "alice", minute=20) for each in (contest, other)]
        with transaction.atomic():
            scoring.update_boards(submissions)

        cells = dict(StaleCell.objects.values_list("contest", "participant"))
        assert cells == {contest.pk: submissions[0].participant_id}

    def test_leaves_nothing_of_what_was_rolled_back(self, contest: Contest) -> None:
        accept(contest, "alice")
        submission = tried(contest, "charlie")

        with transaction.atomic():
            scoring.update_board(submission)
            transaction.set_rollback(True)

        assert not StaleCell.objects.exists()


class TestTheTask:
    def test_brings_boards_and_ranks_up_to_date(self, contest: Contest) -> None:
        for name in NAMES:
            accept(contest, name, minute=10 + NAMES.index(name))

        beat()

        caught_up = stored(contest)
        scoring.recompute_board(contest=contest)
        assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 1}
        assert stored(contest) == caught_up

    def test_takes_so_many_cells_at_a_time(
        self, contest: Contest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stale_cells, "TAKEN_AT_ONCE_MAX", 1)
        for name in NAMES:
            accept(contest, name)
        before = Contest.objects.get(pk=contest.pk).board_version

        beat()

        assert Contest.objects.get(pk=contest.pk).board_version == before + 2
        assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 1}
        assert not StaleCell.objects.exists()

    def test_leaves_the_boards_alone_when_somebody_else_was_faster(
        self, contest: Contest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accept(contest, "alice")
        answers = iter([True, False])
        monkeypatch.setattr(stale_cells, "are_left", lambda _contest_id: next(answers))
        before = Contest.objects.get(pk=contest.pk).board_version

        scoring.bring_up_to_date(contest.pk)

        assert Contest.objects.get(pk=contest.pk).board_version == before

    @pytest.mark.django_db(transaction=True)
    def test_tells_who_watches_once(
        self, contest: Contest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in NAMES:
            accept(contest, name)
        told: list[Tick] = []
        monkeypatch.setattr(live, "_listeners", [told.append])

        beat()

        kinds = [f"board/{contest.pk}/{kind}" for kind in ("true", "public")]
        assert [tick.channels for tick in told] == [(kind,) for kind in kinds]

    def test_costs_many_cells_no_more_statements_than_one(self, contest: Contest) -> None:
        costs = []
        for names in (NAMES[1:2], NAMES):
            accept(contest, "alice")
            for name in names:
                accept(contest, name, minute=5)
            with CaptureQueriesContext(connection) as statements:
                beat()
            costs.append(len(statements))

        assert costs[1] <= costs[0]


class TestWhatWasDeleted:
    def test_a_participant_is_left_out(self, contest: Contest) -> None:
        accept(contest, "alice")
        accept(contest, "charlie")
        accept(contest, "dora")
        contest.participants.filter(user__username="charlie").delete()

        beat()

        assert scores(contest) == {"alice": 1, "dora": 1}
        assert not StaleCell.objects.exists()

    def test_a_problem_has_no_cell(self, contest: Contest) -> None:
        accept(contest, "alice")
        accept(contest, "charlie")
        contest.contest_problems.all().delete()

        beat()

        assert contest.participants.get(user__username="charlie").cells == {}
        assert not StaleCell.objects.exists()

    def test_a_contest_takes_its_cells_along_at_last(self, contest: Contest) -> None:
        accept(contest, "alice")
        accept(contest, "charlie")
        contest.delete()

        beat()

        assert not StaleCell.objects.exists()

    @pytest.mark.parametrize("is_calm", [True, False])
    def test_the_only_submission_leaves_no_cell(
        self,
        contest: Contest,
        bob: User,
        is_calm: bool,
    ) -> None:
        submission = accept(contest, "alice")
        if is_calm:
            be_calm(contest)
        delete_submission(submission_id=submission.pk, actor=bob)
        beat()

        found = stored(contest)

        scoring.recompute_board(contest=contest)
        assert stored(contest) == found
        assert scores(contest)["alice"] == 0


def mend(contest: Contest, bob: User) -> None:
    assert scoring.mend_board(contest=contest, actor=bob) == 0


def end_unfreezing(contest: Contest, bob: User) -> None:
    acts.unfreeze(contest=contest, now=timezone.now(), actor=bob)


def make_final(contest: Contest, bob: User) -> None:
    finalize(contest=contest, now=timezone.now(), actor=bob)


def change_rules(contest: Contest, bob: User) -> None:
    scoring.recompute_board(contest=contest)


def export_archive(contest: Contest, bob: User) -> None:
    archive = export_contest(contest=contest, actor=bob, now=timezone.now())
    assert archive.scoreboard


def look_at_a_rejudging(contest: Contest, bob: User) -> None:
    rejudging = Rejudging.objects.create(contest=contest, created_by=bob, state="ready")
    for submission in contest.submissions.all():
        Judgement.objects.create(
            submission=submission,
            rejudging=rejudging,
            due_at=timezone.now(),
            finished_at=timezone.now(),
            status="completed",
            verdict="WA",
        )
    changes = [(int(each.old_score), int(each.new_score)) for each in compare(rejudging).affected]
    assert changes == [(1, 0)] * len(NAMES)


@pytest.mark.parametrize(
    "act",
    [
        mend,
        end_unfreezing,
        make_final,
        change_rules,
        export_archive,
        look_at_a_rejudging,
    ],
    ids=lambda act: act.__name__,
)
def test_boards_are_exact_where_they_decide(
    contest: Contest, bob: User, act: Callable[[Contest, User], None]
) -> None:
    for name in NAMES:
        accept(contest, name)
    assert StaleCell.objects.exists()

    act(contest, bob)

    assert not StaleCell.objects.exists()
    assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 1}
    assert set(contest.participants.values_list("rank", flat=True)) == {1}


def test_a_download_of_standings_is_exact(contest: Contest, manager: Client) -> None:
    for name in NAMES:
        accept(contest, name)
    ids = list(contest.participants.values_list("pk", flat=True))

    answer = manager.post(
        "/admin/contests/contestparticipant/",
        {"action": "export_standings", "_selected_action": ids},
    )

    rows: Sequence[str] = answer.content.decode().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["1", "1", "1"]


@pytest.mark.locks
@pytest.mark.django_db(transaction=True)
def test_of_results_at_the_same_moment_none_is_lost(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale_cells, "WRITTEN_EVERY", timedelta(milliseconds=5))
    monkeypatch.setattr(stale_cells, "TAKEN_AT_ONCE_MAX", 3)
    waiting: Mapping[str, list[CodeSubmission]] = {
        name: [tried(contest, name, minute=minute) for minute in range(6)] for name in NAMES
    }

    def judge(submissions: list[CodeSubmission], verdicts: Sequence[str]) -> None:
        for submission, verdict in zip(submissions, verdicts, strict=True):
            bring(submission, verdict)

    def catch_up(times: int) -> None:
        for _ in range(times):
            beat()

    halves = [
        partial(judge, submissions[half::2], verdicts)
        for submissions, verdicts in zip(
            waiting.values(),
            (["WA", "WA", "AC"], ["CE", "AC", "WA"], ["WA", "TLE", "WA"]),
            strict=True,
        )
        for half in (0, 1)
    ]
    run_at_once([*halves, partial(catch_up, 5)])
    scoring.bring_up_to_date(contest.pk)

    found = stored(contest)
    scoring.recompute_board(contest=contest)
    assert stored(contest) == found
    assert scores(contest) == {"alice": 1, "charlie": 1, "dora": 0}
    assert not StaleCell.objects.exists()
