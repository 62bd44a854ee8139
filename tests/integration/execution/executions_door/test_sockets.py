"""The WebSocket of an execution, over real sockets (contract S002-W01 to W07)."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any, Self

import httpx
import pytest
import pytest_asyncio
from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.config import Settings
from app.websockets import executions as sockets
from app.websockets.protocol import websocket_options
from tests.integration.execution.executions import (
    ALICE,
    CHARLIE,
    EXECUTIONS,
    bearer,
    create_service,
    start,
)
from tests.integration.execution.held_engine import HeldEngine
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio


def token_of(header: dict[str, str]) -> str:
    return header["Authorization"].removeprefix("Bearer ")


class Service:
    """A service that listens, and alice, who calls it."""

    def __init__(self, address: str, client: httpx.AsyncClient, engine: HeldEngine) -> None:
        self.client = client
        self.engine = engine
        self._url = f"ws://{address}{EXECUTIONS}/ws"

    def watch(self, execution_id: str, header: dict[str, str] | None = ALICE) -> connect:
        token = f"?token={token_of(header)}" if header else ""
        url = f"{self._url}/{execution_id}{token}"
        return connect(url, compression=None, open_timeout=PATIENCE_S)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Service]:
    engine = HeldEngine()
    engine.may_end.set()
    async with (
        serving(create_service(settings, engine), **websocket_options()) as address,
        httpx.AsyncClient(
            base_url=f"http://{address}", headers=ALICE, timeout=PATIENCE_S
        ) as client,
    ):
        yield Service(address, client, engine)


@pytest_asyncio.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with served(settings) as service:
        yield service


@pytest_asyncio.fixture(name="shared")
async def served_with_memory_and_with_redis(shared: Settings) -> AsyncIterator[Service]:
    async with served(shared) as service:
        yield service


async def hear(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def hear_all(socket: ClientConnection) -> list[dict[str, Any]]:
    """Hear everything up to the last state."""
    messages = [await hear(socket)]
    while messages[-1]["data"].get("status") not in {"completed", "success", "error"}:
        messages.append(await hear(socket))
    return messages


async def closing_of(socket: ClientConnection) -> tuple[int | None, str]:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        return socket.close_code, socket.close_reason or ""


async def test_tells_every_change_in_order_without_being_asked(shared: Service) -> None:
    shared.engine.may_end.clear()
    execution_id = await start(shared.client)

    async with shared.watch(execution_id) as socket:
        first = await hear(socket)
        shared.engine.may_end.set()
        messages = [first, *await hear_all(socket)]

    assert {message["type"] for message in messages} == {"execution_update"}
    assert {message["execution_id"] for message in messages} == {execution_id}
    statuses = [message["data"]["status"] for message in messages]
    assert statuses in (["pending", "running", "completed"], ["running", "completed"])
    result = messages[-1]["data"]
    assert result["output"] == "42\n"
    assert result["error_output"] == ""
    assert result["execution_time"].endswith("s")
    assert result["memory_usage"].endswith("MB")
    assert "code" not in result
    assert "input_data" not in result


async def test_who_comes_after_the_end_gets_the_result_at_once(service: Service) -> None:
    execution_id = await start(service.client)
    async with service.watch(execution_id) as socket:
        await hear_all(socket)

    async with service.watch(execution_id) as late:
        message = await hear(late)

    assert message["data"]["status"] == "completed"
    assert message["data"]["output"] == "42\n"


async def test_tells_what_the_program_writes_while_it_runs(shared: Service) -> None:
    shared.engine.may_end.clear()
    code = "print one\nerror two\nsleep 50\nprint three"
    execution_id = await start(shared.client, code=code, stream_output=True)

    async with shared.watch(execution_id) as socket, shared.watch(execution_id) as other:
        while (first := await hear(socket))["type"] != "execution_output":
            continue
        seen_before_the_end = first["data"]
        shared.engine.may_end.set()
        messages = [first, *await hear_all(socket)]
        others = await hear_all(other)

    pieces = [each["data"] for each in messages if each["type"] == "execution_output"]
    assert seen_before_the_end["text"]
    assert [piece["sequence"] for piece in pieces] == list(range(len(pieces)))
    assert "".join(each["text"] for each in pieces if each["stream"] == "stdout") == "one\nthree\n"
    assert "".join(each["text"] for each in pieces if each["stream"] == "stderr") == "two\n"
    assert [each["data"] for each in others if each["type"] == "execution_output"] == pieces
    assert messages[-1]["data"]["output"] == "one\nthree\n"


async def test_who_comes_late_gets_the_output_so_far_before_the_end(shared: Service) -> None:
    shared.engine.may_end.clear()
    code = "print one\nerror two"
    execution_id = await start(shared.client, code=code, stream_output=True)
    async with shared.watch(execution_id) as early:
        while (await hear(early))["type"] != "execution_output":
            continue
        async with shared.watch(execution_id) as late:
            messages = [await hear(late) for _ in range(3)]
            shared.engine.may_end.set()
            messages += await hear_all(late)

    assert [message["type"] for message in messages] == [
        "execution_update",
        "execution_output",
        "execution_output",
        "execution_update",
    ]
    assert messages[0]["data"]["status"] == "running"


@pytest.mark.parametrize(
    "header",
    [None, {"Authorization": "Bearer nonsense"}, bearer(1, exp=1), bearer(1, aud="others")],
    ids=["none", "nonsense", "expired", "for others"],
)
async def test_a_bad_token_is_closed_with_4001(
    service: Service, header: dict[str, str] | None
) -> None:
    execution_id = await start(service.client)

    async with service.watch(execution_id, header) as socket:
        error = await hear(socket)
        code, _ = await closing_of(socket)

    assert code == 4001
    assert error["type"] == "error"
    assert error["data"]["code"] == "unauthenticated"


async def test_what_is_somebody_elses_or_unknown_is_closed_with_4003(service: Service) -> None:
    execution_id = await start(service.client)

    async with service.watch(execution_id, CHARLIE) as socket:
        theirs = await hear(socket)
        theirs_code, _ = await closing_of(socket)
    codes = []
    for unknown in ("6a1d6f0e-0000-4000-8000-000000000000", "x" * 2000, "%00%ff"):
        async with service.watch(unknown) as socket:
            codes.append((await closing_of(socket))[0])

    assert (theirs["data"]["code"], theirs_code) == ("forbidden", 4003)
    assert codes == [4003, 4003, 4003]


async def test_an_expiring_token_ends_the_socket_with_4001(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires_at = datetime.fromtimestamp(int(time.time()) + 3600, tz=UTC)

    class JustBefore(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(expires_at.timestamp() - 0.2, tz=tz)

    execution_id = await start(service.client, code="sleep 60000")
    header = bearer(1, exp=int(expires_at.timestamp()))
    monkeypatch.setattr(sockets, "datetime", JustBefore)

    async with service.watch(execution_id, header) as socket:
        while (message := await hear(socket))["type"] != "error":
            assert message["data"]["status"] in {"pending", "running"}
        code, _ = await closing_of(socket)
    await service.client.post(f"{EXECUTIONS}/cancel/{execution_id}")

    assert message["data"]["detail"] == "The token has expired"
    assert code == 4001


async def test_a_cancelled_execution_ends_as_an_error_that_says_so(service: Service) -> None:
    execution_id = await start(service.client, code="sleep 60000")

    async with service.watch(execution_id) as socket:
        await service.client.post(f"{EXECUTIONS}/cancel/{execution_id}")
        result = (await hear_all(socket))[-1]["data"]

    assert result["status"] == "error"
    assert result["is_cancelled"]
    assert result["error_output"]


async def test_answers_pings_and_passes_over_everything_else(service: Service) -> None:
    execution_id = await start(service.client)

    async with service.watch(execution_id) as socket:
        await hear_all(socket)
        for said in ("hello", '{"type": "hello"}', "[" * 10_000, b"\xff\x00", "[1]", '"ping"'):
            await socket.send(said)
        await socket.send("ping")
        await socket.send('{"type": "ping", "more": 1}')
        answers = [await hear(socket), await hear(socket)]

    assert answers == [{"type": "pong"}, {"type": "pong"}]


async def test_closes_with_1000_some_time_after_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "KEPT_OPEN_S", 0.05)
    execution_id = await start(service.client)

    async with service.watch(execution_id) as socket:
        await hear_all(socket)
        code, _ = await closing_of(socket)

    assert code == 1000


async def test_who_says_too_much_is_closed_with_1008(service: Service) -> None:
    execution_id = await start(service.client, code="sleep 60000")

    async with service.watch(execution_id) as socket:
        for _ in range(101):
            await socket.send("x")
        code, _ = await closing_of(socket)
    await service.client.post(f"{EXECUTIONS}/cancel/{execution_id}")

    assert code == 1008


async def test_a_message_that_is_too_large_is_refused(service: Service) -> None:
    execution_id = await start(service.client)

    async with service.watch(execution_id) as socket:
        await hear_all(socket)
        await socket.send("x" * 100_000)
        code, _ = await closing_of(socket)

    assert code == 1009


async def test_a_service_that_stops_closes_with_1012(settings: Settings) -> None:
    async with served(settings) as service:
        execution_id = await start(service.client, code="sleep 60000")
        socket = await service.watch(execution_id)
        await hear(socket)
    code, _ = await closing_of(socket)

    assert code == 1012
