"""Run commands in a lane's cgroup, as an ordinary user who inherits its descriptors."""

import os
import shlex
import subprocess
from dataclasses import asdict, dataclass

from app.domain.limits import MIB
from app.engines.sandbox.cgroups import Cgroup, CgroupFacts

PYTHON = "/usr/bin/python3"
"""The system's: ours may lie where only root can read."""
ORDINARY_USER_ID = 54_321
BURN_UNSEEN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
reader, writer = os.pipe()
if os.fork() == 0:
    while time.process_time() < 1: pass
    os._exit(0)
os.close(writer)
os.read(reader, 1)
"""
"""Has a child use a second of CPU time, and nobody ask what became of the child."""
FORK = """
import os
reader, writer = os.pipe()
children = 0
try:
    for _ in range(20):
        if os.fork() == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
        children += 1
finally:
    os.close(writer)
    for _ in range(children): os.wait()
"""
"""Has twenty children at once, or as many as it gets; they end with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFacts(CgroupFacts):
    """What a command did, with the CPU time that a keeper would read."""

    cpu_time_ns: int | None


def run_inside(
    cgroup: Cgroup,
    source: str,
    *,
    memory_bytes: int = 32 * MIB,
    processes: int = 16,
    user_id: int | None = ORDINARY_USER_ID,
) -> tuple[int, CommandFacts]:
    """Run Python source as a command of the lane: exit code (of a signal negative) and facts."""
    attach = cgroup.descriptors.attach
    entering = "".join(f"echo 0 >&{descriptor}; " for descriptor in attach)
    python = shlex.join([PYTHON, "-I", "-S", "-c", source])
    cgroup.begin(memory_bytes=memory_bytes, processes=processes)
    before_ns = _cpu_time_ns(cgroup)
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
    after_ns = _cpu_time_ns(cgroup)
    is_counted = before_ns is not None and after_ns is not None
    cpu_time_ns = (after_ns or 0) - (before_ns or 0) if is_counted else None
    return done.returncode, CommandFacts(**asdict(cgroup.facts()), cpu_time_ns=cpu_time_ns)


def _cpu_time_ns(cgroup: Cgroup) -> int | None:
    """Read it in either form, as `CgroupDescriptors` tells."""
    if cgroup.descriptors.cpu_usage is None:
        return None
    words = os.pread(cgroup.descriptors.cpu_usage, 128, 0).split()
    return int(words[1]) * 1000 if words[0] == b"usage_usec" else int(words[0])
