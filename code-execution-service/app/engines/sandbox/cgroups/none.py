"""Where no cgroups are to be had: nothing is limited by them and nothing is known from them."""

from app.engines.sandbox.cgroups.base import (
    Cgroup,
    CgroupDescriptors,
    CgroupFacts,
    CgroupSupport,
    CgroupVersion,
)


class NoCgroup:
    """The cgroup of a lane that has none."""

    descriptors = CgroupDescriptors(attach=(), cpu_usage=None)
    is_worn = False

    def begin(self, *, memory_bytes: int, processes: int) -> None:
        """Do nothing."""

    def facts(self) -> CgroupFacts:
        """Tell that nothing is known."""
        return CgroupFacts(
            memory_peak_bytes=None,
            was_memory_refused=None,
            were_processes_refused=None,
        )

    def close(self) -> None:
        """Do nothing."""


class NoCgroups:
    """A host without cgroups for us, and why."""

    def __init__(self, advice: str) -> None:
        self.support = CgroupSupport(
            version=CgroupVersion.NONE, controllers=(), can_tell_memory_peak=False, advice=advice
        )

    def create(self, lane: int) -> Cgroup:
        """Give a lane what stands for no cgroup."""
        return NoCgroup()

    def close(self) -> None:
        """Do nothing."""
