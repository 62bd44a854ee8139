"""A Redis that tests take away and bring back; it forgets everything when it ends."""

import os
import signal
import subprocess
from pathlib import Path

from tests.support.servers import ServerMissingError, free_port, wait_for_port


class RedisServer:
    """A server on one port of this machine, started and ended as often as one likes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, empty.

        Raises:
            ServerMissingError: it is not installed.
        """
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self._port)]
        command += ["--dir", str(self._folder), "--save", "", "--appendonly", "no"]
        log = self._folder / "redis.log"
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(command, stdout=output, stderr=output)
        except FileNotFoundError as error:
            raise ServerMissingError("redis-server is not installed") from error
        wait_for_port(self._port, self._process, log)

    def kill(self) -> None:
        """End it at once, with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it answer nothing, as on a host that hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
