"""A team takes part as one."""

import pytest
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest
from tests.support.entering import join, submit
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = pytest.mark.django_db(transaction=True)
CONTESTS = "/api/code-execution/contests/"


class TestTeams:
    """A team is one participant; its account and its members submit for it."""

    @pytest.fixture
    def contest(self) -> Contest:
        """A contest on whose list a team of alice is."""
        contest = make_contest(access="private")
        team = ContestParticipant.objects.create(
            contest=contest, user=make_user("team-7"), is_team=True, name="Seven"
        )
        team.members.add(User.objects.get(username="alice"))
        return contest

    @pytest.fixture(autouse=True)
    def people(self, alice: User, charlie: User) -> None:
        """The members to be."""

    def test_a_member_submits_for_it(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(as_alice, contest)

        assert answer.status_code == 201, answer.json()
        submission = CodeSubmission.objects.select_related("participant").get()
        assert submission.participant is not None
        assert (submission.participant.name, submission.user.username) == ("Seven", "alice")

    def test_the_account_submits_for_it(
        self, contest: Contest, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(client_of(User.objects.get(username="team-7")), contest)

        assert answer.status_code == 201
        assert CodeSubmission.objects.get().participant == contest.participants.get()

    def test_a_member_sees_the_team_as_their_participation(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        [own] = as_alice.get(f"{CONTESTS}{contest.pk}/participation/").json()

        assert (own["name"], own["is_team"], own["username"]) == ("Seven", True, "team-7")

    def test_a_member_does_not_join_beside_it(self, contest: Contest, as_alice: APIClient) -> None:
        Contest.objects.update(access="open")

        answer = join(as_alice, contest)

        assert answer.json()["name"] == "Seven"
        assert contest.participants.count() == 1

    def test_a_member_does_not_end_it(self, contest: Contest, as_alice: APIClient) -> None:
        answer = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")

        assert (answer.status_code, answer.json()["code"]) == (400, "participation")
        assert contest.participants.exists()

    def test_nobody_is_in_two_teams(self, contest: Contest, as_bob: APIClient) -> None:
        make_user("team-8")
        body = {"username": "team-8", "is_team": True, "members": ["charlie", "alice"]}

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", body)

        assert answer.status_code == 400
        assert "members" in answer.json()
        assert contest.participants.count() == 1

    def test_a_manager_changes_the_members(
        self, contest: Contest, as_bob: APIClient, as_charlie: APIClient
    ) -> None:
        address = f"{CONTESTS}{contest.pk}/participants/{contest.participants.get().pk}/"

        answer = as_bob.patch(address, {"members": ["charlie"]})

        assert answer.json()["members"] == ["charlie"]
        entry = AuditEntry.objects.get(act="participant.change")
        assert (entry.before, entry.after) == ({"members": ["alice"]}, {"members": ["charlie"]})
