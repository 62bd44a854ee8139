"""Passing HTTP requests on."""

import asyncio
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
from typing_extensions import override

from gateway.asgi import ClientGoneError, Message, Receive, Scope, Send, header
from gateway.refusals import BROKEN, BUSY, LATE, STALLED, UNAVAILABLE, RefusalError, refuse
from gateway.rules import Trust, answer_headers, request_headers

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 64 * 1024 * 1024
"""As much as the execution service itself takes."""
CONNECTIONS_MAX = 200
CONNECT_TIMEOUT_S = 5.0
STALLED_AFTER_S = 30.0
"""How long either side may take to move on inside a request's body."""

_BREAKING_OFF = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Asking twice changes nothing: RFC 9110, section 9.2.1."""

TOO_LARGE = RefusalError(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-large",
    f"A request may have {BODY_BYTES_MAX} bytes.",
)


class HttpForwarder:
    """Passes requests on over kept-alive connections, streaming both ways."""

    def __init__(
        self,
        *,
        base_url: httpx.URL,
        transport: httpx.AsyncBaseTransport,
        trust: Trust,
        answer_timeout_s: float,
    ) -> None:
        self._base_url = base_url
        self._transport = transport
        self._trust = trust
        self._timeouts_s = {
            "connect": CONNECT_TIMEOUT_S,
            "pool": CONNECT_TIMEOUT_S,
            "write": STALLED_AFTER_S,
            "read": answer_timeout_s,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a client that goes away ends the request to the service too."""
        body = RequestBody(scope, receive)
        exchange = asyncio.create_task(self._exchange(scope, body, send))
        watch = asyncio.create_task(body.wait_for_disconnect())
        try:
            await asyncio.wait({exchange, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            if not exchange.done():
                exchange.cancel()
            await asyncio.wait({exchange, watch})
        if not exchange.cancelled():
            exchange.result()

    async def _exchange(self, scope: Scope, body: "RequestBody", send: Send) -> None:
        try:
            response = await self._request(scope, body)
        except RefusalError as refusal:
            logger.warning("%s %s: %s", scope["method"], scope["path"], refusal.code)
            await refuse(refusal, scope, send)
        except ClientGoneError:
            return
        else:
            await _relay(response, scope, send)

    async def _request(self, scope: Scope, body: "RequestBody") -> httpx.Response:
        if body.announced_bytes > BODY_BYTES_MAX:
            raise TOO_LARGE
        request = httpx.Request(
            scope["method"],
            self._base_url,
            headers=request_headers(scope, self._trust) + body.framing(),
            stream=body,
            extensions={"timeout": self._timeouts_s, "target": self._target(scope)},
        )
        try:
            return await self._answer_to(request)
        except httpx.PoolTimeout:
            raise BUSY from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise UNAVAILABLE from None
        except httpx.TimeoutException:
            raise LATE from None
        except httpx.TransportError:
            raise BROKEN from None

    async def _answer_to(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except _BREAKING_OFF:
            if request.method not in _SAFE_METHODS:
                raise
        # So breaks a replica off that is killed; another one knows the answer, too.
        return await self._transport.handle_async_request(request)

    def _target(self, scope: Scope) -> bytes:
        path, query = bytes(scope["raw_path"]), bytes(scope["query_string"])
        target = self._base_url.raw_path.rstrip(b"/") + path
        return target + b"?" + query if query else target


class RequestBody(httpx.AsyncByteStream):
    """What the client sends after its headers, read while it is passed on."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        length = header(scope, b"content-length") or ""
        self.announced_bytes = int(length) if length.isdigit() else 0
        self._is_chunked = header(scope, b"transfer-encoding") is not None
        self._receive = receive
        self._has_ended = asyncio.Event()
        if not self._is_chunked and not self.announced_bytes:
            self._has_ended.set()

    def framing(self) -> list[tuple[bytes, bytes]]:
        """Give the header that tells the service where a body of unknown length ends."""
        return [(b"transfer-encoding", b"chunked")] if self._is_chunked else []

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Read the body.

        Raises:
            RefusalError: It is too large, or does not go on.
            ClientGoneError: The client broke off.
        """
        received_bytes = 0
        while not self._has_ended.is_set():
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk: bytes = message.get("body", b"")
            received_bytes += len(chunk)
            if received_bytes > BODY_BYTES_MAX:
                raise TOO_LARGE
            if not message.get("more_body", False):
                self._has_ended.set()
            if chunk:
                yield chunk

    async def wait_for_disconnect(self) -> None:
        """Return when the client has gone away after sending its whole request."""
        await self._has_ended.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next_message(self) -> Message:
        try:
            async with asyncio.timeout(STALLED_AFTER_S):
                return await self._receive()
        except TimeoutError:
            raise STALLED from None


async def _relay(response: httpx.Response, scope: Scope, send: Send) -> None:
    headers = answer_headers(response.headers.raw)
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - of an async transport
    try:
        async for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx.TransportError as error:
        # Half of it is sent: leaving it unfinished makes the server cut the connection.
        logger.warning("%s %s: the answer broke off: %s", scope["method"], scope["path"], error)
        return
    finally:
        await response.aclose()
    await send({"type": "http.response.body", "body": b""})
