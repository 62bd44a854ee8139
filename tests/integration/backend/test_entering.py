"""Who may enter a contest by themselves, by which door and when, and who may leave."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.contests.models import Clarification, ContestParticipant, ContestRole
from apps.contests.services import participation
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_event, make_problem
from tests.support.entering import join, submit
from tests.support.execution_service import FakeExecutionService
from tests.support.threads import run_at_once
from tests.support.webhooks import deliver

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = pytest.mark.django_db(transaction=True)
CONTESTS = "/api/code-execution/contests/"
HOUR = timedelta(hours=1)


class TestAccessCode:
    """Who enters by themselves says the code."""

    def test_the_right_code_lets_in(self, as_alice: APIClient) -> None:
        contest = make_contest(access="code", access_code="Sesame")

        answer = join(as_alice, contest, access_code="Sesame")

        assert answer.status_code == 200, answer.json()
        assert answer.json()["state"] == "registered"

    @pytest.mark.parametrize("body", [{}, {"access_code": ""}, {"access_code": "sesame"}])
    def test_another_code_does_not(self, as_alice: APIClient, body: dict[str, str]) -> None:
        contest = make_contest(access="code", access_code="Sesame")

        answer = join(as_alice, contest, **body)

        assert answer.status_code == 403
        assert answer.json()["code"] == "access-code"
        assert not contest.participants.exists()

    def test_without_a_code_set_nobody_gets_in(self, as_alice: APIClient) -> None:
        contest = make_contest(access="code")

        assert join(as_alice, contest, access_code="").status_code == 403

    def test_submitting_is_no_way_around_it(
        self, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        contest = make_contest(access="code", access_code="Sesame")

        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (403, "access-code")
        assert not CodeSubmission.objects.exists()

    def test_who_is_in_submits_without_it(
        self, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        contest = make_contest(access="code", access_code="Sesame")
        join(as_alice, contest, access_code="Sesame")

        assert submit(as_alice, contest).status_code == 201

    def test_guessing_is_slowed_down(self, as_alice: APIClient) -> None:
        contest = make_contest(access="code", access_code="Sesame")

        statuses = [join(as_alice, contest, access_code=str(n)).status_code for n in range(31)]

        assert statuses == [403] * 30 + [429]


class TestPrivateList:
    """Only whom managers have put on the list takes part."""

    def test_a_stranger_does_not_find_the_contest(self, as_charlie: APIClient) -> None:
        assert join(as_charlie, make_contest(access="private")).status_code == 404

    def test_a_stranger_does_not_submit(
        self, as_charlie: APIClient, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(as_charlie, make_contest(access="private"))

        assert answer.status_code == 400
        assert "contest" in answer.json()

    def test_who_is_on_the_list_submits(
        self, as_alice: APIClient, as_bob: APIClient, execution_service: FakeExecutionService
    ) -> None:
        contest = make_contest(access="private")

        added = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", {"username": "alice"})

        assert added.status_code == 201, added.json()
        assert submit(as_alice, contest).status_code == 201

    def test_nobody_submits_to_what_is_not_published(
        self, as_charlie: APIClient, execution_service: FakeExecutionService
    ) -> None:
        assert submit(as_charlie, make_contest(is_published=False)).status_code == 400


class TestRegistrationWindow:
    """One registers from the opening to the closing."""

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"registration_opens_at": timezone.now() + HOUR}, "Registration opens at"),
            ({"registration_closes_at": timezone.now() - HOUR}, "Registration closed at"),
        ],
    )
    def test_nobody_joins_outside_it(
        self, as_alice: APIClient, fields: dict[str, Any], text: str
    ) -> None:
        contest = make_contest(**fields)

        answer = join(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "registration-closed")
        assert answer.json()["detail"].startswith(text)

    def test_one_joins_within_it(self, as_alice: APIClient) -> None:
        now = timezone.now()
        contest = make_contest(registration_opens_at=now - HOUR, registration_closes_at=now + HOUR)

        assert join(as_alice, contest).status_code == 200

    def test_who_has_registered_submits_after_it(
        self, as_alice: APIClient, alice: User, execution_service: FakeExecutionService
    ) -> None:
        contest = make_contest(registration_closes_at=timezone.now() - HOUR)
        ContestParticipant.objects.create(contest=contest, user=alice)

        assert submit(as_alice, contest).status_code == 201


class TestJury:
    """Managers, judges and testers try a contest out without being ranked."""

    @pytest.mark.parametrize("role", ["manager", "judge", "tester"])
    def test_submits_before_the_start_and_is_not_ranked(
        self, as_alice: APIClient, alice: User, execution_service: FakeExecutionService, role: str
    ) -> None:
        contest = make_contest(start_time=timezone.now() + HOUR)
        problem = make_problem(contest)
        ContestRole.objects.create(contest=contest, user=alice, role=role)

        answer = submit(as_alice, contest, problem=problem.pk)

        assert answer.status_code == 201, answer.json()
        deliver(make_event(CodeSubmission.objects.get()))
        row = contest.participants.get()
        assert (row.kind, row.rank) == ("jury", None)

    def test_takes_no_place(self, as_bob: APIClient, as_alice: APIClient) -> None:
        contest = make_contest(max_participants=1)
        join(as_bob, contest)

        assert join(as_alice, contest).status_code == 200

    def test_a_role_in_another_contest_does_not_help(
        self, as_alice: APIClient, alice: User, execution_service: FakeExecutionService
    ) -> None:
        contest = make_contest(start_time=timezone.now() + HOUR)
        ContestRole.objects.create(contest=make_contest(), user=alice, role="manager")

        assert submit(as_alice, contest).status_code == 400


def test_who_submits_and_leaves_at_once_is_in_or_out_and_never_half(
    alice: User, execution_service: FakeExecutionService
) -> None:
    for _ in range(5):
        contest = make_contest()
        participation.join(contest=contest, user=alice)
        answers: list[Any] = []
        leave = f"{CONTESTS}{contest.pk}/leave/"

        run_at_once([
            lambda: answers.append(submit(client_of(alice), contest)),  # noqa: B023 - ends here
            lambda: client_of(alice).post(leave),  # noqa: B023 - ends here
        ])

        assert [answer.status_code for answer in answers] == [201]
        assert contest.participants.get().has_submitted
        assert contest.submissions.get().participant == contest.participants.get()


def test_who_has_asked_the_jury_stays_for_the_sake_of_the_answers(
    as_alice: APIClient, as_bob: APIClient
) -> None:
    contest = make_contest()
    joined = join(as_alice, contest).json()
    Clarification.objects.create(
        contest=contest, from_participant_id=joined["id"], text="Is 0 a natural number?"
    )

    left = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")
    removed = as_bob.delete(f"{CONTESTS}{contest.pk}/participants/{joined['id']}/")

    assert (left.status_code, left.json()["code"]) == (400, "participation")
    assert (removed.status_code, removed.json()["code"]) == (400, "participation")
    assert Clarification.objects.exists()


def test_nobody_joins_once_the_results_are_final(as_alice: APIClient) -> None:
    answer = join(as_alice, make_contest(finalized_at=timezone.now()))

    assert (answer.status_code, answer.json()["code"]) == (400, "contest-closed")
