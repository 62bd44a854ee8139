"""Limits and facts per command by control groups: v1, v2 or none behind one interface."""

from app.engines.sandbox.cgroups.base import (
    Cgroup,
    CgroupDescriptors,
    CgroupFacts,
    Cgroups,
    CgroupSupport,
    CgroupVersion,
)
from app.engines.sandbox.cgroups.host import find_cgroups

__all__ = [
    "Cgroup",
    "CgroupDescriptors",
    "CgroupFacts",
    "CgroupSupport",
    "CgroupVersion",
    "Cgroups",
    "find_cgroups",
]
