"""Run commands in a lane's cgroup, as an ordinary user who inherits its descriptors."""

import shlex
import subprocess

from app.domain.limits import MIB
from app.engines.sandbox.cgroups import Cgroup, CgroupFacts

PYTHON = "/usr/bin/python3"
"""The system's: ours may lie where only root can read."""
ORDINARY_USER_ID = 54_321


def run_inside(
    cgroup: Cgroup,
    source: str,
    *,
    memory_bytes: int = 32 * MIB,
    processes: int = 16,
    user_id: int | None = ORDINARY_USER_ID,
) -> tuple[int, CgroupFacts]:
    """Run Python source as a command of the lane: exit code (of a signal negative) and facts."""
    attach = cgroup.descriptors.attach
    entering = "".join(f"echo 0 >&{descriptor}; " for descriptor in attach)
    python = shlex.join([PYTHON, "-I", "-S", "-c", source])
    cgroup.begin(memory_bytes=memory_bytes, processes=processes)
    done = subprocess.run(
        ["/bin/bash", "-c", f"{entering} exec {python}"],
        pass_fds=attach,
        user=user_id,
        group=user_id,
        extra_groups=None if user_id is None else [],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # no pipe: a process that is left behind would hold it open
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, cgroup.facts()
