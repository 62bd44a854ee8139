"""What an installation brings along when it is brought up to date."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.code_execution.models import CodeSubmission
from apps.code_execution.scoring import recompute_board
from apps.contests.models import Contest
from apps.problems.models import Problem
from tests.support.people import make_user

BEFORE_PROBLEMS_WERE_AN_APP = [
    ("contests", "0002_problem_allows_compile_options_and_more"),
    ("code_execution", "0003_execution_service"),
]


@pytest.fixture
def old_models(transactional_db: None) -> Iterator[Any]:
    """The models of the past, on tables of the past; afterwards the tables are as they were."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate([*BEFORE_PROBLEMS_WERE_AN_APP, ("problems", None)])
    yield MigrationExecutor(connection).loader.project_state(BEFORE_PROBLEMS_WERE_AN_APP).apps
    MigrationExecutor(connection).migrate(newest)


def test_problems_submissions_and_scores_survive(old_models: Any) -> None:
    alice = make_user("alice")
    now = timezone.now()
    contest = old_models.get_model("contests", "Contest").objects.create(
        title="Winter cup", start_time=now - timedelta(hours=1)
    )
    problem = old_models.get_model("contests", "Problem").objects.create(title="Sum", statement="?")
    test_case = old_models.get_model("contests", "TestCase").objects.create(
        problem=problem, position=1, input="1 2\n", expected_output="3\n"
    )
    old_models.get_model("contests", "ContestProblem").objects.create(
        contest=contest, problem=problem, points=100
    )
    old_models.get_model("contests", "ContestParticipant").objects.create(
        contest=contest, user_id=alice.pk
    )
    submission = old_models.get_model("code_execution", "CodeSubmission").objects.create(
        user_id=alice.pk,
        contest=contest,
        problem=problem,
        code="print(3)",
        language="python",
        status="completed",
        verdict="AC",
        score=100,
        is_correct=True,
        test_results=[{"test_case_id": str(test_case.pk), "passed": True}],
    )
    old_models.get_model("code_execution", "Judgement").objects.create(
        submission=submission, due_at=now, finished_at=now, status="completed", verdict="AC"
    )
    executor = MigrationExecutor(connection)

    executor.migrate(executor.loader.graph.leaf_nodes())

    kept = Problem.objects.get().test_cases.get()
    assert (kept.input, kept.expected_output) == ("1 2\n", "3\n")
    after = CodeSubmission.objects.select_related("judgement").get()
    assert after.test_results == [{"test_case_id": str(test_case.pk), "passed": True}]
    assert Contest.objects.get().board_row_count == 1
    recompute_board(contest=Contest.objects.get())
    participant = Contest.objects.get().participants.get()
    assert (participant.final_score, participant.rank) == (Decimal(100), 1)
