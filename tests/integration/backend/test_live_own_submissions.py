"""All submissions of somebody, as they change, through real servers, by both ways."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.code_execution import rejudging
from apps.code_execution.models import CodeSubmission
from apps.contests.models import ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest, make_submission
from tests.support.live_streams import in_thread, token_of, watching
from tests.support.live_submissions import EVENTS, SUBMISSIONS, finish

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
LONG_AGO = timedelta(minutes=10)


def make_older_submission(user: User, number: int, **fields: Any) -> CodeSubmission:
    with time_machine.travel(timezone.now() - LONG_AGO, tick=False):
        return make_submission(user, microservice_submission_id=number, **fields)


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


async def test_a_rejudging_that_is_applied_is_told_of_all_that_it_changed(
    alice: User, bob: User, redis_url: str, settings: Any
) -> None:
    settings.LIVE_REDIS_URL = redis_url
    made = [
        await in_thread(make_submission, alice, microservice_submission_id=each) for each in (7, 8)
    ]
    for each in made:
        await in_thread(finish, each)
    rejudged = await in_thread(
        rejudging.start,
        submissions=CodeSubmission.objects.filter(user=alice),
        reason="",
        actor=bob,
    )
    for each in made:
        await in_thread(finish, each, verdict="WA")

    async with watching(is_replica=True) as door, door.socket(EVENTS, user=alice) as watcher:
        await watcher.next_data()
        await in_thread(rejudging.apply, rejudging=rejudged, actor=bob)
        told: dict[int, str] = {}
        while len(told) < len(made):
            results = (await watcher.next_data())["results"]
            told |= {each["id"]: each["verdict"] for each in results}

    assert told == {each.pk: "WA" for each in made}


async def test_messages_have_those_that_changed(alice: User, opening: Any) -> None:
    first = await in_thread(make_submission, alice)
    second = await in_thread(make_submission, alice, microservice_submission_id=8)

    async with watching() as door, opening(door, EVENTS, user=alice) as stream:
        told = await stream.next_data()
        await in_thread(finish, first)
        changed = await stream.next_data()

    assert [each["id"] for each in told["results"]] == [second.pk, first.pk]
    assert [(each["id"], each["verdict"]) for each in changed["results"]] == [(first.pk, "AC")]
    assert changed["has_more"] is False
    assert "code" not in changed["results"][0]


async def test_one_that_is_handed_in_is_told(
    alice: User, opening: Any, execution_service: Any
) -> None:
    async with watching() as door, opening(door, EVENTS, user=alice) as stream:
        assert await stream.next_data() == {"results": [], "has_more": False}
        answer = await door.client.post(
            SUBMISSIONS,
            json={"language": "python", "code": "print(42)"},
            headers={"Authorization": f"Bearer {await token_of(alice)}"},
        )
        told = await stream.next_data()

    assert answer.status_code == 201
    assert [each["id"] for each in told["results"]] == [answer.json()["id"]]


async def test_can_be_those_of_one_contest(alice: User, opening: Any) -> None:
    contest = await in_thread(make_contest)
    inside = await in_thread(make_submission, alice, contest=contest)
    outside = await in_thread(make_submission, alice, microservice_submission_id=8)

    path = f"{EVENTS}?contest={contest.pk}"
    async with watching() as door, opening(door, path, user=alice) as stream:
        told = await stream.next_data()
        await in_thread(finish, outside)
        await in_thread(finish, inside)
        changed = await stream.next_data()

    assert [each["id"] for each in told["results"]] == [inside.pk]
    assert [each["id"] for each in changed["results"]] == [inside.pk]


async def test_nobody_elses_are_told_but_to_the_jury(
    submission: CodeSubmission, bob: User, charlie: User
) -> None:
    async with (
        watching() as door,
        door.stream(EVENTS, user=charlie) as strangers,
        door.stream(EVENTS, user=bob) as jurys,
    ):
        first = await strangers.next_data()
        await jurys.next_data()
        await in_thread(finish, submission)

        assert (await jurys.next_data())["results"][0]["verdict"] == "AC"
        assert await strangers.is_quiet()
    assert first["results"] == []


async def test_a_team_hears_of_what_each_of_it_hands_in(alice: User, charlie: User) -> None:
    contest = await in_thread(make_contest)
    team = await in_thread(
        ContestParticipant.objects.create, contest=contest, user=alice, is_team=True
    )
    await in_thread(team.members.add, charlie)
    theirs = await in_thread(make_submission, alice, contest=contest, participant=team)

    async with watching() as door, door.socket(EVENTS, user=charlie) as watcher:
        await watcher.next_data()
        await in_thread(finish, theirs)

        assert [each["id"] for each in (await watcher.next_data())["results"]] == [theirs.pk]


async def test_who_comes_back_is_told_what_changed_meanwhile(alice: User) -> None:
    for number in (1, 2):
        await in_thread(make_older_submission, alice, number)
    late = await in_thread(make_older_submission, alice, 3)
    async with watching() as door:
        async with door.stream(EVENTS, user=alice) as stream:
            known = await stream.next_tag()
        await in_thread(finish, late)
        async with door.stream(EVENTS, user=alice, Last_Event_ID=known) as stream:
            by_event = await stream.next_data()
        async with door.socket(f"{EVENTS}?last_event_id={known}", user=alice) as watcher:
            by_message = await watcher.next_data()

    assert by_event == by_message
    assert by_event["results"][0]["id"] == late.pk


@pytest.mark.parametrize("known", ["never", '"-1"', '"99999999999999999999"', "🎈"])
async def test_who_comes_back_with_what_nobody_told_gets_all(
    known: str, submission: CodeSubmission, alice: User
) -> None:
    async with (
        watching() as door,
        door.socket(f"{EVENTS}?last_event_id={known}", user=alice) as watcher,
    ):
        assert [each["id"] for each in (await watcher.next_data())["results"]] == [submission.pk]


async def test_more_than_are_told_at_a_time_are_asked_for(alice: User) -> None:
    for number in range(1, 53):
        await in_thread(make_older_submission, alice, number)

    async with watching() as door, door.socket(EVENTS, user=alice) as watcher:
        told = await watcher.next_data()

    assert len(told["results"]) == 50
    assert told["has_more"] is True
