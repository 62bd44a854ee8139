"""Passing WebSockets on."""

import asyncio
import logging
import time
from typing import Any

import httpx
from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from gateway.asgi import Receive, Scope, Send, header
from gateway.refusals import BROKEN, BUSY, UNAVAILABLE, RefusalError, answer, refuse
from gateway.rules import Trust, answer_headers, request_headers

logger = logging.getLogger(__name__)

MESSAGE_BYTES_MAX = 1024 * 1024
CONNECTIONS_MAX = 5000
"""As many as the execution service itself takes; a contest hall watches by one each."""
CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 5.0

# Source: RFC 6455, section 7.4.1. The last two are never sent: they say that a close came without a
# code, or that none came at all.
NORMAL, GOING_AWAY, FAILED = 1000, 1001, 1011
NO_CODE, ABNORMAL = 1005, 1006

Closing = tuple[int, str]
"""A close code that may be sent, and the reason."""
IDLE: Closing = (GOING_AWAY, "Nothing was said for too long.")


class _Connect(connect):
    """Takes a redirect for what it is: an answer that is not a WebSocket."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketForwarder:
    """Passes messages and close codes on in both directions."""

    def __init__(self, *, base_url: httpx.URL, trust: Trust, idle_timeout_s: float) -> None:
        self._base_url = base_url
        self._trust = trust
        self._idle_timeout_s = idle_timeout_s
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket; the client's handshake succeeds only after the service's."""
        await receive()  # websocket.connect
        self._open += 1
        try:
            service = await self._connect(scope)
        except RefusalError as refusal:
            logger.warning("%s: %s", scope["path"], refusal.code)
            await refuse(refusal, scope, send)
        except InvalidStatus as refused:
            response = refused.response
            headers = answer_headers(
                (name.encode(), value.encode("latin-1"))
                for name, value in response.headers.raw_items()
            )
            await answer(response.status_code, headers, bytes(response.body or b""), scope, send)
        else:
            await _Relay(service, receive, send, idle_timeout_s=self._idle_timeout_s).run()
        finally:
            self._open -= 1

    async def _connect(self, scope: Scope) -> ClientConnection:
        if self._open > CONNECTIONS_MAX:
            raise BUSY
        try:
            return await self._connecting(scope)
        except InvalidStatus:
            raise
        except (OSError, TimeoutError):
            raise UNAVAILABLE from None
        except WebSocketException:
            raise BROKEN from None

    def _connecting(self, scope: Scope) -> _Connect:
        scheme = "wss" if self._base_url.scheme == "https" else "ws"
        port = self._base_url.port or (443 if scheme == "wss" else 80)
        path = (self._base_url.raw_path.rstrip(b"/") + scope["raw_path"]).decode("ascii")
        query = scope["query_string"].decode("ascii")
        host = header(scope, b"host") or self._base_url.netloc.decode("ascii")
        headers = request_headers(scope, self._trust)
        tls: dict[str, Any] = {"server_hostname": self._base_url.host} if scheme == "wss" else {}
        return _Connect(
            # The client's `Host` goes along, as with HTTP; the connection is to the service.
            f"{scheme}://{host}{path}" + (f"?{query}" if query else ""),
            host=self._base_url.host,
            port=port,
            **tls,
            additional_headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in headers
                if name != b"host"
            ],
            subprotocols=[Subprotocol(each) for each in scope.get("subprotocols", [])] or None,
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=MESSAGE_BYTES_MAX,
        )


class _Relay:
    """One open pair of connections."""

    def __init__(
        self, service: ClientConnection, receive: Receive, send: Send, *, idle_timeout_s: float
    ) -> None:
        self._service = service
        self._receive = receive
        self._send = send
        self._idle_timeout_s = idle_timeout_s
        self._heard_at_s = time.monotonic()
        self._is_client_gone = False

    async def run(self) -> None:
        """Pass messages on until one side closes or both are silent; then close what is open."""
        closing: Closing = (GOING_AWAY, "")  # what the service learns if this very task is ended
        try:
            await self._send({"type": "websocket.accept", "subprotocol": self._service.subprotocol})
            closing = await self._pass_on()
        finally:
            await self._service.close(*closing)
        if not self._is_client_gone:
            code, reason = closing
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _pass_on(self) -> Closing:
        pumps = [asyncio.create_task(pump) for pump in (self._from_client(), self._from_service())]
        try:
            return await self._first_closing(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _first_closing(self, pumps: list[asyncio.Task[Closing]]) -> Closing:
        while True:
            left_s = self._heard_at_s + self._idle_timeout_s - time.monotonic()
            if left_s <= 0:
                return IDLE
            done, _ = await asyncio.wait(pumps, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return done.pop().result()

    async def _from_client(self) -> Closing:
        while (message := await self._receive())["type"] != "websocket.disconnect":
            self._heard_at_s = time.monotonic()
            text: str | None = message.get("text")
            try:
                await self._service.send(message["bytes"] if text is None else text)
            except ConnectionClosed as closed:
                return _closing_of_service(closed)
        self._is_client_gone = True
        code: int = message.get("code") or NO_CODE
        reason: str = message.get("reason") or ""
        return {NO_CODE: NORMAL, ABNORMAL: GOING_AWAY}.get(code, code), reason

    async def _from_service(self) -> Closing:
        try:
            while True:
                message = await self._service.recv()
                self._heard_at_s = time.monotonic()
                kind = "text" if isinstance(message, str) else "bytes"
                await self._send({"type": "websocket.send", kind: message})
        except ConnectionClosed as closed:
            return _closing_of_service(closed)


def _closing_of_service(closed: ConnectionClosed) -> Closing:
    """Tell how the service closed; or why we did, on a message that is too large, say."""
    close = closed.rcvd or closed.sent
    if close is None:
        return FAILED, ""
    return NORMAL if close.code == NO_CODE else close.code, close.reason
