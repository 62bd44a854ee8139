"""What becomes of the places of a contest, and of who waits for one."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import participation
from apps.users.models import User
from tests.support.contests import make_contest
from tests.support.entering import join, states, submit
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user
from tests.support.threads import run_at_once

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]
CONTESTS = "/api/code-execution/contests/"
HOUR = timedelta(hours=1)


class TestWaitingList:
    """Who comes when it is full waits; who goes lets in who has waited longest."""

    @pytest.fixture
    def contest(self, charlie: User) -> Contest:
        """A contest whose one place charlie has."""
        contest = make_contest(max_participants=1, has_waiting_list=True)
        participation.join(contest=contest, user=charlie)
        return contest

    def test_tells_the_place_in_the_line(self, contest: Contest, as_alice: APIClient) -> None:
        participation.join(contest=contest, user=make_user("dora"))

        body = join(as_alice, contest).json()

        assert (body["state"], body["place_in_line"]) == ("waiting", 2)

    def test_who_waits_does_not_submit(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        join(as_alice, contest)

        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "waiting")
        assert not CodeSubmission.objects.exists()

    def test_submitting_puts_nobody_on_it(
        self, contest: Contest, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(as_alice, contest)

        assert (answer.status_code, answer.json()["code"]) == (400, "contest-full")
        assert states(contest) == {"charlie": "registered"}

    def test_who_leaves_lets_the_first_in(
        self, contest: Contest, as_alice: APIClient, as_charlie: APIClient
    ) -> None:
        join(as_alice, contest)
        participation.join(contest=contest, user=make_user("dora"))

        as_charlie.post(f"{CONTESTS}{contest.pk}/leave/")

        assert states(contest) == {"alice": "registered", "dora": "waiting"}

    def test_who_waits_may_leave_too(self, contest: Contest, as_alice: APIClient) -> None:
        join(as_alice, contest)

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")

        assert answer.status_code == 204
        assert states(contest) == {"charlie": "registered"}

    @pytest.mark.parametrize("act", ["remove", "disqualify"])
    def test_who_is_taken_out_lets_the_first_in(
        self, contest: Contest, as_alice: APIClient, as_bob: APIClient, act: str
    ) -> None:
        join(as_alice, contest)
        address = f"{CONTESTS}{contest.pk}/participants/{contest.participants.earliest('pk').pk}/"

        if act == "remove":
            answer = as_bob.delete(address)
        else:
            answer = as_bob.post(f"{address}disqualify/", {"reason": "copied"})

        assert answer.status_code in {200, 204}
        assert states(contest)["alice"] == "registered"

    def test_more_places_let_more_in(
        self, contest: Contest, as_alice: APIClient, as_bob: APIClient
    ) -> None:
        join(as_alice, contest)

        as_bob.patch(f"{CONTESTS}{contest.pk}/", {"max_participants": 2})

        assert states(contest)["alice"] == "registered"

    def test_nobody_gets_in_after_the_end(self, contest: Contest, as_alice: APIClient) -> None:
        join(as_alice, contest)
        Contest.objects.update(end_time=timezone.now() - HOUR)

        participation.leave(contest=contest, user=User.objects.get(username="charlie"))

        assert states(contest) == {"alice": "waiting"}

    def test_a_manager_lets_somebody_in_past_the_line(
        self, contest: Contest, as_alice: APIClient, as_bob: APIClient
    ) -> None:
        join(as_alice, contest)

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", {"username": "alice"})

        assert answer.status_code == 201
        assert states(contest) == {"charlie": "registered", "alice": "registered"}

    def test_unranked_ones_take_no_place(self, contest: Contest, as_alice: APIClient) -> None:
        contest.participants.update(kind="unofficial")

        assert join(as_alice, contest).json()["state"] == "registered"


def test_everybody_who_comes_at_once_gets_a_place_or_waits() -> None:
    contest = make_contest(max_participants=3, has_waiting_list=True)
    users = [make_user(f"user{number}") for number in range(8)]

    run_at_once([partial(participation.join, contest=contest, user=user) for user in users])

    assert sorted(states(contest).values()) == ["registered"] * 3 + ["waiting"] * 5


def test_places_that_get_free_at_once_are_each_given_once() -> None:
    contest = make_contest(max_participants=3, has_waiting_list=True)
    users = [make_user(f"user{number}") for number in range(8)]
    for user in users:
        participation.join(contest=contest, user=user)

    run_at_once([partial(participation.leave, contest=contest, user=user) for user in users[:3]])

    expected = dict.fromkeys(["user3", "user4", "user5"], "registered")
    assert states(contest) == expected | dict.fromkeys(["user6", "user7"], "waiting")


def test_the_places_taken_are_counted_and_nothing_else(as_alice: APIClient) -> None:
    contest = make_contest(max_participants=1, has_waiting_list=True)
    for name in ("dora", "emil"):
        participation.join(contest=contest, user=make_user(name))
    for kind in ("unofficial", "virtual", "jury"):
        ContestParticipant.objects.create(contest=contest, user=make_user(kind), kind=kind)

    assert as_alice.get(f"{CONTESTS}{contest.pk}/").json()["participant_count"] == 1
