"""A submission as it changes: to its owner, the jury and others, by both ways."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.code_execution.models import CodeSubmission
from apps.users.models import User
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.live_streams import in_thread, watching
from tests.support.live_submissions import EVENTS, events_of, finish, report

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


async def test_a_submission_is_followed_from_pending_to_its_verdict(
    submission: CodeSubmission, alice: User, opening: Any
) -> None:
    async with watching() as door, opening(door, events_of(submission), user=alice) as stream:
        told = [await stream.next_data()]
        await in_thread(report, submission, stage="compiling", tests_done=0, tests_total=3)
        told.append(await stream.next_data())
        await in_thread(report, submission, stage="testing", tests_done=2, tests_total=3)
        told.append(await stream.next_data())
        await in_thread(finish, submission)
        told.append(await stream.next_data())

    assert [each["status"] for each in told] == ["pending", "running", "running", "completed"]
    assert [each["progress"] for each in told] == [
        None,
        {"stage": "compiling", "tests_done": 0, "tests_total": 3},
        {"stage": "testing", "tests_done": 2, "tests_total": 3},
        None,
    ]
    assert told[-1]["verdict"] == "AC"
    assert told[-1]["output"] == "42\n"
    assert "code" not in told[-1]


async def test_both_ways_tell_the_same(submission: CodeSubmission, alice: User) -> None:
    async with (
        watching() as door,
        door.stream(events_of(submission), user=alice) as stream,
        door.socket(events_of(submission), user=alice) as watcher,
    ):
        event = await stream.next_event()
        message = await watcher.next_event()

    assert message == {
        "type": event["event"],
        "id": event["id"],
        "data": json.loads(event["data"]),
    }
    assert message["type"] == "submission"


async def test_who_comes_back_is_told_the_state_unless_they_have_it(
    submission: CodeSubmission, alice: User
) -> None:
    async with watching() as door:
        async with door.stream(events_of(submission), user=alice) as stream:
            known = await stream.next_tag()
        async with door.stream(events_of(submission), user=alice, Last_Event_ID=known) as stream:
            assert await stream.is_quiet()
        async with door.socket(
            f"{events_of(submission)}?last_event_id={known}", user=alice
        ) as watcher:
            assert await watcher.is_quiet()
            await in_thread(finish, submission)
            assert (await watcher.next_data())["verdict"] == "AC"
        async with door.stream(events_of(submission), user=alice, Last_Event_ID=known) as stream:
            assert (await stream.next_data())["verdict"] == "AC"


async def test_a_verdict_that_came_before_the_stream_is_told_at_once(
    submission: CodeSubmission, alice: User, opening: Any
) -> None:
    await in_thread(finish, submission)

    async with watching() as door, opening(door, events_of(submission), user=alice) as stream:
        assert (await stream.next_data())["verdict"] == "AC"


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ("full", {"stage": "testing", "tests_done": 2, "tests_total": 3}),
        ("verdict", {"stage": "testing", "tests_done": None, "tests_total": None}),
        ("samples", {"stage": "testing", "tests_done": None, "tests_total": None}),
    ],
)
async def test_which_test_is_run_is_told_to_who_may_know_which_one_failed(
    feedback: str, expected: dict[str, Any], alice: User, bob: User
) -> None:
    contest = await in_thread(make_contest, feedback=feedback)
    problem = await in_thread(make_problem, contest)
    submission = await in_thread(make_submission, alice, contest=contest, problem=problem)
    await in_thread(report, submission, stage="testing", tests_done=2, tests_total=3)

    async with (
        watching() as door,
        door.socket(events_of(submission), user=alice) as own,
        door.socket(events_of(submission), user=bob) as jury,
    ):
        assert (await own.next_data())["progress"] == expected
        assert (await jury.next_data())["progress"]["tests_done"] == 2


async def test_who_may_not_know_the_tests_can_not_count_them_by_messages(
    alice: User,
) -> None:
    contest = await in_thread(make_contest, feedback="samples")
    problem = await in_thread(make_problem, contest)
    submission = await in_thread(make_submission, alice, contest=contest, problem=problem)
    await in_thread(report, submission, stage="testing", tests_done=1, tests_total=3)

    async with (
        watching() as door,
        door.socket(events_of(submission), user=alice) as one,
        door.socket(EVENTS, user=alice) as own,
    ):
        await one.next_data()
        await own.next_data()
        await in_thread(report, submission, stage="testing", tests_done=2, tests_total=3)

        assert await one.is_quiet()
        assert await own.is_quiet()


async def test_others_on_the_board_are_told_of_the_try_and_of_nothing_that_follows(
    alice: User, charlie: User
) -> None:
    contest = await in_thread(make_contest, end_time=timezone.now() + timedelta(hours=1))
    problem = await in_thread(make_problem, contest)
    submission = await in_thread(make_submission, alice, contest=contest, problem=problem)

    async with watching() as door, door.socket(events_of(submission), user=charlie) as watcher:
        first = await watcher.next_data()
        await in_thread(report, submission, stage="testing", tests_done=2, tests_total=3)
        await in_thread(finish, submission)
        assert await watcher.is_quiet()

    assert (first["disclosure"], first["status"], first["progress"]) == ("exists", "pending", None)


async def test_every_replica_tells_its_watchers_once(
    submission: CodeSubmission, alice: User, redis_url: str, settings: Any
) -> None:
    settings.LIVE_REDIS_URL = redis_url
    async with (
        watching() as here,
        watching(is_replica=True) as there,
        here.socket(events_of(submission), user=alice) as watcher,
        there.stream(events_of(submission), user=alice) as stream,
        there.socket(EVENTS, user=alice) as own,
    ):
        for each in (watcher, stream, own):
            await each.next_data()
        await in_thread(finish, submission)

        assert (await watcher.next_data())["verdict"] == "AC"
        assert (await stream.next_data())["verdict"] == "AC"
        assert (await own.next_data())["results"][0]["verdict"] == "AC"
        assert await watcher.is_quiet()
        assert await own.is_quiet()
