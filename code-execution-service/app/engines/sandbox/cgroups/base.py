"""What the engine asks of control groups, whatever their version."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CgroupVersion(StrEnum):
    """Which interface of the kernel is used."""

    V1 = "v1"
    V2 = "v2"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupDescriptors:
    """Open files that a lane inherits; they stay ours to close.

    The kernel judges a write by who opened the file, so the lane itself needs no rights.
    """

    attach: tuple[int, ...]
    """A process enters by writing `0` to each, its threads and later children with it."""
    cpu_usage: int | None
    """CPU time since the cgroup was made, read from the beginning of the file: a number of ns as in
    v1's cpuacct.usage, or lines of which the first is `usage_usec N` as in v2's cpu.stat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupFacts:
    """What the last command did; None is what this host can't tell."""

    memory_peak_bytes: int | None
    """Without cached files: the kernel takes their memory back as soon as it is wanted.

    Rough by some 256 KiB per CPU that was used, which the kernel charges ahead.
    """
    was_memory_refused: bool | None
    """The kernel killed a process for want of memory."""
    were_processes_refused: bool | None
    """The limit on processes kept one from starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupSupport:
    """What this host's cgroups give, for people."""

    version: CgroupVersion
    controllers: tuple[str, ...]
    """Of memory, pids and cpu, those that work."""
    can_tell_memory_peak: bool
    advice: str | None
    """What is missing and what to do about it; None where nothing is."""


class Cgroup(Protocol):
    """The cgroup of one lane, in which one command runs at a time."""

    @property
    def descriptors(self) -> CgroupDescriptors:
        """Open files for the lane; the same ones as long as the cgroup lives."""
        ...

    @property
    def is_worn(self) -> bool:
        """True when a new one should take its place: it failed, or many cached files are on it.

        These stay in memory when it goes, and a new cgroup is not charged for what is in memory. In
        this one a command near its memory limit would drive them out, for everybody.
        """
        ...

    def begin(self, *, memory_bytes: int, processes: int) -> None:
        """Get ready for a command; nothing runs inside.

        `memory_bytes` holds for memory and swap together. `processes` counts threads too.

        Raises:
            SandboxFailureError: the kernel refuses; the cgroup is worn then.
        """

    def facts(self) -> CgroupFacts:
        """Tell about the command since `begin`; all its processes are dead.

        Raises:
            SandboxFailureError: as `begin`.
        """
        ...

    def close(self) -> None:
        """Kill what is left inside, close the descriptors and remove the cgroup."""


class Cgroups(Protocol):
    """The part of the host's cgroups that is ours."""

    @property
    def support(self) -> CgroupSupport:
        """What it gives."""
        ...

    def create(self, lane: int) -> Cgroup:
        """Make the cgroup of a lane; one per number at a time.

        Raises:
            SandboxFailureError: what was found is no longer there.
        """
        ...

    def close(self) -> None:
        """Remove everything we made; every lane's cgroup is closed before."""
