"""Contests: who reads, who changes, who joins."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.contests.models import Contest
from apps.contests.services import acts, contests, participation
from apps.contests.services.rights import Rights
from apps.core.errors import ContestFullError
from apps.users.models import User
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.people import make_user
from tests.support.threads import run_at_once

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"
CUP = {"title": "Python Coding Challenge", "description": "Basic Python", "is_active": True}


class TestWhoChangesContests:
    """Managers change; everybody signed in reads."""

    def test_a_manager_makes_one(self, as_bob: APIClient) -> None:
        answer = as_bob.post(CONTESTS, CUP)

        assert answer.status_code == 201, answer.json()
        assert answer.json()["start_time"] is None
        assert Contest.objects.get().title == CUP["title"]

    def test_a_participant_does_not(self, as_alice: APIClient) -> None:
        assert as_alice.post(CONTESTS, CUP).status_code == 403

    def test_nobody_reads_without_a_credential(self, as_nobody: APIClient) -> None:
        assert as_nobody.get(CONTESTS).status_code == 401
        assert as_nobody.post(CONTESTS, CUP).status_code == 401

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_a_participant_changes_none(self, as_alice: APIClient, method: str) -> None:
        contest = make_contest()

        answer = getattr(as_alice, method)(f"{CONTESTS}{contest.pk}/", CUP)

        assert answer.status_code == 403

    def test_a_manager_changes_and_deletes_one(self, as_bob: APIClient, alice: User) -> None:
        contest = make_contest()
        submission = make_submission(alice, contest=contest)

        changed = as_bob.patch(f"{CONTESTS}{contest.pk}/", {"title": "Spring cup"})
        deleted = as_bob.delete(f"{CONTESTS}{contest.pk}/")

        assert changed.json()["title"] == "Spring cup"
        assert deleted.status_code == 204
        submission.refresh_from_db()
        assert submission.contest is None

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": ""},
            {"max_participants": 0},
            {"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"},
            {"start_time": "tomorrow"},
            {"problems": [{"problem": 999}]},
        ],
        ids=str,
    )
    def test_refuses_a_bad_field(self, as_bob: APIClient, fields: dict[str, Any]) -> None:
        assert as_bob.post(CONTESTS, {**CUP, **fields}).status_code == 400
        assert not Contest.objects.exists()

    def test_sets_problems(self, as_bob: APIClient) -> None:
        first, second = make_problem(title="A"), make_problem(title="B")
        items = [
            {"problem": second.pk, "order": 1, "points": 50},
            {"problem": first.pk, "order": 2},
        ]

        made = as_bob.post(CONTESTS, {**CUP, "problems": items}).json()
        changed = as_bob.patch(f"{CONTESTS}{made['id']}/", {"problems": items[:1]}).json()

        assert [(each["title"], each["points"]) for each in made["problems"]] == [
            ("B", 50),
            ("A", 100),
        ]
        assert [each["title"] for each in changed["problems"]] == ["B"]

    def test_sets_a_problem_once(self, as_bob: APIClient) -> None:
        problem = make_problem()

        answer = as_bob.post(CONTESTS, {**CUP, "problems": [{"problem": problem.pk}] * 2})

        assert answer.status_code == 400
        assert not Contest.objects.exists()


class TestList:
    """The list of contests."""

    def test_has_the_usual_page(self, as_alice: APIClient) -> None:
        make_contest()

        page = as_alice.get(CONTESTS).json()

        assert set(page) == {"count", "next", "previous", "results"}
        assert page["results"][0]["participant_count"] == 0

    @pytest.mark.parametrize(
        ("query", "count"),
        [("is_active=true", 1), ("is_active=false", 1), ("search=winter", 1), ("title=cup", 2)],
    )
    def test_is_narrowed(self, as_alice: APIClient, query: str, count: int) -> None:
        make_contest(title="Winter cup")
        make_contest(title="Summer cup", is_active=False)

        assert as_alice.get(f"{CONTESTS}?{query}").json()["count"] == count


class TestJoining:
    """Joining and leaving."""

    def test_joins_once(self, as_alice: APIClient, alice: User) -> None:
        contest = make_contest()

        first = as_alice.post(f"{CONTESTS}{contest.pk}/join/")
        second = as_alice.post(f"{CONTESTS}{contest.pk}/join")

        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json()["id"] == second.json()["id"]
        assert contest.participants.get().user == alice

    def test_may_join_before_the_start(self, as_alice: APIClient) -> None:
        contest = make_contest(start_time=timezone.now() + timedelta(days=1))

        assert as_alice.post(f"{CONTESTS}{contest.pk}/join/").status_code == 200

    @pytest.mark.parametrize(
        "rules", [{"is_active": False}, {"end_time": timezone.now()}], ids=["inactive", "over"]
    )
    def test_does_not_join_what_is_over(self, as_alice: APIClient, rules: dict[str, Any]) -> None:
        contest = make_contest(**rules)

        assert as_alice.post(f"{CONTESTS}{contest.pk}/join/").status_code == 400

    def test_does_not_join_a_full_contest(self, as_alice: APIClient, as_charlie: APIClient) -> None:
        contest = make_contest(max_participants=1)
        as_charlie.post(f"{CONTESTS}{contest.pk}/join/")

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/join/")

        assert answer.status_code == 400
        assert answer.json()["code"] == "contest-full"

    def test_leaves_and_may_join_again(self, as_alice: APIClient) -> None:
        contest = make_contest()
        as_alice.post(f"{CONTESTS}{contest.pk}/join/")

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")

        assert answer.status_code == 204
        assert not contest.participants.exists()
        assert as_alice.post(f"{CONTESTS}{contest.pk}/join/").status_code == 200

    def test_does_not_leave_after_a_submission(self, as_alice: APIClient, alice: User) -> None:
        contest = make_contest()
        participation.enter_submission(contest=contest, user=alice, now=timezone.now())

        answer = as_alice.post(f"{CONTESTS}{contest.pk}/leave/")

        assert answer.status_code == 400
        assert contest.participants.exists()

    def test_an_unknown_contest_is_not_found(self, as_alice: APIClient) -> None:
        assert as_alice.post(f"{CONTESTS}999/join/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
def test_a_contest_never_takes_more_participants_than_it_may() -> None:
    contest = make_contest(max_participants=3)
    users = [make_user(f"user{number}") for number in range(8)]

    def is_refused(user: User) -> bool:
        try:
            participation.join(contest=contest, user=user)
        except ContestFullError:
            return True
        return False

    refusals = run_at_once([partial(is_refused, user) for user in users])

    assert contest.participants.count() == 3
    assert sum(refusals) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.locks
def test_one_who_joins_twice_at_once_takes_one_place(alice: User) -> None:
    contest = make_contest(max_participants=2)

    run_at_once([partial(participation.join, contest=contest, user=alice)] * 4)

    assert contest.participants.count() == 1


def test_closing_a_running_contest_ends_it_now(bob: User) -> None:
    now = timezone.now()
    contest = make_contest(end_time=now + timedelta(days=1))

    acts.close(contest=contest, now=now, actor=bob)

    contest.refresh_from_db()
    assert contest.end_time == now
    assert contest.is_active


def test_closing_a_contest_to_come_switches_it_off(bob: User) -> None:
    now = timezone.now()
    contest = make_contest(start_time=now + timedelta(days=1))

    acts.close(contest=contest, now=now, actor=bob)

    contest.refresh_from_db()
    assert contest.end_time is None
    assert not contest.is_active


def test_changing_a_contest_takes_no_version_of_its_boards_back(bob: User) -> None:
    contest = make_contest()
    Contest.objects.filter(pk=contest.pk).update(board_version=7, public_board_version=5)

    contests.save_contest(
        contest=contest,  # as it was read before
        fields={"title": "Spring cup"},
        problems=None,
        rights=Rights(bob, timezone.now()),
        actor=bob,
    )

    contest.refresh_from_db()
    assert contest.title == "Spring cup"
    assert (contest.board_version, contest.public_board_version) >= (7, 5)
