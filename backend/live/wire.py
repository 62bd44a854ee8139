"""How ticks travel between processes through Redis."""

import json
from dataclasses import asdict, dataclass

REDIS_CHANNEL = "backend.live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Something changed: `channel` names it, such as `board/12/public`; `tag` is its new state."""

    channel: str
    tag: str


def encode(tick: Tick) -> bytes:
    """Write a tick."""
    return json.dumps(asdict(tick), separators=(",", ":")).encode()


def decode(data: bytes) -> Tick:
    """Read a tick.

    Raises:
        ValueError: It is none.
    """
    match json.loads(data):
        case {"channel": str(channel), "tag": str(tag)}:
            return Tick(channel=channel, tag=tag)
        case _:
            raise ValueError("it has no channel and tag")
