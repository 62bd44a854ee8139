"""Submissions as they change: to their owner and the jury, through real servers, by both ways."""

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from limits import parse as parse_rate

from apps.code_execution import rejudging
from apps.code_execution.domain import parse_result
from apps.code_execution.models import CodeSubmission
from apps.code_execution.results import apply_result
from apps.code_execution.watching import tell
from apps.contests.models import ContestParticipant
from apps.users.models import User
from live.limits import StreamLimits
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.live_streams import (
    PATIENCE_S,
    Watching,
    in_thread,
    serving_redis,
    token_of,
    watching,
)
from tests.support.webhooks import deliver_progress

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
SUBMISSIONS = "/api/code-execution/submissions/"
EVENTS = f"{SUBMISSIONS}events"
LONG_AGO = timedelta(minutes=10)
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def events_of(submission: CodeSubmission) -> str:
    return f"{SUBMISSIONS}{submission.pk}/events"


def finish(submission: CodeSubmission, **fields: Any) -> None:
    event = make_event(submission, **fields)
    apply_result(result=parse_result(event, id_key="submission_id"))


def report(submission: CodeSubmission, **fields: Any) -> None:
    answer = deliver_progress(submission, **fields)
    assert answer.status_code == 204, answer.content


def make_older_submission(user: User, number: int, **fields: Any) -> CodeSubmission:
    with time_machine.travel(timezone.now() - LONG_AGO, tick=False):
        return make_submission(user, microservice_submission_id=number, **fields)


def give_away(submission: CodeSubmission, user: User) -> None:
    CodeSubmission.objects.filter(pk=submission.pk).update(user=user)
    with transaction.atomic():
        tell(submission)


def set_output(submission: CodeSubmission, output: str) -> None:
    CodeSubmission.objects.filter(pk=submission.pk).update(output=output)
    with transaction.atomic():
        tell(submission)


async def open_without_reading(address: str, path: str, token: str, headers: str) -> socket.socket:
    """Open a stream whose client takes no more than its smallest buffer holds."""
    host, port = address.split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    )
    await loop.sock_sendall(client, request.encode())
    return client


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with serving_redis(folder) as url:
        yield url


@pytest.fixture(params=["server-sent events", "WebSocket"])
def opening(request: pytest.FixtureRequest) -> Any:
    """The way to open a stream."""
    return Watching.stream if request.param == "server-sent events" else Watching.socket


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


class TestOwnSubmissions:
    async def test_a_rejudging_that_is_applied_is_told_of_all_that_it_changed(
        self, alice: User, bob: User, redis_url: str, settings: Any
    ) -> None:
        settings.LIVE_REDIS_URL = redis_url
        made = [
            await in_thread(make_submission, alice, microservice_submission_id=each)
            for each in (7, 8)
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

    async def test_messages_have_those_that_changed(self, alice: User, opening: Any) -> None:
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
        self, alice: User, opening: Any, execution_service: Any
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

    async def test_can_be_those_of_one_contest(self, alice: User, opening: Any) -> None:
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
        self, submission: CodeSubmission, bob: User, charlie: User
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

    async def test_a_team_hears_of_what_each_of_it_hands_in(
        self, alice: User, charlie: User
    ) -> None:
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

    async def test_who_comes_back_is_told_what_changed_meanwhile(self, alice: User) -> None:
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
        self, known: str, submission: CodeSubmission, alice: User
    ) -> None:
        async with (
            watching() as door,
            door.socket(f"{EVENTS}?last_event_id={known}", user=alice) as watcher,
        ):
            assert [each["id"] for each in (await watcher.next_data())["results"]] == [
                submission.pk
            ]

    async def test_more_than_are_told_at_a_time_are_asked_for(self, alice: User) -> None:
        for number in range(1, 53):
            await in_thread(make_older_submission, alice, number)

        async with watching() as door, door.socket(EVENTS, user=alice) as watcher:
            told = await watcher.next_data()

        assert len(told["results"]) == 50
        assert told["has_more"] is True


class TestWhoMayNot:
    @pytest.mark.parametrize("path", [EVENTS, f"{SUBMISSIONS}1/events"])
    async def test_without_a_good_token_nobody_gets_in(
        self, path: str, submission: CodeSubmission
    ) -> None:
        async with watching() as door:
            refused = await door.client.get(path)
            async with door.socket(path) as without, door.socket(f"{path}?token=bad") as bad:
                codes = [(await each.closing())[0] for each in (without, bad)]

        assert refused.status_code == 401
        assert codes == [4001, 4001]

    async def test_a_stranger_is_refused_as_by_the_submission_itself(
        self, submission: CodeSubmission, charlie: User
    ) -> None:
        async with watching() as door:
            async with door.stream(events_of(submission), user=charlie) as stream:
                assert stream.response.status_code == 404
            async with door.socket(events_of(submission), user=charlie) as watcher:
                assert (await watcher.closing())[0] == 4003

    async def test_a_submission_that_is_hidden_while_one_watches_ends_the_stream(
        self, submission: CodeSubmission, alice: User, charlie: User
    ) -> None:
        async with watching() as door, door.socket(events_of(submission), user=alice) as watcher:
            await watcher.next_data()
            await in_thread(give_away, submission, charlie)

            assert (await watcher.closing())[0] == 4003

    async def test_the_end_of_a_session_ends_the_stream(
        self, submission: CodeSubmission, alice: User
    ) -> None:
        limits = StreamLimits(recheck_s=0.2, heartbeat_s=0.1)
        async with watching(limits) as door:
            token = await token_of(alice)
            path = f"{events_of(submission)}?token={token}"
            async with door.socket(path) as watcher:
                await watcher.next_data()
                await door.client.post(
                    "/api/auth/logout/", headers={"Authorization": f"Bearer {token}"}
                )

                assert (await watcher.closing())[0] == 4001

    async def test_the_end_of_a_token_ends_the_stream(
        self, submission: CodeSubmission, alice: User, settings: Any
    ) -> None:
        settings.JWT_ACCESS_TOKEN_LIFETIME = timedelta(seconds=2)
        async with (
            watching() as door,
            door.socket(events_of(submission), user=alice) as watcher,
            door.stream(events_of(submission), user=alice) as stream,
        ):
            await stream.next_event()
            async with asyncio.timeout(5):
                code, _ = await watcher.closing()
                end = await stream.next_block()

        assert code == 4001
        assert end == {}

    async def test_a_page_of_another_origin_gets_nothing_by_its_visitors_cookie(
        self, submission: CodeSubmission, alice: User
    ) -> None:
        cookie = {"Cookie": f"access_token={await token_of(alice)}"}
        async with watching() as door:
            path = events_of(submission)
            async with door.socket(
                path, additional_headers=cookie, origin=f"http://{door.address}"
            ) as own:
                shown = await own.next_data()
            async with door.socket(
                path, additional_headers=cookie, origin="https://evil.example"
            ) as others:
                code, _ = await others.closing()

        assert shown["id"] == submission.pk
        assert code == 4001


class TestLimits:
    async def test_says_that_it_is_still_there(
        self, submission: CodeSubmission, alice: User
    ) -> None:
        async with (
            watching(StreamLimits(heartbeat_s=0.1)) as door,
            door.socket(events_of(submission), user=alice) as watcher,
        ):
            await watcher.next_data()
            assert await watcher.next_message() == {"type": "heartbeat"}

    async def test_clients_of_a_server_that_stops_come_back(
        self, submission: CodeSubmission, alice: User
    ) -> None:
        async with watching() as door, door.socket(events_of(submission), user=alice) as watcher:
            await watcher.next_data()
            door.hub.end_all()

            assert (await watcher.closing())[0] == 1012

    @pytest.mark.parametrize(
        "limits", [StreamLimits(streams_max=1), StreamLimits(streams_per_caller_max=1)]
    )
    async def test_too_many_are_told_to_try_later(
        self, limits: StreamLimits, submission: CodeSubmission, alice: User
    ) -> None:
        path = events_of(submission)
        async with watching(limits) as door, door.socket(path, user=alice) as first:
            await first.next_data()
            async with door.socket(path, user=alice) as second:
                assert (await second.closing())[0] == 1013

    @pytest.mark.parametrize("headers", ["", HANDSHAKE], ids=["server-sent events", "WebSocket"])
    async def test_a_reader_that_does_not_read_is_dropped(
        self, headers: str, submission: CodeSubmission, alice: User
    ) -> None:
        token = await token_of(alice)
        async with watching(StreamLimits(pause_s=0, send_timeout_s=0.3)) as door:
            path = events_of(submission)
            client = await open_without_reading(door.address, path, token, headers)
            async with asyncio.timeout(PATIENCE_S):
                number = 0
                while number < 3 or door.hub._subscriptions:
                    number += 1
                    await in_thread(set_output, submission, f"{number}{'x' * 2_000_000}")
            client.close()

        assert number > 3

    async def test_what_a_stream_asks_counts_as_one_request(
        self, submission: CodeSubmission, alice: User, settings: Any
    ) -> None:
        # Not by the minute, as one may end while the test runs.
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "api": parse_rate("600/day")}
        token = await token_of(alice)
        async with (
            watching() as door,
            door.socket(f"{events_of(submission)}?token={token}") as watcher,
        ):
            await watcher.next_data()
            for count in range(1, 4):
                await in_thread(
                    report, submission, stage="testing", tests_done=count, tests_total=3
                )
                await watcher.next_data()
            answer = await door.client.get(
                f"{SUBMISSIONS}{submission.pk}/", headers={"Authorization": f"Bearer {token}"}
            )

        policy, state = (answer.headers[name] for name in ("RateLimit-Policy", "RateLimit"))
        most = int(policy.split("q=")[1].split(";")[0])
        assert int(state.split("r=")[1].split(";")[0]) == most - 2


class TestReplicas:
    async def test_every_replica_tells_its_watchers_once(
        self, submission: CodeSubmission, alice: User, redis_url: str, settings: Any
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
