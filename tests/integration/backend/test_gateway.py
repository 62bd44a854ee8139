"""The front door between real servers: what is passed on, what comes back, and what goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from gateway import http as gateway_http
from gateway import protocol
from gateway import websocket as gateway_websocket
from gateway.front_door import FrontDoor
from gateway.http import HttpForwarder
from gateway.rules import Trust
from gateway.websocket import MESSAGE_BYTES_MAX, WebSocketForwarder
from gateway.wsgi import ThreadedWsgi
from tests.support.asgi_servers import serving
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio
PATIENCE_S = 10


@dataclass
class ExecutionService:
    """A stand-in whose answers the tests steer; it notes who came and how WebSockets ended."""

    peers: set[Any] = field(default_factory=set)
    received: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def echo(self, request: Request) -> Response:
        self.peers.add(request.client)
        return JSONResponse(
            {
                "method": request.method,
                "target": request.scope["raw_path"].decode(),
                "query": request.scope["query_string"].decode(),
                "headers": [(name.decode(), value.decode()) for name, value in request.headers.raw],
                "body": (await request.body()).decode(),
            },
            status_code=207,
            headers={"X-Answer": "yes", "Connection": "X-Hop", "X-Hop": "1"},
        )

    async def take_piece_by_piece(self, request: Request) -> Response:
        async for chunk in request.stream():
            await self.received.put(chunk)
        return Response()

    async def give_piece_by_piece(self, request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first "
            await self.may_go_on.wait()
            yield b"second"

        return StreamingResponse(pieces())

    async def break_off(self, request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first "
            raise ConnectionResetError

        return StreamingResponse(pieces())

    async def wait_for_the_client_to_leave(self, request: Request) -> Response:
        await self.received.put("started")
        while (await request.receive())["type"] != "http.disconnect":
            pass
        await self.received.put("client left")
        raise ClientDisconnect

    async def talk(self, websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=next(iter(websocket.scope["subprotocols"]), None))
        await websocket.send_json({
            "query": dict(websocket.query_params),
            "headers": dict(websocket.headers),
        })
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    await self.received.put((message["code"], message["reason"]))
                    return
                if message.get("text") == "close":
                    await websocket.close(4001, "bad token")
                    return
                while message.get("text") == "pour":
                    await websocket.send_text("x" * 65_536)
                if message.get("text") == "flood":
                    await websocket.send_text("x" * (MESSAGE_BYTES_MAX + 1))
                elif message.get("bytes") is not None:
                    await websocket.send_bytes(message["bytes"])
                else:
                    await websocket.send_text(message["text"])
        except WebSocketDisconnect:
            await self.received.put("gone")

    async def refuse(self, websocket: WebSocket) -> None:
        await websocket.send_denial_response(
            JSONResponse({"detail": "Not yours."}, status_code=403, headers={"X-Why": "owner"})
        )

    def application(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]
        return Starlette(
            routes=[
                Route("/api/v1/executions/take", self.take_piece_by_piece, methods=["POST"]),
                Route("/api/v1/executions/give", self.give_piece_by_piece),
                Route("/api/v1/executions/broken", self.break_off),
                Route("/api/v1/executions/slow", self.wait_for_the_client_to_leave),
                Route("/{path:path}", self.echo, methods=methods),
                WebSocketRoute("/ws", self.talk),
                WebSocketRoute("/api/v1/executions/ws/refused", self.refuse),
                WebSocketRoute("/api/terminal/ws/1", self.talk),
            ]
        )


def django_stand_in(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"django {environ['PATH_INFO']}".encode()]


@asynccontextmanager
async def front_door(
    service: str, *, answer_timeout_s: float = PATIENCE_S, idle_timeout_s: float = PATIENCE_S
) -> AsyncIterator[str]:
    base_url = httpx.URL(f"http://{service}")
    trust = Trust(proxies=0, is_scheme_believed=False)
    transport = httpx.AsyncHTTPTransport()
    django = ThreadedWsgi(django_stand_in, threads=2, body_bytes_max=1000)

    async def close() -> None:
        await transport.aclose()
        django.close()

    door = FrontDoor(
        http=HttpForwarder(
            base_url=base_url, transport=transport, trust=trust, answer_timeout_s=answer_timeout_s
        ),
        websocket=WebSocketForwarder(base_url=base_url, trust=trust, idle_timeout_s=idle_timeout_s),
        django=django,
        is_host_ours=lambda host: host.startswith(("127.0.0.1", "judge.example")),
        close=close,
    )
    async with serving(door, **protocol.websocket_options(), proxy_headers=False) as address:
        yield address


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def service() -> ExecutionService:
    return ExecutionService()


@pytest_asyncio.fixture
async def address(stack: AsyncExitStack, service: ExecutionService) -> str:
    upstream = await stack.enter_async_context(serving(service.application(), proxy_headers=False))
    return await stack.enter_async_context(front_door(upstream))


@pytest_asyncio.fixture
async def client(stack: AsyncExitStack, address: str) -> httpx.AsyncClient:
    return await stack.enter_async_context(
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S)
    )


@asynccontextmanager
async def raw_connection(
    address: str,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


class TestHttp:
    """Requests."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/run"),
            ("OPTIONS", "/submit/"),
            ("GET", "/api/v1/languages"),
            ("DELETE", "/api/v1/executions/a"),
        ],
    )
    async def test_passes_request_and_answer_on_unchanged(
        self, client: httpx.AsyncClient, method: str, path: str
    ) -> None:
        answer = await client.request(
            method, f"{path}?a=%2F&b=ü", content=b"body", headers={"X-Mine": "1"}
        )

        seen = answer.json()
        assert answer.status_code == 207
        assert answer.headers["X-Answer"] == "yes"
        assert "X-Hop" not in answer.headers
        assert len(answer.headers.get_list("Date")) == 1
        assert seen["method"] == method
        assert (seen["target"], seen["query"]) == (path, "a=%2F&b=%C3%BC")
        assert seen["body"] == "body"
        assert ["x-mine", "1"] in seen["headers"]

    async def test_names_the_client_and_believes_nothing_about_it(
        self, client: httpx.AsyncClient
    ) -> None:
        forged = {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https", "Forwarded": "for=1"}

        seen = (await client.get("/run", headers={**forged, "Host": "judge.example"})).json()

        headers = dict(seen["headers"])
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert "forwarded" not in headers
        assert headers["host"] == "judge.example"

    async def test_leaves_escapes_in_a_path_as_they_are(self, address: str) -> None:
        async with raw_connection(address) as (reader, writer):
            writer.write(
                b"GET /api/v1/executions/a%2fb%20//c HTTP/1.1\r\n"
                b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
            )
            answer = await reader.read()

        assert json.loads(answer.partition(b"\r\n\r\n")[2])["target"] == (
            "/api/v1/executions/a%2fb%20//c"
        )

    @pytest.mark.parametrize(
        "path", ["/", "/runs", "/api/v1/submissions/", "/api/v1/executions/%2e%2e/submissions/"]
    )
    async def test_everything_else_goes_to_django(
        self, client: httpx.AsyncClient, path: str, service: ExecutionService
    ) -> None:
        answer = await client.get(path)

        assert answer.text.startswith("django /")
        assert not service.peers

    async def test_keeps_one_connection_alive(
        self, client: httpx.AsyncClient, service: ExecutionService
    ) -> None:
        for _ in range(5):
            await client.post("/run", json={})

        assert len(service.peers) == 1

    async def test_a_body_arrives_while_it_is_still_being_sent(
        self, client: httpx.AsyncClient, service: ExecutionService
    ) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == b"first"
            yield b"second"

        answer = await client.post("/api/v1/executions/take", content=body())

        assert answer.status_code == 200
        assert await service.received.get() == b"second"

    async def test_an_answer_arrives_while_it_is_still_being_made(
        self, client: httpx.AsyncClient, service: ExecutionService
    ) -> None:
        async with client.stream("GET", "/api/v1/executions/give") as answer:
            chunks = answer.aiter_bytes()
            first = await anext(chunks)
            service.may_go_on.set()
            rest = b"".join([chunk async for chunk in chunks])

        assert (first, rest) == (b"first ", b"second")

    async def test_a_client_that_leaves_ends_the_request_to_the_service(
        self, address: str, service: ExecutionService
    ) -> None:
        async with raw_connection(address) as (_, writer):
            writer.write(b"GET /api/v1/executions/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            started = await asyncio.wait_for(service.received.get(), PATIENCE_S)

        assert started == "started"
        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "client left"

    async def test_a_client_that_leaves_within_its_body_ends_the_request_to_the_service(
        self, address: str, service: ExecutionService
    ) -> None:
        async with raw_connection(address) as (_, writer):
            writer.write(
                b"POST /api/v1/executions/take HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Length: 100\r\n\r\nfirst"
            )
            assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == b"first"

        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            assert (await client.get("/run")).status_code == 207

    async def test_a_broken_off_answer_is_no_complete_one(self, client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/api/v1/executions/broken")

    async def test_refuses_a_host_that_is_not_ours(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/run", headers={"Host": "evil.example"})

        assert answer.status_code == 400
        assert "detail" in answer.json()

    @pytest.mark.parametrize("is_announced", [True, False])
    async def test_refuses_a_body_over_the_limit(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, *, is_announced: bool
    ) -> None:
        monkeypatch.setattr(gateway_http, "BODY_BYTES_MAX", 10)

        async def chunks() -> AsyncIterator[bytes]:
            yield b"12345678901"

        body = b"12345678901" if is_announced else chunks()
        answer = await client.post("/run", content=body)

        assert answer.status_code == 413
        assert answer.json()["code"] == "too-large"

    async def test_refuses_a_body_that_does_not_go_on(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gateway_http, "STALLED_AFTER_S", 0.1)
        async with raw_connection(address) as (reader, writer):
            writer.write(b"POST /run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nfirst")
            answer = await reader.readline()

        assert b" 408 " in answer


class TestFaults:
    """The service is down, slow or broken."""

    async def test_says_that_the_service_is_down(self, stack: AsyncExitStack) -> None:
        address = await stack.enter_async_context(front_door(f"127.0.0.1:{free_port()}"))

        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            answer = await client.post("/run", json={}, headers={"Origin": "http://x.example"})
            other = await client.get("/other")

        assert answer.status_code == 503
        assert "execution service does not answer" in answer.json()["detail"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Retry-After"]
        assert other.status_code == 200

    async def test_says_that_the_service_is_late(
        self, stack: AsyncExitStack, service: ExecutionService
    ) -> None:
        upstream = await stack.enter_async_context(serving(service.application()))
        address = await stack.enter_async_context(front_door(upstream, answer_timeout_s=0.1))

        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            answer = await client.get("/api/v1/executions/slow")

        assert answer.status_code == 504
        assert "too long" in answer.json()["detail"]
        assert await service.received.get() == "started"
        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "client left"

    @pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n"])
    async def test_says_that_the_service_broke_off(
        self, stack: AsyncExitStack, nonsense: bytes
    ) -> None:
        async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(nonsense)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(break_off, "127.0.0.1", 0)
        await stack.enter_async_context(server)
        port = server.sockets[0].getsockname()[1]
        address = await stack.enter_async_context(front_door(f"127.0.0.1:{port}"))

        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            answer = await client.get("/run")

        assert answer.status_code == 502
        assert "detail" in answer.json()


class TestWebSockets:
    """WebSockets."""

    async def test_passes_messages_of_both_kinds_on(self, address: str) -> None:
        headers = {"Cookie": "access_token=1", "X-Forwarded-For": "10.1.1.1"}
        async with connect(
            f"ws://{address}/ws?user_id=7&token=x",
            additional_headers=headers,
            origin=Origin("http://a"),
        ) as websocket:
            hello = json.loads(await websocket.recv())
            await websocket.send("ünï")
            text = await websocket.recv()
            await websocket.send(b"\x00\xff")
            binary = await websocket.recv()

        assert (text, binary) == ("ünï", b"\x00\xff")
        assert hello["query"] == {"user_id": "7", "token": "x"}
        assert hello["headers"]["cookie"] == "access_token=1"
        assert hello["headers"]["origin"] == "http://a"
        assert hello["headers"]["host"] == address
        assert hello["headers"]["x-forwarded-for"] == "127.0.0.1"

    async def test_agrees_on_a_subprotocol(self, address: str) -> None:
        async with connect(
            f"ws://{address}/api/terminal/ws/1", subprotocols=[Subprotocol("v5"), Subprotocol("v4")]
        ) as websocket:
            assert websocket.subprotocol == "v5"

    async def test_passes_the_services_close_code_on(self, address: str) -> None:
        async with connect(f"ws://{address}/ws") as websocket:
            await websocket.recv()
            await websocket.send("close")
            with pytest.raises(ConnectionClosed):
                await websocket.recv()

        assert (websocket.close_code, websocket.close_reason) == (4001, "bad token")

    async def test_passes_the_clients_close_code_on(
        self, address: str, service: ExecutionService
    ) -> None:
        async with connect(f"ws://{address}/ws") as websocket:
            await websocket.close(4321, "enough")

        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == (4321, "enough")

    async def test_a_client_that_vanishes_is_gone_for_the_service(
        self, address: str, service: ExecutionService
    ) -> None:
        async with connect(f"ws://{address}/ws") as websocket:
            await websocket.recv()
            websocket.transport.abort()

            code, _ = await asyncio.wait_for(service.received.get(), PATIENCE_S)

        assert code in {1000, 1001}

    async def test_a_client_that_takes_nothing_is_cut_off(
        self, address: str, service: ExecutionService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protocol, "SEND_TIMEOUT_S", 0.2)
        monkeypatch.setattr(gateway_websocket, "CLOSE_TIMEOUT_S", 0.2)
        async with connect(f"ws://{address}/ws", max_queue=1, close_timeout=0.1) as websocket:
            await websocket.send("pour")

            assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "gone"

    async def test_passes_a_refused_handshake_on(self, address: str) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/api/v1/executions/ws/refused")

        response = refused.value.response
        assert response.status_code == 403
        assert json.loads(response.body or b"") == {"detail": "Not yours."}
        assert response.headers["X-Why"] == "owner"

    @pytest.mark.parametrize(("path", "host", "status"), [("/", "", 404), ("/ws", "evil", 400)])
    async def test_refuses_what_it_does_not_serve(
        self, address: str, path: str, host: str, status: int
    ) -> None:
        ip, port = address.split(":")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host or address}{path}", host=ip, port=int(port))

        assert refused.value.response.status_code == status

    async def test_says_that_the_service_is_down(self, stack: AsyncExitStack) -> None:
        address = await stack.enter_async_context(front_door(f"127.0.0.1:{free_port()}"))

        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/ws")

        assert refused.value.response.status_code == 503
        assert b"does not answer" in (refused.value.response.body or b"")

    async def test_closes_what_stays_silent(
        self, stack: AsyncExitStack, service: ExecutionService
    ) -> None:
        upstream = await stack.enter_async_context(serving(service.application()))
        address = await stack.enter_async_context(front_door(upstream, idle_timeout_s=0.3))

        async with connect(f"ws://{address}/ws") as websocket:
            await websocket.recv()
            for _ in range(4):
                await asyncio.sleep(0.15)
                await websocket.send("still here")
                await websocket.recv()
            with pytest.raises(ConnectionClosed):
                await websocket.recv()

        assert websocket.close_code == 1001
        assert (await asyncio.wait_for(service.received.get(), PATIENCE_S))[0] == 1001

    @pytest.mark.parametrize("message", ["flood", "x" * (MESSAGE_BYTES_MAX + 1)], ids=["in", "out"])
    async def test_closes_on_a_message_over_the_limit(self, address: str, message: str) -> None:
        async with connect(f"ws://{address}/ws") as websocket:
            await websocket.recv()
            await websocket.send(message)
            with pytest.raises(ConnectionClosed):
                await websocket.recv()

        assert websocket.close_code == 1009
