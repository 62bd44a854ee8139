"""Streams of ticks through the real front door: who gets one, what it tells, and how it ends."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.contests.models import Contest, ContestParticipant
from apps.users.models import User
from live.hub import Hub
from live.limits import StreamLimits
from live.publisher import RedisPublisher
from live.relay import RedisRelay
from live.wire import Tick
from tests.support.contests import make_problem
from tests.support.live_streams import in_thread, serving_redis, watching
from tests.support.patience import PATIENCE_S
from tests.support.scoreboards import bring, enter, hand_in, make_cup, path_of

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
EARLY, LATE = timedelta(minutes=5), timedelta(hours=4, minutes=12)


def events_of(contest: Contest) -> str:
    return f"{path_of(contest)}events"


@pytest.fixture
def cup() -> Contest:
    return make_cup(timedelta(hours=1))


async def test_tells_when_the_board_changes_and_what_to_ask_for_with(
    cup: Contest, alice: User
) -> None:
    problem = await in_thread(make_problem, cup)
    participant = await in_thread(enter, cup, alice)

    async with watching() as door, door.stream(events_of(cup)) as stream:
        first = await stream.next_event()
        await in_thread(hand_in, participant, problem.pk, at=EARLY, verdict="AC")
        second = await stream.next_event()
        board = await door.client.get(path_of(cup))

    assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert first["event"] == second["event"] == "board"
    assert first["id"] != second["id"]
    assert second["id"] == board.headers["ETag"]
    assert second["data"] == f'{{"etag": "{second["id"].replace(chr(34), chr(92) + chr(34))}"}}'


async def test_who_comes_back_is_told_what_they_missed_and_nothing_else(
    cup: Contest, alice: User
) -> None:
    async with watching() as door:
        async with door.stream(events_of(cup)) as stream:
            known = await stream.next_tag()
        async with door.stream(events_of(cup), Last_Event_ID=known) as stream:
            assert await stream.is_quiet()
        await in_thread(enter, cup, alice)
        async with door.stream(events_of(cup), Last_Event_ID=known) as stream:
            assert await stream.next_tag() != known


async def test_many_changes_at_once_are_one_tick(cup: Contest) -> None:
    async with watching() as door, door.stream(events_of(cup)) as stream:
        await stream.next_tag()
        for number in range(50):
            door.hub.tick(Tick(channels=(f"board/{cup.pk}/public",), tag=f'"{number}"'))

        assert await stream.next_tag() == '"49"'
        assert await stream.is_quiet()


async def test_during_the_freeze_a_verdict_ticks_for_the_jury_only(alice: User, bob: User) -> None:
    cup = await in_thread(make_cup)
    problem = await in_thread(make_problem, cup)
    participant = await in_thread(enter, cup, alice)
    submission = await in_thread(hand_in, participant, problem.pk, at=LATE, verdict=None)

    async with (
        watching() as door,
        door.stream(events_of(cup)) as public,
        door.stream(events_of(cup), user=alice) as own,
        door.stream(events_of(cup), user=bob) as jury,
        door.stream(f"{events_of(cup)}?public=true", user=bob) as shown,
    ):
        streams = [public, own, jury, shown]
        first = [await each.next_tag() for each in streams]
        await in_thread(bring, submission, "AC")

        assert await jury.next_tag() != first[2]
        assert await public.is_quiet()
        assert await own.is_quiet()
        assert await shown.is_quiet()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"is_published": False}, 404), ({"board_access": "jury"}, 403), ({}, 200)],
)
async def test_refuses_as_the_board_itself_does(
    fields: dict[str, Any], expected: int, charlie: User
) -> None:
    cup = await in_thread(make_cup, **fields)

    async with watching() as door, door.stream(events_of(cup), user=charlie) as stream:
        assert stream.response.status_code == expected


async def test_addresses_that_tell_of_no_changes_have_no_stream(db: None) -> None:
    async with watching() as door:
        answer = await door.client.get("/api/code-execution/problems/events")
        health = await door.client.get("/api/health/live/events")

    assert answer.status_code == 401
    assert health.status_code == 404
    assert health.json()["code"] == "no-stream"


async def test_the_name_of_the_channel_stays_inside(cup: Contest) -> None:
    async with watching() as door:
        board = await door.client.get(path_of(cup))
        async with door.stream(events_of(cup)) as stream:
            assert "x-live-channel" not in stream.response.headers

    assert board.status_code == 200
    assert "x-live-channel" not in board.headers


async def test_pages_of_the_frontend_may_read_it(cup: Contest) -> None:
    async with (
        watching() as door,
        door.stream(events_of(cup), Origin="http://localhost:3000") as stream,
    ):
        headers = stream.response.headers

    assert headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert headers["Access-Control-Allow-Credentials"] == "true"


async def test_pages_of_the_frontend_may_say_what_they_were_told_last(cup: Contest) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
    }
    async with watching() as door:
        answer = await door.client.options(events_of(cup), headers=asked)

    assert answer.status_code == 200
    assert "last-event-id" in answer.headers["Access-Control-Allow-Headers"]


async def test_says_every_now_and_then_that_it_is_still_there(cup: Contest) -> None:
    async with (
        watching(StreamLimits(heartbeat_s=0.1)) as door,
        door.stream(events_of(cup)) as stream,
    ):
        await stream.next_tag()
        assert await stream.next_block() == {"": "still here"}


async def test_ends_after_its_time_and_when_the_server_stops(cup: Contest) -> None:
    async with (
        watching(StreamLimits(lifetime_s=0.1)) as door,
        door.stream(events_of(cup)) as stream,
    ):
        await stream.next_tag()
        assert await stream.next_block() == {}
    async with watching() as door, door.stream(events_of(cup)) as stream:
        await stream.next_tag()
        door.hub.end_all()
        assert await stream.next_block() == {}


@pytest.mark.parametrize(
    "limits", [StreamLimits(streams_max=1), StreamLimits(streams_per_address_max=1)]
)
async def test_takes_so_many_streams_and_takes_more_when_one_ends(
    limits: StreamLimits, cup: Contest
) -> None:
    async with watching(limits) as door:
        async with door.stream(events_of(cup)) as first:
            await first.next_tag()
            refused = await door.client.get(f"{path_of(cup)}events")
        async with asyncio.timeout(PATIENCE_S):
            while door.hub.stream_count:  # noqa: ASYNC110  # the server tells nobody of it
                await asyncio.sleep(0.01)
        async with door.stream(events_of(cup)) as again:
            assert again.response.status_code == 200

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert refused.json()["code"] == "too-many-streams"


async def test_hears_of_changes_in_other_processes(
    cup: Contest, redis_url: str, settings: Any
) -> None:
    settings.LIVE_REDIS_URL = redis_url
    other_process = RedisPublisher(redis_url, sender="another")

    async with watching() as door, door.stream(events_of(cup)) as stream:
        await stream.next_tag()
        tick = Tick(channels=(f"board/{cup.pk}/public",), tag='"new"')
        await in_thread(other_process.publish, [tick])

        assert await stream.next_tag() == '"new"'


async def test_tells_other_processes(
    cup: Contest, redis_url: str, settings: Any, alice: User
) -> None:
    settings.LIVE_REDIS_URL = redis_url
    hub = Hub()  # that of another process: no listener of this one
    relay = RedisRelay(redis_url, hub, own_name="another")
    await relay.be_ready()

    with hub.subscribed() as subscription:
        await in_thread(enter, cup, alice)
        tag = await subscription.next_tags(within_s=PATIENCE_S)
    await relay.close()

    assert tag is not None


async def test_who_did_not_wait_for_redis_long_enough_misses_nothing(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.relay.READY_TIMEOUT_S", 0)
    hub = Hub()
    relay = RedisRelay(redis_url, hub, own_name="another")

    with hub.subscribed() as subscription:
        await relay.be_ready()
        await subscription.next_tags(within_s=PATIENCE_S)
    await relay.close()

    assert subscription.has_ended


async def test_all_who_come_first_wait_for_redis(redis_url: str) -> None:
    relay = RedisRelay(redis_url, Hub(), own_name="another")

    first = asyncio.create_task(relay.be_ready())
    await asyncio.sleep(0)
    await relay.be_ready()
    is_ready = relay._is_ready.is_set()
    await first
    await relay.close()

    assert is_ready


async def test_streams_begin_anew_once_redis_is_back(
    cup: Contest, settings: Any, tmp_path_factory: pytest.TempPathFactory, alice: User
) -> None:
    folder = tmp_path_factory.mktemp("redis")
    settings.LIVE_REDIS_URL = f"unix://{folder}/broker.sock"

    async with watching() as door, door.stream(events_of(cup)) as stream:
        await stream.next_tag()
        with serving_redis(folder):
            # What was told meanwhile is lost: who comes back is told of it by the tag.
            while block := await stream.next_block():
                assert block == {"": "still here"}


async def test_goes_on_within_the_process_while_redis_is_away(
    cup: Contest, settings: Any, alice: User, tmp_path: Path
) -> None:
    settings.LIVE_REDIS_URL = f"unix://{tmp_path}/nobody.sock"

    async with watching() as door, door.stream(events_of(cup)) as stream:
        first = await stream.next_tag()
        await in_thread(enter, cup, alice)

        assert await stream.next_tag() != first
    assert await in_thread(ContestParticipant.objects.count) == 1
