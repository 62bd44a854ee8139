"""The web process: `python -m config.server [--host HOST] [--port PORT]`."""

import argparse

import uvicorn

from config.startup import load_settings_or_exit
from gateway.websocket import MESSAGE_BYTES_MAX

GRACE_S = 10
KEPT_ALIVE_S = 75
"""Longer than clients commonly keep a connection that they do not use."""


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m config.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    load_settings_or_exit()
    uvicorn.run(
        "config.asgi:application",
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Django and the gateway count proxies by themselves: see TRUSTED_PROXIES.
        proxy_headers=False,
        ws_max_size=MESSAGE_BYTES_MAX,
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


if __name__ == "__main__":
    main()
