"""The folder of cgroups that one process of the service owns, in one hierarchy."""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import SandboxFailureError

_PREFIX = "code-execution-lanes-"
_OURS = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")
_DEATH_TIMEOUT_S = 15.0
"""For who was killed and, on a busy host, has not died yet."""


class CgroupFolder:
    """A folder with a cgroup per lane, locked as long as its owner lives.

    The lock is what tells a folder in use from one that a killed service left behind: process ids
    mean nothing where several containers share a hierarchy.
    """

    def __init__(self, home: Path) -> None:
        """Make it in `home`, where folders of dead owners are swept away first.

        Raises:
            OSError: the host does not let us.
        """
        _sweep(home)
        self.path, self._lock = _made(home)

    def make(self, lane: int) -> Path:
        """Make the cgroup of a lane.

        Raises:
            SandboxFailureError: somebody has removed the folder, or there may be no more cgroups.
        """
        path = self.path / f"lane-{lane}"
        try:
            path.mkdir()
        except OSError as error:
            raise SandboxFailureError(f"{path} can't be made: {error.strerror}") from error
        return path

    def close(self) -> None:
        """Remove it; lanes that were not closed go with it."""
        _remove(self.path)
        os.close(self._lock)


def remove_cgroup(path: Path) -> None:
    """Kill what is left in a cgroup and remove it.

    Raises:
        OSError: a process in it does not die.
    """
    deadline = time.monotonic() + _DEATH_TIMEOUT_S
    while True:
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
        else:
            return
        _kill_inside(path)
        time.sleep(0.005)


def processes_of(path: Path) -> Iterator[int]:
    """Tell who is in a cgroup, without those that our pid namespace does not show (they read 0)."""
    for line in (path / "cgroup.procs").read_text().split():
        if int(line) > 0:
            yield int(line)


def _kill_inside(path: Path) -> None:
    try:
        inside = list(processes_of(path))
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENODEV}:  # removed meanwhile
            raise
        return
    for pid in inside:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _made(home: Path) -> tuple[Path, int]:
    """Make and lock a folder; another process may sweep it away between the two."""
    while True:
        path = home / f"{_PREFIX}{secrets.token_hex(8)}"
        path.mkdir()
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if _is_locked(lock) and path.exists():
                return path, lock
            os.close(lock)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(home: Path) -> None:
    for path in home.iterdir():
        if _OURS.fullmatch(path.name):
            # It may be another user's, or another process may be sweeping too.
            with contextlib.suppress(OSError):
                _sweep_if_abandoned(path)


def _sweep_if_abandoned(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _is_locked(lock):
            _remove(path)
    finally:
        os.close(lock)


def _remove(path: Path) -> None:
    for lane in path.iterdir():
        if lane.is_dir():
            remove_cgroup(lane)
    remove_cgroup(path)
