"""A process of an installation that is killed, cut off and brought back as often as one likes."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.processes import descendants, is_alive

START_TIMEOUT_S = 90
DEATH_TIMEOUT_S = 20
POLL_PAUSE_S = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Part:
    """One process with what it starts; each start is with the same settings, data and port."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        working_folder: Path,
        environment: Mapping[str, str],
        is_ready: Callable[[], bool],
    ) -> None:
        self.name = name
        self._command = [*command]
        self._working_folder = working_folder
        self._environment = dict(environment)
        self._is_ready = is_ready
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.starts_by_supervisor = 0

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it, and return before it is ready."""
        assert self._process is None, f"{self.name} is running"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._working_folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return when it does its work; one that ends before it does is started again.

        What was killed may leave behind for a moment what its next start cannot do with.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            assert time.monotonic() < deadline, f"{self.name} does not get ready:\n{self.log_end()}"
            self.keep_running()
            time.sleep(POLL_PAUSE_S)

    def keep_running(self) -> None:
        """Start it again if it has ended by itself, as a supervisor does."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            self.starts_by_supervisor += 1
            time.sleep(POLL_PAUSE_S * 10)
            self.start()

    def kill(self) -> None:
        """End the process as the out-of-memory killer would; what it has started is not asked."""
        os.kill(self.pid, signal.SIGKILL)
        self._bury()

    def pause(self) -> None:
        """Let it, and all that it has started, do nothing, as on a host that hangs."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        process = self._process
        assert process is not None
        process.terminate()
        try:
            process.wait(DEATH_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.end()
            raise
        self._process = None
        return process.returncode

    def end(self) -> None:
        """End it with all that it has started, however it is doing."""
        if self._process is None:
            return
        for pid in [*descendants(self.pid), self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._bury()

    def cpu_time_s(self) -> float:
        """Say how long it and what it started have kept a processor busy, dead children too."""
        return sum(map(_cpu_time_s, [self.pid, *descendants(self.pid)]))

    def log_end(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]

    def _bury(self) -> None:
        assert self._process is not None
        self._process.wait()
        self._process = None

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in [self.pid, *descendants(self.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class WholePart(Part):
    """A server of many processes, that go all at once: its next start would not bear one left."""

    def kill(self) -> None:
        family = descendants(self.pid)
        self.end()
        deadline = time.monotonic() + DEATH_TIMEOUT_S
        while any(map(is_alive, family)):
            assert time.monotonic() < deadline, f"of {self.name} something does not die"
            time.sleep(POLL_PAUSE_S)


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _cpu_time_s(pid: int) -> float:
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    own_and_children = stat.rpartition(")")[2].split()[11:15]
    return sum(map(int, own_and_children)) / TICKS_PER_S
