"""A front door between clients and stand-ins for the execution service and Django."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway import protocol
from gateway.front_door import FrontDoor
from gateway.http import HttpForwarder
from gateway.rules import Trust
from gateway.websocket import MESSAGE_BYTES_MAX, WebSocketForwarder
from gateway.wsgi import ThreadedWsgi
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S


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
    django = ThreadedWsgi(django_stand_in, threads=2, reserved_threads={}, body_bytes_max=1000)

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
