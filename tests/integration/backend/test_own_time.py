"""When somebody may submit: in a window of their own, with extra time, and after the end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem
from tests.support.entering import join, submit
from tests.support.execution_service import FakeExecutionService
from tests.support.webhooks import deliver

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = pytest.mark.django_db(transaction=True)
CONTESTS = "/api/code-execution/contests/"
SUBMISSIONS = "/api/code-execution/submissions/"
HELLO = {"code": "print(3)", "language": "python"}
HOUR = timedelta(hours=1)


class TestOwnWindow:
    """Where everybody has a window, it is started once, by asking for it."""

    @pytest.fixture
    def contest(self) -> Contest:
        """A contest in which everybody has an hour."""
        now = timezone.now()
        return make_contest(start_time=now - HOUR, end_time=now + 5 * HOUR, window_minutes=60)

    def start(self, client: APIClient, contest: Contest, **body: Any) -> Any:
        return client.post(f"{CONTESTS}{contest.pk}/start/", body)

    def test_starting_joins_and_tells_the_end(self, contest: Contest, as_alice: APIClient) -> None:
        answer = self.start(as_alice, contest)

        assert answer.status_code == 200, answer.json()
        [own] = as_alice.get(f"{CONTESTS}{contest.pk}/participation/").json()
        assert own == answer.json()
        row = contest.participants.get()
        assert row.started_at is not None
        assert own["ends_at"] == (row.started_at + HOUR).isoformat().replace("+00:00", "Z")

    def test_a_second_start_changes_nothing(self, contest: Contest, as_alice: APIClient) -> None:
        first, second = self.start(as_alice, contest), self.start(as_alice, contest)

        assert second.json()["starts_at"] == first.json()["starts_at"]

    def test_nobody_submits_before_it(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        join(as_alice, contest)

        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "own-time-not-started")

    def test_looking_starts_nothing(self, contest: Contest, as_alice: APIClient) -> None:
        join(as_alice, contest)

        as_alice.get(f"{CONTESTS}{contest.pk}/")
        as_alice.get("/api/code-execution/problems/")

        assert contest.participants.get().started_at is None

    def test_submits_within_it_by_its_own_clock(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        self.start(as_alice, contest)

        answer = submit(as_alice, contest)

        assert answer.status_code == 201
        time_ms = CodeSubmission.objects.get().contest_time_ms
        assert time_ms is not None
        assert 0 <= time_ms < 60_000

    def test_nobody_submits_after_it(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        self.start(as_alice, contest)
        contest.participants.update(started_at=timezone.now() - HOUR)

        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")
        assert answer.json()["detail"].startswith("Your time ended at")

    def test_extra_time_makes_it_longer(
        self,
        contest: Contest,
        as_alice: APIClient,
        as_bob: APIClient,
        execution_service: FakeExecutionService,
    ) -> None:
        self.start(as_alice, contest)
        contest.participants.update(started_at=timezone.now() - HOUR)
        address = f"{CONTESTS}{contest.pk}/participants/{contest.participants.get().pk}/"

        as_bob.patch(address, {"extra_time_s": 600})

        assert submit(as_alice, contest).status_code == 201

    def test_it_does_not_start_before_the_contest(self, as_alice: APIClient) -> None:
        contest = make_contest(start_time=timezone.now() + HOUR, window_minutes=60)

        answer = self.start(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")
        assert not contest.participants.exists()

    def test_it_can_not_be_given_back_by_leaving(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        self.start(as_alice, contest)

        assert as_alice.post(f"{CONTESTS}{contest.pk}/leave/").status_code == 400

    def test_there_is_none_to_start_where_all_have_the_same_time(self, as_alice: APIClient) -> None:
        answer = self.start(as_alice, make_contest())

        assert (answer.status_code, answer.json()["code"]) == (400, "participation")


def test_extra_time_goes_on_after_the_end_of_a_contest_without_windows(
    as_alice: APIClient, as_charlie: APIClient, alice: User, execution_service: FakeExecutionService
) -> None:
    now = timezone.now()
    contest = make_contest(start_time=now - 2 * HOUR, end_time=now - timedelta(minutes=1))
    ContestParticipant.objects.create(contest=contest, user=alice, extra_time_s=600)

    assert submit(as_alice, contest).status_code == 201
    assert submit(as_charlie, contest).status_code == 400


def test_a_freeze_does_not_stop_submitting(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    now = timezone.now()
    contest = make_contest(start_time=now - 2 * HOUR, freeze_time=now - HOUR, end_time=now + HOUR)

    assert submit(as_alice, contest).status_code == 201


class TestAfterTheEnd:
    """Virtual participation counts from its own start; practice does not count."""

    @pytest.fixture
    def contest(self) -> Contest:
        """A contest of two hours that is over."""
        now = timezone.now()
        return make_contest(start_time=now - 10 * HOUR, end_time=now - 8 * HOUR)

    def test_a_virtual_participation_lasts_as_long_as_the_contest(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        answer = as_alice.post(f"{CONTESTS}{contest.pk}/virtual/")

        assert answer.status_code == 200, answer.json()
        assert answer.json()["kind"] == "virtual"
        row = contest.participants.get()
        assert row.started_at is not None
        ends_at = (row.started_at + 2 * HOUR).isoformat().replace("+00:00", "Z")
        assert answer.json()["ends_at"] == ends_at

    def test_it_is_started_once(self, contest: Contest, as_alice: APIClient) -> None:
        first = as_alice.post(f"{CONTESTS}{contest.pk}/virtual/").json()

        assert as_alice.post(f"{CONTESTS}{contest.pk}/virtual/").json() == first

    def test_submissions_count_for_it_and_it_has_no_rank(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        problem = make_problem(contest)
        as_alice.post(f"{CONTESTS}{contest.pk}/virtual/")

        answer = submit(as_alice, contest, problem=problem.pk)

        assert answer.status_code == 201, answer.json()
        deliver(make_event(CodeSubmission.objects.get()))
        row = contest.participants.get()
        assert (row.kind, row.final_score, row.rank) == ("virtual", Decimal(100), None)

    def test_beside_it_the_old_result_stays(
        self,
        contest: Contest,
        as_alice: APIClient,
        alice: User,
        execution_service: FakeExecutionService,
    ) -> None:
        official = ContestParticipant.objects.create(contest=contest, user=alice)
        as_alice.post(f"{CONTESTS}{contest.pk}/virtual/")

        submit(as_alice, contest)

        assert CodeSubmission.objects.get().participant != official
        kinds = [
            each["kind"] for each in as_alice.get(f"{CONTESTS}{contest.pk}/participation/").json()
        ]
        assert kinds == ["official", "virtual"]

    def test_nobody_submits_after_it(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        as_alice.post(f"{CONTESTS}{contest.pk}/virtual/")
        contest.participants.update(started_at=timezone.now() - 2 * HOUR)

        assert submit(as_alice, contest).status_code == 400

    @pytest.mark.parametrize(
        "fields", [{"allows_virtual": False}, {"is_active": False}, {"end_time": None}], ids=str
    )
    def test_not_every_contest_can_be_taken_again(
        self, contest: Contest, as_alice: APIClient, fields: dict[str, Any]
    ) -> None:
        Contest.objects.update(**fields)

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/virtual/")

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")

    def test_a_submission_without_either_is_refused(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")

    def test_practice_is_judged_and_does_not_count(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        problem = make_problem(contest)

        answer = submit(as_alice, contest, problem=problem.pk, purpose="practice")

        assert answer.status_code == 201, answer.json()
        submission = CodeSubmission.objects.get()
        deliver(make_event(submission))
        submission.refresh_from_db()
        assert (submission.verdict, submission.score, submission.participant) == ("AC", 100, None)
        assert not contest.participants.exists()

    @pytest.mark.parametrize(
        "fields",
        [{"allows_practice": False}, {"is_active": False}, {"end_time": None}],
        ids=str,
    )
    def test_not_every_contest_can_be_practised(
        self,
        contest: Contest,
        as_alice: APIClient,
        execution_service: FakeExecutionService,
        fields: dict[str, Any],
    ) -> None:
        Contest.objects.update(**fields)

        answer = submit(as_alice, contest, purpose="practice")

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")

    def test_nobody_practises_while_their_own_time_runs(
        self,
        contest: Contest,
        as_alice: APIClient,
        alice: User,
        execution_service: FakeExecutionService,
    ) -> None:
        ContestParticipant.objects.create(contest=contest, user=alice, extra_time_s=24 * 3600)

        answer = submit(as_alice, contest, purpose="practice")

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")

    def test_a_stranger_does_not_practise_in_a_private_contest(
        self, contest: Contest, as_charlie: APIClient, execution_service: FakeExecutionService
    ) -> None:
        Contest.objects.update(access="private")

        answer = submit(as_charlie, contest, purpose="practice")

        assert answer.status_code == 400
        assert "contest" in answer.json()

    def test_practice_needs_a_contest(self, as_alice: APIClient) -> None:
        answer = as_alice.post(SUBMISSIONS, {**HELLO, "purpose": "practice"})

        assert answer.status_code == 400
        assert "contest" in answer.json()
