"""cgroup v1: a hierarchy per controller."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from app.engines.sandbox.cgroups.accounts import MemoryAccount, ProcessAccount
from app.engines.sandbox.cgroups.advice import explain
from app.engines.sandbox.cgroups.base import CgroupSupport, CgroupVersion
from app.engines.sandbox.cgroups.files import ControlFile, Field
from app.engines.sandbox.cgroups.folder import CgroupFolder
from app.engines.sandbox.cgroups.lane import LaneCgroup

_CONTROLLERS = {"memory": "memory", "pids": "pids", "cpu": "cpuacct"}
"""Our names, and those of the kernel."""


class V1Cgroups:
    """Folders of ours below our own cgroups, one per hierarchy."""

    def __init__(self, homes: Mapping[str, Path]) -> None:
        """Make them; `homes` has our own cgroup by controller."""
        self._folders: dict[Path, CgroupFolder] = {}
        self._controllers: dict[str, CgroupFolder] = {}
        complaints: list[str] = []
        for name, kernel_name in _CONTROLLERS.items():
            try:
                self._controllers[name] = self._folder(homes[kernel_name])
            except KeyError:
                complaints.append(f"The controller {kernel_name} is not mounted")
            except OSError as error:
                complaints.append(explain(error))
        self.support = CgroupSupport(
            version=CgroupVersion.V1,
            controllers=tuple(self._controllers),
            can_tell_memory_peak="memory" in self._controllers,
            advice="; ".join(complaints) or None,
        )

    def _folder(self, home: Path) -> CgroupFolder:
        """Find or make the folder in this hierarchy; several controllers may share one."""
        if home not in self._folders:
            self._folders[home] = CgroupFolder(home)
        return self._folders[home]

    def create(self, lane: int) -> LaneCgroup:
        """Make the cgroup of a lane."""
        made = {folder: folder.make(lane) for folder in self._folders.values()}
        paths = {name: made[folder] for name, folder in self._controllers.items()}
        return LaneCgroup(
            tuple(made.values()),
            # Not cgroup.procs: it stops every process of the host from forking, this only us.
            attach=[ControlFile(path / "tasks", os.O_WRONLY) for path in made.values()],
            memory=_memory(paths["memory"]) if "memory" in paths else None,
            processes=_processes(paths["pids"]) if "pids" in paths else None,
            cpu_usage=ControlFile(paths["cpu"] / "cpuacct.usage") if "cpu" in paths else None,
        )

    def close(self) -> None:
        """Remove the folders."""
        for folder in self._folders.values():
            folder.close()


def _memory(path: Path) -> MemoryAccount:
    limits = [ControlFile(path / "memory.limit_in_bytes", os.O_WRONLY)]
    with contextlib.suppress(FileNotFoundError):  # the kernel may be told not to count swap
        limits.append(ControlFile(path / "memory.memsw.limit_in_bytes", os.O_WRONLY))
    with contextlib.suppress(FileNotFoundError):
        (path / "memory.swappiness").write_text("0")
    return MemoryAccount(
        limits=limits,
        usage=ControlFile(path / "memory.usage_in_bytes"),
        peak=ControlFile(path / "memory.max_usage_in_bytes", os.O_RDWR),
        stat=ControlFile(path / "memory.stat"),
        events=ControlFile(path / "memory.oom_control"),
        cached=Field("cache"),
    )


def _processes(path: Path) -> ProcessAccount:
    return ProcessAccount(
        limit=ControlFile(path / "pids.max", os.O_WRONLY), events=ControlFile(path / "pids.events")
    )
