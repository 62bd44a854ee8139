"""The cgroup of one lane, of either version."""

from collections.abc import Sequence
from pathlib import Path

from app.domain.limits import MIB
from app.engines.sandbox.cgroups.accounts import MemoryAccount, ProcessAccount
from app.engines.sandbox.cgroups.base import CgroupDescriptors, CgroupFacts
from app.engines.sandbox.cgroups.files import ControlFile
from app.engines.sandbox.cgroups.folder import remove_cgroup
from app.errors import SandboxFailureError

_WORN_BYTES = 32 * MIB
"""Few enough to be given up without harm, more than what a small program reads."""


class LaneCgroup:
    """Directories of one lane, one per hierarchy, and the accounts that their controllers keep."""

    def __init__(
        self,
        directories: Sequence[Path],
        *,
        attach: Sequence[ControlFile],
        memory: MemoryAccount | None,
        processes: ProcessAccount | None,
        cpu_usage: ControlFile | None,
    ) -> None:
        self._directories = directories
        self._attach = attach
        self._memory = memory
        self._processes = processes
        self._cpu_usage = cpu_usage
        self._is_broken = False
        self.descriptors = CgroupDescriptors(
            attach=tuple(file.descriptor for file in attach),
            cpu_usage=None if cpu_usage is None else cpu_usage.descriptor,
        )

    @property
    def is_worn(self) -> bool:
        """Tell whether it failed, or how much was cached when a command last began or ended."""
        cached_bytes = 0 if self._memory is None else self._memory.cached_bytes
        return self._is_broken or cached_bytes > _WORN_BYTES

    def begin(self, *, memory_bytes: int, processes: int) -> None:
        """Set the limits and note the counters.

        Raises:
            SandboxFailureError: the kernel refuses, or somebody has removed the cgroup.
        """
        try:
            if self._memory is not None:
                self._memory.begin(memory_bytes)
            if self._processes is not None:
                self._processes.begin(processes)
        except OSError as error:
            raise self._failure(error) from error

    def facts(self) -> CgroupFacts:
        """Compare the counters with those noted.

        Raises:
            SandboxFailureError: as `begin`.
        """
        try:
            return self._facts()
        except OSError as error:
            raise self._failure(error) from error

    def _facts(self) -> CgroupFacts:
        memory, processes = self._memory, self._processes
        return CgroupFacts(
            memory_peak_bytes=None if memory is None else memory.peak_bytes(),
            was_memory_refused=None if memory is None else memory.was_refused(),
            were_processes_refused=None if processes is None else processes.were_refused(),
        )

    def _failure(self, error: OSError) -> SandboxFailureError:
        self._is_broken = True
        return SandboxFailureError(f"The cgroup of a lane can't be used: {error.strerror}")

    def close(self) -> None:
        """Close the files and remove the directories."""
        for account in (self._memory, self._processes):
            for file in [] if account is None else account.files:
                file.close()
        for file in (*self._attach, *([] if self._cpu_usage is None else [self._cpu_usage])):
            file.close()
        for directory in self._directories:
            remove_cgroup(directory)
