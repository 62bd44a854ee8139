"""What the keeper tells of a command's output while it runs."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.executions import OutputStream
from app.domain.runs import RunResult
from app.engines.base import OutputListener
from app.engines.sandbox.keeper_protocol import ReplyKind

HEARD_STREAMS: Mapping[ReplyKind, OutputStream] = MappingProxyType({
    ReplyKind.STDOUT: "stdout",
    ReplyKind.STDERR: "stderr",
})


class HeardOutput:
    """Passes on what is told, piece by piece, and at the end what was not told until then."""

    def __init__(self, on_output: OutputListener, limit_bytes: int) -> None:
        self._on_output = on_output
        self._limit_bytes = limit_bytes
        self._told_bytes: dict[OutputStream, int] = {"stdout": 0, "stderr": 0}

    def take(self, kind: ReplyKind, piece: bytes) -> None:
        """Pass a piece on.

        Raises:
            ValueError: it is empty or exceeds the limit, which no sound keeper tells.
        """
        stream = HEARD_STREAMS[kind]
        self._told_bytes[stream] += len(piece)
        if not piece or self._told_bytes[stream] > self._limit_bytes:
            raise ValueError(f"{len(piece)} bytes of {stream}, {self._told_bytes[stream]} in all")
        self._on_output(stream, piece)

    def finish(self, result: RunResult) -> None:
        """Pass on the rest of both streams."""
        rests: tuple[tuple[OutputStream, bytes], ...] = (
            ("stdout", result.stdout[self._told_bytes["stdout"] :]),
            ("stderr", result.stderr[self._told_bytes["stderr"] :]),
        )
        for stream, rest in rests:
            if rest:
                self._on_output(stream, rest)
