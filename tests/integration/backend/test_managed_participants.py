"""What managers do with participants: the list, and disqualifying."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services import participation
from apps.core.errors import ContestFinalError
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.entering import join, submit
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user
from tests.support.webhooks import deliver

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = pytest.mark.django_db(transaction=True)
CONTESTS = "/api/code-execution/contests/"


class TestManagersList:
    """What managers do with participants, and what they may not."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"username": "nobody"},
            {},
            {"username": "alice", "extra_time_s": -1},
            {"username": "alice", "extra_time_s": 7 * 24 * 3600 + 1},
            {"username": "alice", "kind": "virtual"},
            {"username": "alice", "members": ["charlie"]},
            {"username": "alice", "is_team": True, "members": ["alice"]},
            {"username": "alice", "is_team": True, "members": ["charlie"] * 21},
            {"username": "alice", "name": "x" * 201},
        ],
        ids=str,
    )
    def test_refuses_a_bad_field(
        self, as_bob: APIClient, alice: User, charlie: User, fields: dict[str, Any]
    ) -> None:
        contest = make_contest()

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", fields)

        assert answer.status_code == 400
        assert not contest.participants.exists()

    def test_adds_nobody_twice(self, as_bob: APIClient, as_alice: APIClient) -> None:
        contest = make_contest()
        join(as_alice, contest)

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", {"username": "alice"})

        assert answer.status_code == 400
        assert "username" in answer.json()

    def test_adds_more_than_there_are_places(self, as_bob: APIClient, alice: User) -> None:
        contest = make_contest(max_participants=1)
        participation.join(contest=contest, user=make_user("dora"))

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", {"username": "alice"})

        assert answer.status_code == 201

    def test_moves_no_start_of_one_who_has_submitted(self, as_bob: APIClient, alice: User) -> None:
        contest = make_contest(window_minutes=60)
        row = ContestParticipant.objects.create(
            contest=contest, user=alice, started_at=timezone.now(), has_submitted=True
        )

        answer = as_bob.patch(
            f"{CONTESTS}{contest.pk}/participants/{row.pk}/", {"started_at": "2026-01-01T00:00Z"}
        )

        assert answer.status_code == 400
        assert "started_at" in answer.json()

    def test_who_is_set_out_of_competition_loses_the_rank(
        self, as_bob: APIClient, alice: User
    ) -> None:
        contest = make_contest()
        submission = make_submission(alice, contest=contest, problem=make_problem(contest))
        deliver(make_event(submission))
        row = contest.participants.get()

        as_bob.patch(f"{CONTESTS}{contest.pk}/participants/{row.pk}/", {"kind": "unofficial"})

        assert row.rank == 1
        row.refresh_from_db()
        assert row.rank is None

    def test_the_submissions_of_one_removed_stay(self, as_bob: APIClient, alice: User) -> None:
        contest = make_contest()
        submission = make_submission(alice, contest=contest)
        row = contest.participants.get()

        answer = as_bob.delete(f"{CONTESTS}{contest.pk}/participants/{row.pk}/")

        assert answer.status_code == 204
        submission.refresh_from_db()
        assert (submission.contest, submission.participant) == (contest, None)
        assert AuditEntry.objects.get().act == "participant.remove"


class TestDisqualification:
    """A disqualified participant has no rank and submits no more, until it is taken back."""

    @pytest.fixture
    def contest(self, alice: User, charlie: User) -> Contest:
        """A contest that alice leads before charlie."""
        contest = make_contest()
        problem = make_problem(contest)
        for number, user in enumerate((alice, charlie), start=1):
            submission = make_submission(
                user,
                contest=contest,
                problem=problem,
                microservice_submission_id=number,
                created_at=timezone.now() + timedelta(seconds=number),
            )
            deliver(make_event(submission), message_id=f"evt-{number}")
        return contest

    def address(self, contest: Contest, username: str) -> str:
        participant = contest.participants.get(user__username=username)
        return f"{CONTESTS}{contest.pk}/participants/{participant.pk}/"

    def ranks(self, contest: Contest) -> dict[str, int | None]:
        return dict(contest.participants.values_list("user__username", "rank"))

    def test_takes_the_rank_and_gives_it_back(self, contest: Contest, as_bob: APIClient) -> None:
        before = self.ranks(contest)

        out = as_bob.post(f"{self.address(contest, 'alice')}disqualify/", {"reason": "copied"})
        without = self.ranks(contest)
        back = as_bob.post(f"{self.address(contest, 'alice')}reinstate/")

        assert (out.status_code, back.status_code) == (200, 200)
        assert out.json()["state"] == "disqualified"
        assert out.json()["disqualification_reason"] == "copied"
        assert before == {"alice": 1, "charlie": 2}
        assert without == {"alice": None, "charlie": 1}
        assert self.ranks(contest) == before

    def test_the_disqualified_do_not_submit(
        self,
        contest: Contest,
        as_bob: APIClient,
        as_alice: APIClient,
        execution_service: FakeExecutionService,
    ) -> None:
        as_bob.post(f"{self.address(contest, 'alice')}disqualify/", {"reason": "copied"})

        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (403, "disqualified")
        [own] = as_alice.get(f"{CONTESTS}{contest.pk}/participation/").json()
        assert own["disqualification_reason"] == "copied"

    def test_leaving_and_joining_is_no_way_out(
        self, as_bob: APIClient, as_alice: APIClient
    ) -> None:
        contest = make_contest()
        join(as_alice, contest)
        as_bob.post(f"{self.address(contest, 'alice')}disqualify/", {"reason": "copied"})

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")

        assert (answer.status_code, answer.json()["code"]) == (403, "disqualified")
        assert join(as_alice, contest).json()["state"] == "disqualified"

    def test_both_acts_are_in_the_audit_trail(
        self, contest: Contest, as_bob: APIClient, bob: User
    ) -> None:
        as_bob.post(f"{self.address(contest, 'alice')}disqualify/", {"reason": "copied"})
        as_bob.post(f"{self.address(contest, 'alice')}reinstate/")

        back, out = AuditEntry.objects.filter(contest_id=contest.pk)
        assert (out.act, back.act) == ("participant.disqualify", "participant.reinstate")
        assert (out.actor, out.before["state"]) == (bob, "registered")
        assert out.after["disqualification_reason"] == "copied"
        assert (back.before["state"], back.after["state"]) == ("disqualified", "registered")

    def test_a_second_time_changes_nothing(self, contest: Contest, as_bob: APIClient) -> None:
        address = f"{self.address(contest, 'alice')}disqualify/"
        as_bob.post(address, {"reason": "copied"})

        answer = as_bob.post(address, {"reason": "something else"})

        assert answer.json()["disqualification_reason"] == "copied"
        assert AuditEntry.objects.count() == 1

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}])
    def test_needs_a_reason(
        self, contest: Contest, as_bob: APIClient, body: dict[str, str]
    ) -> None:
        answer = as_bob.post(f"{self.address(contest, 'alice')}disqualify/", body)

        assert answer.status_code == 400
        assert "reason" in answer.json()

    @pytest.mark.parametrize("act", ["disqualify", "reinstate", "remove", "change", "add"])
    def test_final_results_stay(self, contest: Contest, as_bob: APIClient, act: str) -> None:
        address = self.address(contest, "alice")
        Contest.objects.update(finalized_at=timezone.now())
        make_user("dora")
        acts: dict[str, Callable[[], Any]] = {
            "disqualify": lambda: as_bob.post(f"{address}disqualify/", {"reason": "copied"}),
            "reinstate": lambda: as_bob.post(f"{address}reinstate/"),
            "remove": lambda: as_bob.delete(address),
            "change": lambda: as_bob.patch(address, {"kind": "unofficial"}),
            "add": lambda: as_bob.post(
                f"{CONTESTS}{contest.pk}/participants/", {"username": "dora"}
            ),
        }

        answer = acts[act]()

        assert (answer.status_code, answer.json()["code"]) == (
            ContestFinalError.status,
            ContestFinalError.code,
        )
        assert self.ranks(contest) == {"alice": 1, "charlie": 2}

    def test_a_manager_of_this_contest_may(
        self, contest: Contest, as_alice: APIClient, alice: User
    ) -> None:
        dora = make_user("dora")
        ContestRole.objects.create(contest=contest, user=dora, role="manager")

        answer = client_of(dora).post(
            f"{self.address(contest, 'alice')}disqualify/", {"reason": "copied"}
        )

        assert answer.status_code == 200

    @pytest.mark.parametrize("role", [None, "judge", "tester", "manager elsewhere"])
    @pytest.mark.parametrize("method", ["disqualify", "reinstate", "patch", "delete", "add"])
    def test_nobody_else_changes_participants(
        self, contest: Contest, role: str | None, method: str
    ) -> None:
        dora = make_user("dora")
        if role is not None:
            other = make_contest() if role == "manager elsewhere" else contest
            ContestRole.objects.create(contest=other, user=dora, role=role.split()[0])
        client, address = client_of(dora), self.address(contest, "alice")

        if method in {"disqualify", "reinstate"}:
            answer = client.post(f"{address}{method}/", {"reason": "copied"})
        elif method == "add":
            answer = client.post(f"{CONTESTS}{contest.pk}/participants/", {"username": "dora"})
        else:
            answer = getattr(client, method)(address, {"extra_time_s": 600})

        assert answer.status_code == 403
        assert not AuditEntry.objects.exists()
