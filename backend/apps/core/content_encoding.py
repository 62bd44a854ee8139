"""Compressed request bodies, unpacked before Django sees them (contract S-COM-05)."""

import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

# Window bits of zlib.decompressobj: a gzip header, and either of the two meanings of "deflate".
_WINDOW_BITS = {
    "gzip": (16 + zlib.MAX_WBITS,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Any], Iterable[bytes]]


class BodyTooLargeError(Exception):
    """The body unpacks to more than the cap."""


class UnpackedBodies:
    """A WSGI application that gets gzip and deflate bodies unpacked.

    Any other or untrue encoding is ignored: some clients announce `Content-Encoding: br` over plain
    JSON. A body that would unpack to more than the cap arrives empty, with a length over the cap,
    so that the application's own check of the length answers.
    """

    def __init__(self, application: WsgiApplication, *, body_bytes_max: int) -> None:
        self._application = application
        self._body_bytes_max = body_bytes_max

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer the request."""
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        length = environ.get("CONTENT_LENGTH") or "0"
        if encoding in _WINDOW_BITS and length.isdigit() and int(length) <= self._body_bytes_max:
            body = environ["wsgi.input"].read(int(length))
            try:
                unpacked = unpack(body, encoding=encoding, bytes_max=self._body_bytes_max)
                unpacked_length = len(unpacked)
            except BodyTooLargeError:
                unpacked, unpacked_length = b"", self._body_bytes_max + 1
            environ["wsgi.input"] = BytesIO(unpacked)
            environ["CONTENT_LENGTH"] = str(unpacked_length)
        return self._application(environ, start_response)


def unpack(body: bytes, *, encoding: str, bytes_max: int) -> bytes:
    """Give the unpacked body, or the body itself when it is not packed that way.

    Raises:
        BodyTooLargeError: It would be over the cap.
    """
    for window_bits in _WINDOW_BITS[encoding]:
        unpacker = zlib.decompressobj(window_bits)
        try:
            unpacked = unpacker.decompress(body, bytes_max + 1)
        except zlib.error:
            continue
        if len(unpacked) > bytes_max:
            raise BodyTooLargeError
        if unpacker.eof:
            return unpacked
    return body
