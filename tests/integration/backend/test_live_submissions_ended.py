"""Who gets no stream of submissions, what ends one, and how much one may have."""

import asyncio
import itertools
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from limits import parse as parse_rate

from apps.code_execution.models import CodeSubmission
from apps.code_execution.watching import tell
from apps.users.models import User
from live.limits import StreamLimits
from tests.support.contests import make_submission
from tests.support.live_streams import in_thread, token_of, watching
from tests.support.live_submissions import EVENTS, SUBMISSIONS, events_of, report
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


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
        self,
        submission: CodeSubmission,
        alice: User,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Streams take it for older than Django does, which lets them in however late they come.
        elapsed_s = settings.JWT_ACCESS_TOKEN_LIFETIME.total_seconds() - 1
        clock = SimpleNamespace(time=lambda: time.time() + elapsed_s)
        monkeypatch.setattr("live.following.time", clock)
        async with (
            watching() as door,
            door.socket(events_of(submission), user=alice) as watcher,
            door.stream(events_of(submission), user=alice) as stream,
        ):
            await stream.next_event()
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
                while not door.hub.stream_count:  # noqa: ASYNC110  # the server tells nobody of it
                    await asyncio.sleep(0.01)
                outputs = (f"{number}{'x' * 2_000_000}" for number in itertools.count())
                while door.hub.stream_count:
                    await in_thread(set_output, submission, next(outputs))
            client.close()

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
