"""Running a WSGI application, Django, in threads.

The event loop reads a body as a whole before a thread is taken, so that slow clients hold none, and
an answer that fits into one piece costs one hop back. That makes it as fast as a WSGI server.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from gateway.asgi import ClientGoneError, Message, Receive, Scope, Send, header
from gateway.refusals import NO_WEBSOCKET, STALLED, refuse

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Any], Iterable[bytes]]

BODY_TIMEOUT_S = 60.0
SMALL_BODY_BYTES = 64 * 1024
LARGE_BODIES_MAX = 16
"""How many bodies that are not small may be in memory at the same time."""
PIECE_BYTES = 256 * 1024
_OWN_NAMES = {"content-type": "CONTENT_TYPE"}


class ThreadedWsgi:
    """An ASGI application that serves HTTP by a WSGI application in a pool of threads.

    A body over `body_bytes_max` arrives empty, with a length over the cap, so that the
    application's own check of the length answers. `reserved_threads` says how many there are for
    nothing but the paths that each of its keys, a regular expression, fits: those do not wait
    behind others.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        threads: int,
        reserved_threads: Mapping[str, int],
        body_bytes_max: int,
    ) -> None:
        self._application = application
        self._body_bytes_max = body_bytes_max
        self._threads = [
            (re.compile(paths), ThreadPoolExecutor(count, thread_name_prefix="django"))
            for paths, count in {**reserved_threads, ".*": threads}.items()
        ]
        self._large_bodies = asyncio.Semaphore(LARGE_BODIES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; WSGI has no WebSockets."""
        if scope["type"] == "websocket":
            await refuse(NO_WEBSOCKET, scope, send)
        elif _is_small(scope):
            await self._serve(scope, receive, send)
        else:
            async with self._large_bodies:
                await self._serve(scope, receive, send)

    def close(self) -> None:
        """Let running requests end, and the threads with them."""
        for _, threads in self._threads:
            threads.shutdown()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await self._read(scope, receive)
        except TimeoutError:
            await refuse(STALLED, scope, send)
            return
        except ClientGoneError:
            return
        loop = asyncio.get_running_loop()
        exchange = _Exchange(self._application, loop, send)
        length = self._body_bytes_max + 1 if body is None else len(body)
        environ = make_environ(scope, body or b"", length=length)
        # What is known of the request here is known in the thread, and forgotten there with it.
        run = partial(copy_context().run, exchange.run, environ)
        for message in await loop.run_in_executor(self._threads_for(scope), run):
            await send(message)

    def _threads_for(self, scope: Scope) -> ThreadPoolExecutor:
        return next(threads for paths, threads in self._threads if paths.match(scope["path"]))

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read the body; `None` if it is over the cap.

        Raises:
            ClientGoneError: The client broke off.
        """
        announced = header(scope, b"content-length") or "0"
        if announced.isdigit() and int(announced) > self._body_bytes_max:
            return None
        chunks: list[bytes] = []
        length, is_more = 0, True
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunks.append(message.get("body", b""))
            length += len(chunks[-1])
            if length > self._body_bytes_max:
                return None
            is_more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _Exchange:
    """One request in its thread."""

    def __init__(
        self, application: WsgiApplication, loop: asyncio.AbstractEventLoop, send: Send
    ) -> None:
        self._application = application
        self._loop = loop
        self._send = send
        self._start: Message = {}

    def run(self, environ: Environ) -> list[Message]:
        """Call the application; give the messages that have not been sent yet.

        Long answers are sent piece by piece from here, as their iterators must stay in the thread.
        """
        result = self._application(environ, self._start_response)
        try:
            pieces = _pieces(result)
            piece = next(pieces)
            unsent = [self._start]
            for following in pieces:
                self._send_now([*unsent, _body(piece, is_more=True)])
                piece, unsent = following, []
            return [*unsent, _body(piece, is_more=False)]
        finally:
            if hasattr(result, "close"):
                result.close()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> None:
        self._start = {
            "type": "http.response.start",
            "status": int(status.partition(" ")[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }

    def _send_now(self, messages: list[Message]) -> None:
        asyncio.run_coroutine_threadsafe(self._send_all(messages), self._loop).result()

    async def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            await self._send(message)


def make_environ(scope: Scope, body: bytes, *, length: int) -> Environ:
    """Translate a request (source: PEP 3333); `length` is what the application believes it has.

    `scope["environ"]` is what an application in front adds; no client has a part in it.
    """
    host, port = scope.get("server") or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope.get("client") else "",
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **scope.get("environ", {}),
    }
    for name, value in _headers_of(scope):
        key = _OWN_NAMES.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        separator = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ


def _headers_of(scope: Scope) -> Iterator[tuple[str, str]]:
    for name, value in scope["headers"]:
        # `X_Forwarded_For` would pass for `X-Forwarded-For`; the length is what was read.
        if b"_" not in name and name != b"content-length":
            yield name.decode("latin-1"), value.decode("latin-1")


def _is_small(scope: Scope) -> bool:
    length = header(scope, b"content-length") or "0"
    is_chunked = header(scope, b"transfer-encoding") is not None
    return not is_chunked and length.isdigit() and int(length) <= SMALL_BODY_BYTES


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join chunks to pieces of a size that is worth a hop; yields at least one."""
    gathered: list[bytes] = []
    length = 0
    for chunk in chunks:
        gathered.append(chunk)
        length += len(chunk)
        if length >= PIECE_BYTES:
            yield b"".join(gathered)
            gathered, length = [], 0
    yield b"".join(gathered)


def _body(piece: bytes, *, is_more: bool) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": is_more}
