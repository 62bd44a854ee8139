"""Compressed request bodies (contract S-COM-05)."""

import zlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooLargeError
from app.routes.errors import render_service_error

# window bits of zlib.decompressobj: a gzip header, and either of the two meanings of "deflate"
_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
_ZLIB_WINDOW_BITS = zlib.MAX_WBITS
_RAW_DEFLATE_WINDOW_BITS = -zlib.MAX_WBITS
_WINDOW_BITS = {
    "gzip": (_GZIP_WINDOW_BITS,),
    "deflate": (_ZLIB_WINDOW_BITS, _RAW_DEFLATE_WINDOW_BITS),
}


class ContentEncodingMiddleware:
    """Unpack gzip and deflate bodies up to a cap; any other or untrue encoding is ignored.

    Some clients announce `Content-Encoding: br` over plain JSON, so a body that does not unpack is
    passed on as it came.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        encoding = ""
        if scope["type"] == "http":
            encoding = Headers(scope=scope).get("content-encoding", "").strip().lower()
        if encoding not in _WINDOW_BITS:
            await self._app(scope, receive, send)
            return
        try:
            body = unpack(
                await _read(receive), encoding=encoding, max_body_bytes=self._max_body_bytes
            )
        except TooLargeError as error:
            # Middleware lies outside the error handlers.
            await render_service_error(error)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def unpack(body: bytes, *, encoding: str, max_body_bytes: int) -> bytes:
    """Return the unpacked body, or the body itself when it is not packed that way.

    Raises:
        TooLargeError: it would be larger than the cap.
    """
    for window_bits in _WINDOW_BITS[encoding]:
        unpacker = zlib.decompressobj(window_bits)
        try:
            unpacked = unpacker.decompress(body, max_body_bytes + 1)
        except zlib.error:
            continue
        if len(unpacked) > max_body_bytes:
            raise TooLargeError(f"The unpacked body is larger than {max_body_bytes} bytes")
        if unpacker.eof:
            return unpacked
    return body


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    is_more = True
    while is_more:
        message = await receive()
        chunks.append(message.get("body", b""))
        is_more = message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def replay() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
