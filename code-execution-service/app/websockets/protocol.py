"""How the server keeps WebSockets: nobody who does not read keeps one."""

import asyncio
import resource
from typing import Any

from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.websockets.mailbox import Mailbox

SEND_TIMEOUT_S = 10.0
"""How long a client may take to make room for the next message."""
PING_S = 20.0
PONG_TIMEOUT_S = 20.0
MESSAGE_BYTES_MAX = 64 * 1024
"""Of what clients say."""
OPEN_FILES = 16_384
"""Each connection is one; shells commonly allow 1,024."""


def allow_many_connections() -> None:
    """Let this process have so many open files, if the host does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def websocket_options() -> dict[str, Any]:
    """Give what the server, uvicorn, is to be told about WebSockets."""
    return {
        "ws": WebSocketProtocol,
        "ws_max_size": MESSAGE_BYTES_MAX,
        "ws_ping_interval": PING_S,
        "ws_ping_timeout": PONG_TIMEOUT_S,
        # It would cost memory for each connection, and messages are small.
        "ws_per_message_deflate": False,
    }


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Cuts off those who take nothing: closing would wait until they have taken what there is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue = Mailbox()

    @override
    async def send(self, message: Any) -> None:
        """Send, or lose the client.

        Raises:
            ClientDisconnected: it is lost, or has gone.
        """
        if not self.writable.is_set():
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self.writable.wait()
            except TimeoutError:
                self.transport.abort()
                raise ClientDisconnected from None
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Nobody needs the handshake any more; it is kilobytes, and there is a token in it.
            del self.request, self.response

    @override
    def keepalive_timeout(self) -> None:
        """Lose a client that answers no ping."""
        super().keepalive_timeout()
        self.transport.abort()
