"""How ticks travel between processes through Redis."""

import json
from dataclasses import dataclass

REDIS_CHANNEL = "backend.live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Something changed: `channels` name it, such as `board/12/public`.

    `tag` is its new state, or for lists the id of what changed in them.
    """

    channels: tuple[str, ...]
    tag: str


def encode(tick: Tick, *, sender: str) -> bytes:
    """Write a tick; the sender is a name that no other process has."""
    document = {"sender": sender, "channels": tick.channels, "tag": tick.tag}
    return json.dumps(document, separators=(",", ":")).encode()


def decode(data: bytes) -> tuple[Tick, str]:
    """Read a tick and its sender.

    Raises:
        ValueError: It is none.
    """
    match json.loads(data):
        case {"sender": str(sender), "channels": [*channels], "tag": str(tag)} if all(
            isinstance(each, str) for each in channels
        ):
            return Tick(channels=tuple(channels), tag=tag), sender
        case _:
            raise ValueError("it has no sender, channels and tag")
