"""Watch processes of this host, to see that they are gone."""

import time
from pathlib import Path

from tests.support.patience import PATIENCE_S


def children(pid: int) -> set[int]:
    """Find the processes right below this one."""
    return _children().get(pid, set())


def descendants(pid: int) -> set[int]:
    """Find every process below this one, in whatever namespaces."""
    children = _children()
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            found.add(child)
            waiting.append(child)
    return found


def command_line(pid: int) -> list[str]:
    """Read it; empty if the process is gone."""
    try:
        return Path("/proc", str(pid), "cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def parent(pid: int) -> int:
    found = _parent(Path("/proc", str(pid)))
    assert found is not None, f"process {pid} is gone"
    return found


def user_id(pid: int) -> int:
    return Path("/proc", str(pid)).stat().st_uid


def are_gone(pids: set[int]) -> bool:
    """Wait a little for all of them to end; zombies have ended."""
    deadline = time.monotonic() + PATIENCE_S
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_alive(pid: int) -> bool:
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _children() -> dict[int, set[int]]:
    """Find, by process, those right below it."""
    found: dict[int, set[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            found.setdefault(parent, set()).add(int(entry.name))
    return found


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[1])
