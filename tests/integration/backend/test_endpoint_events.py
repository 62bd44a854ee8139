"""Endpoints are told of what they asked for, as far as their owners may know of it then."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution import rejudging, services
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services import acts, clarifications
from apps.contests.services.rights import Rights
from apps.core.errors import ForbiddenError
from apps.endpoints import outbox
from apps.endpoints.event_types import EventType
from apps.endpoints.models import Endpoint, EndpointDelivery, EndpointEvent
from apps.endpoints.rendering import body_of
from apps.endpoints.sending import claim
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contest_world import JURY, Moment, Secret, Who, World, make_world
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.endpoints import register
from tests.support.people import make_user
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
State = EndpointDelivery.State
Scope = Endpoint.Scope
CONTEST_TYPES = tuple(each.value for each in EventType if each.startswith("contest."))


def judge(user: User, **fields: Any) -> CodeSubmission:
    """Have a submission of the user judged."""
    number = CodeSubmission.objects.count() + 1
    submission = make_submission(user, microservice_submission_id=number, **fields)
    assert deliver(make_event(submission), message_id=f"evt-{number}").status_code == 200
    return submission


def told() -> dict[int, list[dict[str, Any]]]:
    """Give what each endpoint is sent now, as if it took it."""
    now = timezone.now()
    outbox.note_contest_events(now=now)
    outbox.address(now=now)
    sent: dict[int, list[dict[str, Any]]] = {}
    due = EndpointDelivery.objects.filter(state=State.WAITING, next_attempt_at__lte=now)
    for delivery in due.order_by("pk"):
        call = claim(delivery_id=delivery.pk, now=now)
        if call is not None:
            sent.setdefault(delivery.endpoint_id, []).append(json.loads(call.body))
            EndpointDelivery.objects.filter(pk=delivery.pk).update(state=State.DELIVERED)
    return sent


def types_told() -> list[str]:
    return [each["type"] for documents in told().values() for each in documents]


def manager_of(contest: Contest, name: str = "dora") -> User:
    user = make_user(name)
    ContestRole.objects.create(contest=contest, user=user, role=ContestRole.Role.MANAGER)
    return user


@pytest.fixture
def contest(db: None) -> Contest:
    now = timezone.now()
    return make_contest(start_time=now - HOUR, end_time=now + HOUR)


class TestSubmissions:
    def test_tells_who_handed_it_in_and_nobody_else(self, alice: User, charlie: User) -> None:
        alices, charlies = register(alice), register(charlie)
        submission = judge(alice)

        sent = told()

        assert charlies.pk not in sent
        [document] = sent[alices.pk]
        assert document["type"] == "submission.completed"
        assert document["data"]["path"] == f"/api/code-execution/submissions/{submission.pk}/"
        shown = document["data"]["submission"]
        assert (shown["id"], shown["verdict"], shown["username"]) == (submission.pk, "AC", "alice")

    def test_tells_what_the_api_says(self, alice: User, contest: Contest) -> None:
        register(alice)
        judge(alice, contest=contest, problem=make_problem(contest))

        [[document]] = told().values()

        [listed] = client_of(alice).get("/api/code-execution/submissions/").json()["results"]
        assert document["data"]["submission"] == listed

    def test_tells_a_whole_team(self, alice: User, charlie: User, contest: Contest) -> None:
        account = make_user("team-7")
        team = ContestParticipant.objects.create(contest=contest, user=account, is_team=True)
        team.members.add(alice)
        endpoints = [register(each) for each in (account, alice, charlie)]
        judge(alice, contest=contest, participant=team)
        judge(account, contest=contest, participant=team)

        sent = told()

        assert {pk: len(documents) for pk, documents in sent.items()} == {
            endpoints[0].pk: 2,
            endpoints[1].pk: 2,
        }

    def test_tells_managers_of_their_contest_only(self, alice: User, contest: Contest) -> None:
        other = make_contest()
        own = register(manager_of(contest), contest=contest)
        register(manager_of(other, "emil"), contest=other)
        judge(alice, contest=contest)
        judge(alice)

        sent = told()

        assert {pk: len(documents) for pk, documents in sent.items()} == {own.pk: 1}

    def test_tells_global_managers_of_everything(
        self, alice: User, bob: User, contest: Contest
    ) -> None:
        endpoint = register(bob, scope=Scope.ALL)
        judge(alice, contest=contest)
        judge(alice)

        assert len(told()[endpoint.pk]) == 2

    def test_tells_of_applied_rejudgings(self, alice: User, bob: User, contest: Contest) -> None:
        contest.end_time = timezone.now()
        contest.save()
        register(bob, "submission.rejudged", scope=Scope.ALL)
        submission = judge(alice, contest=contest, problem=make_problem(contest))
        rows = CodeSubmission.objects.filter(pk=submission.pk)
        started = rejudging.start(submissions=rows, reason="", actor=bob)
        anew = started.judgements.get()
        Judgement.objects.filter(pk=anew.pk).update(microservice_submission_id=99)
        event = make_event(submission, submission_id=99, reference=str(anew.pk), verdict="WA")
        assert deliver(event, message_id="evt-anew").status_code == 200
        assert told() == {}

        rejudging.apply(rejudging=started, actor=bob)

        [[document]] = told().values()
        assert document["type"] == "submission.rejudged"
        assert document["data"]["submission"]["verdict"] == "WA"

    def test_a_rerun_is_told_when_it_is_judged(self, alice: User, bob: User) -> None:
        register(alice)
        submission = judge(alice)
        assert len(types_told()) == 1
        services.rerun_submission(submission_id=submission.pk, actor=bob)
        assert types_told() == []
        submission.judgements.filter(finished_at=None).update(microservice_submission_id=50)

        deliver(make_event(submission, submission_id=50), message_id="evt-again")

        assert types_told() == ["submission.completed"]

    def test_trial_runs_are_not_told(self, alice: User) -> None:
        register(alice)

        judge(alice, purpose=CodeSubmission.Purpose.TRIAL)

        assert told() == {}

    def test_a_repeated_result_is_told_once(self, alice: User) -> None:
        register(alice)
        submission = judge(alice)

        deliver(make_event(submission), message_id="evt-repeated")

        assert len(types_told()) == 1

    def test_a_result_that_is_undone_is_not_told(self, alice: User) -> None:
        register(alice)
        with transaction.atomic():
            judge(alice)
            transaction.set_rollback(True)

        assert not EndpointEvent.objects.exists()

    def test_without_endpoints_nothing_is_noted(self, alice: User) -> None:
        judge(alice)

        assert not EndpointEvent.objects.exists()

    def test_an_endpoint_costs_a_result_one_statement(
        self, alice: User, django_assert_num_queries: Any
    ) -> None:
        judgement = judge(alice).judgements.select_related("submission").get()
        outbox.forget_wanted_types()
        with django_assert_num_queries(1):
            outbox.note_judged([judgement])
        with django_assert_num_queries(0):
            outbox.note_judged([judgement])
        register(alice)
        outbox.wanted_types()

        with django_assert_num_queries(1):
            outbox.note_judged([judgement])

    def test_another_processes_endpoint_is_found_out_in_time(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert outbox.wanted_types() == frozenset()
        Endpoint.objects.create(owner=alice, url="x", event_types=["submission.completed"])
        assert outbox.wanted_types() == frozenset()

        monkeypatch.setattr(outbox._wanted, "until_s", outbox._wanted.until_s - 5)

        assert outbox.wanted_types() == {"submission.completed"}

    def test_what_was_before_an_endpoint_is_not_told(self, alice: User) -> None:
        register(alice)
        Endpoint.objects.update(active_since=timezone.now() + timedelta(minutes=1))

        judge(alice)

        assert told() == {}

    def test_other_event_types_are_not_told(self, alice: User) -> None:
        register(alice, "submission.rejudged")

        judge(alice)

        assert told() == {}


class TestWhoMayKnow:
    """Who may know is looked at when it is sent, whatever was so when the endpoint was made."""

    def test_one_who_manages_no_more_is_told_nothing(self, alice: User, contest: Contest) -> None:
        register(manager_of(contest), *CONTEST_TYPES, "submission.completed", contest=contest)
        judge(alice, contest=contest)
        ContestRole.objects.all().delete()

        assert told() == {}
        assert {each.state for each in EndpointDelivery.objects.all()} == {State.WITHHELD}

    def test_an_account_that_was_closed_is_told_nothing(self, alice: User) -> None:
        register(alice)
        judge(alice)
        User.objects.update(is_active=False)

        assert told() == {}

    def test_what_was_deleted_is_not_told(self, alice: User, bob: User) -> None:
        register(alice)
        submission = judge(alice)

        services.delete_submission(submission_id=submission.pk, actor=bob)

        assert told() == {}

    def test_charlies_endpoint_gets_nothing_of_bobs_contest_however_it_came_to_be(
        self, alice: User, charlie: User, contest: Contest
    ) -> None:
        with pytest.raises(ForbiddenError):
            register(charlie, *CONTEST_TYPES, contest=contest)
        with pytest.raises(ForbiddenError):
            register(charlie, *CONTEST_TYPES, scope=Scope.ALL)
        types = [*CONTEST_TYPES, "submission.completed"]
        since = timezone.now() - 2 * HOUR
        for scope, of in ((Scope.CONTEST, contest), (Scope.ALL, None)):
            Endpoint.objects.create(
                owner=charlie,
                url="https://hooks.example.org/",
                event_types=types,
                scope=scope,
                contest=of,
                active_since=since,
            )
        outbox.forget_wanted_types()
        judge(alice, contest=contest)

        assert told() == {}
        assert EndpointDelivery.objects.filter(state=State.WITHHELD).count() == 4

    def test_who_sees_samples_only_is_not_told_the_verdict(
        self, alice: User, contest: Contest
    ) -> None:
        contest.feedback = Contest.Feedback.SAMPLES
        contest.save()
        register(alice)
        judge(alice, contest=contest, problem=make_problem(contest))

        [[document]] = told().values()

        shown = document["data"]["submission"]
        assert (shown["disclosure"], shown["verdict"], shown["score"]) == ("samples", None, None)

    @pytest.mark.parametrize("moment", [Moment.FROZEN, Moment.ENDED])
    def test_a_verdict_behind_the_freeze_is_told_to_its_owner_and_managers_only(
        self, moment: Moment
    ) -> None:
        world = make_world(moment)

        learned = {
            who
            for who, bodies in bodies_of_late(world).items()
            if any(Secret.LATE_SCORE in each for each in bodies)
        }

        assert learned == {Who.CHARLIE, Who.MANAGER, Who.SUPERUSER}

    @pytest.mark.parametrize("moment", [Moment.FROZEN, Moment.ENDED])
    def test_whatever_a_frozen_verdict_is_others_are_told_the_same(self, moment: Moment) -> None:
        world = make_world(moment)
        read = []
        for verdict, status in (("AC", "completed"), ("WA", "completed"), ("RTE", "error")):
            world.judge_late(verdict=verdict, score="1", status=status)
            bodies = bodies_of_late(world)
            read.append({who: bodies[who] for who in bodies if who not in {*JURY, Who.CHARLIE}})

        assert read[0] == read[1] == read[2]


def bodies_of_late(world: World) -> dict[Who, list[str]]:
    """Give what everybody's endpoints would be sent of the late submission, by any scope."""
    assert world.late is not None
    event = EndpointEvent(
        type="submission.completed",
        contest_id=world.contest.pk,
        subject_id=world.late.pk,
        occurred_at=world.late.created_at,
    )
    now = timezone.now()
    found: dict[Who, list[str]] = {}
    for who, user in world.people.items():
        if user is None:
            continue
        scopes = ((Scope.OWN, None), (Scope.CONTEST, world.contest), (Scope.ALL, None))
        endpoints = (Endpoint(owner=user, scope=scope, contest=of) for scope, of in scopes)
        bodies = (body_of(event, each, now=now) for each in endpoints)
        found[who] = [each.decode() for each in bodies if each is not None]
    return found


class TestContests:
    @pytest.fixture
    def endpoint(self, contest: Contest) -> Endpoint:
        return register(manager_of(contest), *CONTEST_TYPES, contest=contest)

    def test_tells_of_what_the_clock_does_once(self, contest: Contest, endpoint: Endpoint) -> None:
        start = timezone.now() + HOUR
        contest.start_time, contest.freeze_time = start, start + HOUR
        contest.end_time = start + 2 * HOUR
        contest.save()
        seen = []

        for hours in range(4):
            with time_machine.travel(start + hours * HOUR + timedelta(seconds=1)):
                seen.append([*types_told(), *types_told()])
        assert seen == [["contest.started"], ["contest.frozen"], ["contest.ended"], []]

    def test_says_which_contest_and_how_it_stands(
        self, contest: Contest, endpoint: Endpoint
    ) -> None:
        contest.start_time = timezone.now() - timedelta(seconds=1)
        contest.save()

        [[document]] = told().values()

        assert document["type"] == "contest.started"
        about = document["data"]["contest"]
        assert (about["id"], about["title"], about["phase"]) == (
            contest.pk,
            contest.title,
            "running",
        )
        assert document["timestamp"] == about["start_time"]

    def test_tells_of_what_managers_do(
        self, contest: Contest, endpoint: Endpoint, bob: User
    ) -> None:
        told()
        contest.freeze_time = timezone.now() - timedelta(seconds=1)
        contest.save()
        seen = types_told()
        steps: list[Callable[..., Contest]] = [acts.end, acts.unfreeze, acts.finalize]

        for act in steps:
            act(contest=contest, now=timezone.now(), actor=bob)
            seen += types_told()

        assert seen == ["contest.frozen", "contest.ended", "contest.unfrozen", "contest.finalized"]

    def test_an_end_that_was_moved_is_told_when_it_comes(
        self, contest: Contest, endpoint: Endpoint, bob: User
    ) -> None:
        assert contest.end_time is not None
        told()
        acts.extend(contest=contest, by=HOUR, now=timezone.now(), actor=bob)

        with time_machine.travel(contest.end_time + timedelta(minutes=1)):
            assert types_told() == []
        with time_machine.travel(contest.end_time + HOUR + timedelta(minutes=1)):
            assert types_told() == ["contest.ended"]

    def test_a_contest_that_was_switched_off_does_not_start(
        self, contest: Contest, endpoint: Endpoint
    ) -> None:
        contest.start_time, contest.is_active = timezone.now(), False
        contest.save()

        assert types_told() == []

    def test_what_came_while_no_worker_ran_is_told_later(
        self, contest: Contest, endpoint: Endpoint
    ) -> None:
        assert contest.end_time is not None

        with time_machine.travel(contest.end_time + 20 * HOUR):
            assert types_told() == ["contest.ended"]

    def test_tells_of_announcements_and_of_nothing_that_is_said_to_one(
        self, contest: Contest, endpoint: Endpoint, alice: User, bob: User
    ) -> None:
        ContestParticipant.objects.create(contest=contest, user=alice)
        rights = Rights(alice, timezone.now())
        asked = clarifications.ask(
            contest=contest,
            visibility=rights.visibility(contest),
            author=alice,
            text="May n be 0?",
            problem_id=None,
        )
        for is_to_all in (False, True):
            clarifications.answer(
                contest=contest,
                question_id=asked.pk,
                author=bob,
                text=f"To all: {is_to_all}.",
                is_to_all=is_to_all,
            )
        clarifications.announce(contest=contest, author=bob, text="Lunch.", problem_id=None)

        documents = [each for each in told()[endpoint.pk] if each["type"] == "contest.announcement"]

        texts = {each["data"]["announcement"]["text"] for each in documents}
        assert texts == {"To all: True.", "Lunch."}
        assert types_told() == []

    def test_other_contests_are_not_told(self, endpoint: Endpoint) -> None:
        make_contest(start_time=timezone.now() - timedelta(minutes=1))

        assert "contest.started" not in types_told()


def test_every_event_type_can_be_asked_for_and_has_a_form(
    as_bob: APIClient, bob: User, contest: Contest
) -> None:
    contest.freeze_time = contest.unfrozen_at = contest.finalized_at = timezone.now()
    contest.start_time, contest.end_time = contest.freeze_time - HOUR / 2, contest.freeze_time
    contest.save()
    register(bob, *(each for each in EventType if each != EventType.PING), scope=Scope.ALL)
    clarifications.announce(contest=contest, author=bob, text="Lunch.", problem_id=None)
    judge(bob)

    types = set(types_told())

    assert types == {*EventType} - {EventType.PING, EventType.SUBMISSION_REJUDGED}
