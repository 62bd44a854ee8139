"""What the service is told while the command runs, as in `keeper/heard.c`."""

import math
import time

from app.engines.sandbox.plain_keeper.streams import Stream
from app.engines.sandbox.plain_keeper.wire import FRAME, HEARD_REPLIES, Service

_INTERVAL_NS = 10_000_000
_DELAY_NS = 1_000_000
_MESSAGE_BYTES = 65_536
_MAX_PIECES = 16


class Heard:
    """Pieces that were read and are not told yet, each a stream's number and a length."""

    def __init__(self, service: Service, streams: list[Stream]) -> None:
        self._service = service
        self._streams = streams
        self._pieces: list[tuple[int, int]] = []
        self._seen_bytes = [0, 0]
        self._told_bytes = [0, 0]
        self._next_ns = 0
        self._message = b""

    def see(self, number: int) -> None:
        """Note what has been read of a stream since the last time."""
        length = len(self._streams[number].data) - self._seen_bytes[number]
        if not self._pieces:
            self._next_ns = max(self._next_ns, time.monotonic_ns() + _DELAY_NS)
        self._seen_bytes[number] += length
        places = [place for place, (other, _) in enumerate(self._pieces) if other == number]
        last = len(self._pieces) - 1
        if places and (places[-1] == last or len(self._pieces) == _MAX_PIECES):
            self._pieces[places[-1]] = (number, self._pieces[places[-1]][1] + length)
        elif length:
            self._pieces.append((number, length))

    @property
    def due_ns(self) -> float:
        """When there is something to tell, if nothing else is written until then."""
        return self._next_ns if self._pieces or self._message else math.inf

    def tell(self) -> None:
        """Tell what the service takes now."""
        now_ns = time.monotonic_ns()
        if now_ns < self.due_ns:
            return
        self._next_ns = now_ns + _INTERVAL_NS
        self._message = self._service.push(self._message)
        if not self._message:
            self._message = self._service.push(self._next_message())

    def finish(self) -> None:
        """Tell one message more."""
        self._service.send(self._message + self._next_message())

    def _next_message(self) -> bytes:
        message = bytearray()
        while self._pieces and _MESSAGE_BYTES - len(message) > FRAME.size:
            number, length = self._pieces.pop(0)
            part = min(length, _MESSAGE_BYTES - len(message) - FRAME.size)
            start = self._told_bytes[number]
            self._told_bytes[number] += part
            message += FRAME.pack(HEARD_REPLIES[number], part)
            message += self._streams[number].data[start : start + part]
            if part < length:
                self._pieces.insert(0, (number, length - part))
        return bytes(message)
