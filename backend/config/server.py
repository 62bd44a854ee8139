"""The web process: `python -m config.server [--host HOST] [--port PORT]`."""

import argparse
import asyncio
import socket
import sys
from contextlib import suppress

import uvicorn
from typing_extensions import override

from config.startup import load_settings_or_exit, start_tracing_or_exit
from gateway.protocol import allow_many_connections, websocket_options

GRACE_S = 10
KEPT_ALIVE_S = 75
"""Longer than clients commonly keep a connection that they do not use."""


class Server(uvicorn.Server):
    """Says that it is going before it closes its door, and ends streams: they last for an hour."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what runs end."""
        # Imported late, as they need the settings; at this point they have been for long.
        from django.conf import settings  # noqa: PLC0415

        from apps.core import health  # noqa: PLC0415
        from config.asgi import streams_hub  # noqa: PLC0415

        health.tell_of_stop()
        await asyncio.sleep(settings.STOP_DELAY_SECONDS)
        streams_hub.end_all()
        await super().shutdown(sockets)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m config.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    load_settings_or_exit()
    start_tracing_or_exit("backend")
    allow_many_connections()
    config = uvicorn.Config(
        "config.asgi:application",
        # Not guessed: who only returns an awaitable would be taken for ASGI 2.
        interface="asgi3",
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Django and the gateway count proxies by themselves: see TRUSTED_PROXIES.
        proxy_headers=False,
        **websocket_options(),
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(uvicorn.config.STARTUP_FAILURE)


if __name__ == "__main__":
    main()
