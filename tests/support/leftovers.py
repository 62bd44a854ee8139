"""See whether a hostile program has left something on the host.

Hostile programs give everything that could outlive them one name or key, so that whatever else goes
on at the host is no false alarm. Processes, descriptors, mounts and control groups are counted.
"""

import asyncio
import contextlib
import ctypes
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from tests.support.processes import descendants, is_alive

MARK = "hostile-mark"
IPC_KEY = 0x686F7374
"""What hostile programs call their files, sockets and keys, and their System V objects."""

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_S = 30.0
_FOLDERS = ("/", "/etc", "/usr", "/usr/bin", "/dev", "/run", "/root", "/home", "/var", "/proc")
_OPEN_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")  # noqa: S108
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_GROUP_PREFIX = "code-execution-lanes-"
_MOUNTS_OF_OTHERS = ("/var/lib/", "/run/")
"""Where container engines mount what is theirs."""
_KEPT_BUILD = "/memfd:archive"


def adopt_orphans() -> None:
    """Become the parent of every process below us that is left alone: none gets out of sight."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


@dataclass(frozen=True, slots=True)
class HostState:
    """How much of each kind there is while nothing is judged."""

    processes: int
    descriptors: int
    mounts: int
    control_groups: int


def host_state() -> HostState:
    return HostState(
        processes=sum(map(is_alive, descendants(os.getpid()))),
        descriptors=sum(1 for _ in _open_files()),
        mounts=sum(1 for _ in _mounts()),
        control_groups=sum(1 for _ in _own_control_groups()),
    )


async def await_nothing_left(idle: HostState, *folders: Path) -> list[str]:
    """Wait a little until all is as it was when idle; what is too much then, by kind or path.

    `folders` are those of the service, with all that is in them.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (left := _too_much(idle, *folders)) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return left


def _too_much(idle: HostState, *folders: Path) -> list[str]:
    counts = asdict(host_state())
    grown = [
        f"{count} {kind} instead of {asdict(idle)[kind]}"
        for kind, count in counts.items()
        if count > asdict(idle)[kind]
    ]
    return [*grown, *_marked_paths(*folders), *_marked_objects()]


def _marked_paths(*folders: Path) -> Iterator[str]:
    for folder in (*_FOLDERS, *_OPEN_FOLDERS):
        yield from (str(path) for path in Path(folder).glob(f"*{MARK}*"))
    for tree in (*folders, _CONTROL_GROUPS):
        yield from (path for path in _everything_in(tree) if MARK in path)


def _marked_objects() -> Iterator[str]:
    for kind in ("shm", "sem", "msg"):
        table = Path("/proc/sysvipc", kind)
        lines = table.read_text().splitlines() if table.exists() else []
        yield from (f"{kind} {line}" for line in lines[1:] if int(line.split()[0]) == IPC_KEY)
    for table in (Path("/proc/net/unix"), Path("/proc/keys")):
        lines = table.read_text().splitlines() if table.exists() else []
        yield from (f"{table} {line}" for line in lines if MARK in line)


def _own_control_groups() -> Iterator[Path]:
    """Find all groups of our engines, by the control files that these hold open."""
    homes = set()
    for name in _open_files():
        path = PurePosixPath(name)
        homes |= {home for home in (path, *path.parents) if home.name.startswith(_GROUP_PREFIX)}
    for home in homes:
        yield from (Path(folder) for folder, _, _ in os.walk(home))


def _everything_in(tree: Path) -> Iterator[str]:
    """Name all paths below; what vanishes meanwhile is left out."""
    for folder, folders, files in os.walk(tree):
        yield from (f"{folder}/{name}" for name in (*folders, *files))


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split(" ")[4]
        if not point.startswith(_MOUNTS_OF_OTHERS):
            yield point


def _open_files() -> Iterator[str]:
    """Name what our descriptors are open on, without the builds that an engine keeps."""
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that reads the folder
            name = str(entry.readlink())
            if not name.startswith(_KEPT_BUILD):
                yield name
