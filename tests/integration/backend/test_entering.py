"""Who may enter a contest, by which door, when, and what becomes of places."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Clarification, Contest, ContestParticipant, ContestRole
from apps.contests.services import contests, participation
from apps.contests.services.rights import Rights
from apps.core.errors import ContestFinalError
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user
from tests.support.webhooks import deliver

# With real commits: who is refused rolls a transaction back, and places are given under locks.
pytestmark = pytest.mark.django_db(transaction=True)
CONTESTS = "/api/code-execution/contests/"
SUBMISSIONS = "/api/code-execution/submissions/"
HELLO = {"code": "print(3)", "language": "python"}
HOUR = timedelta(hours=1)


def join(client: APIClient, contest: Contest, **body: Any) -> Any:
    return client.post(f"{CONTESTS}{contest.pk}/join/", body)


def submit(client: APIClient, contest: Contest, **fields: Any) -> Any:
    return client.post(SUBMISSIONS, {**HELLO, "contest": contest.pk, **fields})


def states(contest: Contest) -> dict[str, str]:
    rows = contest.participants.select_related("user").order_by("joined_at", "id")
    return {row.user.username: row.state for row in rows}


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


def run_at_once(jobs: list[Callable[[], object]]) -> None:
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_places_taken_are_counted_and_nothing_else(as_alice: APIClient) -> None:
    contest = make_contest(max_participants=1, has_waiting_list=True)
    for name in ("dora", "emil"):
        participation.join(contest=contest, user=make_user(name))
    for kind in ("unofficial", "virtual", "jury"):
        ContestParticipant.objects.create(contest=contest, user=make_user(kind), kind=kind)

    assert as_alice.get(f"{CONTESTS}{contest.pk}/").json()["participant_count"] == 1


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
