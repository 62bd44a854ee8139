"""cgroup v2: one hierarchy, whose controllers are handed down from folder to folder."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.engines.sandbox.cgroups.accounts import MemoryAccount, ProcessAccount
from app.engines.sandbox.cgroups.advice import NO_CONTROLLER
from app.engines.sandbox.cgroups.base import CgroupSupport, CgroupVersion
from app.engines.sandbox.cgroups.files import ControlFile, Field
from app.engines.sandbox.cgroups.folder import CgroupFolder, processes_of
from app.engines.sandbox.cgroups.lane import LaneCgroup

_WANTED = (("memory", "pids"), ("memory",), ("pids",))
"""Controllers to be satisfied with, the best first."""
_LEAF = "service"
_MOVING_ROUNDS = 10
_DELEGATION_MARKS = ("user.delegate", "trusted.delegate")
"""Set by systemd where a unit says `Delegate=yes`. Source: systemd, docs/CGROUP_DELEGATION.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """A cgroup to put our folder into; its processes may be moved to a leaf if all are ours."""

    path: Path
    is_ours_alone: bool


class V2Cgroups:
    """A folder of ours with a cgroup per lane."""

    def __init__(self, folder: CgroupFolder, controllers: tuple[str, ...]) -> None:
        self._folder = folder
        self._controllers = controllers
        missing = [name for name in _WANTED[0] if name not in controllers]
        peak = _resettable_peak(folder.path / "memory.peak")
        if peak is not None:
            peak.close()
        self.support = CgroupSupport(
            version=CgroupVersion.V2,
            controllers=(*controllers, "cpu"),
            can_tell_memory_peak=peak is not None,
            advice=f"No {missing[0]} controller in {folder.path}. {NO_CONTROLLER}"
            if missing
            else None,
        )

    @classmethod
    def open(cls, *, root: Path, own: Path) -> Self:
        """Find a place; `root` is where the hierarchy is mounted, `own` the cgroup we are in.

        Raises:
            OSError: the host lets us nowhere.
        """
        complaints: list[OSError] = []
        for controllers in _WANTED:
            for home in _homes(root, own):
                try:
                    return cls(_folder_in(home, controllers), controllers)
                except OSError as error:
                    complaints.append(error)
        raise complaints[0]

    def create(self, lane: int) -> LaneCgroup:
        """Make the cgroup of a lane."""
        path = self._folder.make(lane)
        return LaneCgroup(
            [path],
            attach=[ControlFile(path / "cgroup.procs", os.O_WRONLY)],
            memory=_memory(path) if "memory" in self._controllers else None,
            processes=_processes(path) if "pids" in self._controllers else None,
            cpu_usage=ControlFile(path / "cpu.stat"),
        )

    def close(self) -> None:
        """Remove the folder."""
        self._folder.close()


def _homes(root: Path, own: Path) -> Iterator[_Home]:
    """Places for our folder, the most modest first."""
    if os.geteuid() != 0 and own != root:
        yield _Home(path=own.parent, is_ours_alone=False)
    if _is_ours_alone(root, own):
        yield _Home(path=own, is_ours_alone=True)
    yield _Home(path=root, is_ours_alone=False)


def _is_ours_alone(root: Path, own: Path) -> bool:
    """Tell whether what runs beside us came with us: in a container, in a delegated unit."""
    if own == root:
        return (own / "cgroup.type").exists()  # which the host's own root lacks
    if os.geteuid() != 0:
        return os.access(own / "cgroup.procs", os.W_OK)
    return any(_mark(own, name) == b"1" for name in _DELEGATION_MARKS)


def _mark(path: Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name)
    except OSError:
        return None


def _folder_in(home: _Home, controllers: tuple[str, ...]) -> CgroupFolder:
    _hand_down(home, controllers)
    folder = CgroupFolder(home.path)
    try:
        _write(folder.path / "cgroup.subtree_control", _enabling(controllers))
    except OSError:
        folder.close()
        raise
    return folder


def _hand_down(home: _Home, controllers: tuple[str, ...]) -> None:
    """Enable controllers for the folders below; the kernel refuses it beside processes.

    Raises:
        OSError: they are not there, or not ours to enable.
    """
    available = (home.path / "cgroup.controllers").read_text().split()
    for name in controllers:
        if name not in available:
            raise OSError(errno.ENOENT, f"no {name} controller. {NO_CONTROLLER}", str(home.path))
    control = home.path / "cgroup.subtree_control"
    if set(controllers) <= set(control.read_text().split()):
        return
    try:
        _write(control, _enabling(controllers))
    except OSError as error:
        if error.errno != errno.EBUSY or not home.is_ours_alone:
            raise
        _move_to_leaf(home.path)
        _write(control, _enabling(controllers))


def _move_to_leaf(path: Path) -> None:
    leaf = path / _LEAF
    leaf.mkdir(exist_ok=True)
    for _ in range(_MOVING_ROUNDS):  # others may be forking
        pids = list(processes_of(path))
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                _write(leaf / "cgroup.procs", str(pid))


def _enabling(controllers: tuple[str, ...]) -> str:
    return " ".join(f"+{name}" for name in controllers)


def _write(path: Path, text: str) -> None:
    """Write a file of a cgroup.

    Raises:
        OSError: the kernel refuses; the error names the file.
    """
    try:
        path.write_text(text)
    except OSError as error:
        error.filename = str(path)
        raise


def _memory(path: Path) -> MemoryAccount:
    # Not memory.oom.group: as on v1 the kernel kills one process, and the counter tells.
    with contextlib.suppress(FileNotFoundError):  # a kernel without swap
        _write(path / "memory.swap.max", "0")
    return MemoryAccount(
        limits=[ControlFile(path / "memory.max", os.O_WRONLY)],
        usage=ControlFile(path / "memory.current"),
        peak=_resettable_peak(path / "memory.peak"),
        stat=ControlFile(path / "memory.stat"),
        events=ControlFile(path / "memory.events"),
        cached=Field("file"),
    )


def _resettable_peak(path: Path) -> ControlFile | None:
    """Open it where a write resets it, since Linux 6.12; before, it is that of all commands."""
    try:
        peak = ControlFile(path, os.O_RDWR)
    except OSError:
        return None
    try:
        peak.write(0)
    except OSError:
        peak.close()
        return None
    return peak


def _processes(path: Path) -> ProcessAccount:
    return ProcessAccount(
        limit=ControlFile(path / "pids.max", os.O_WRONLY), events=ControlFile(path / "pids.events")
    )
