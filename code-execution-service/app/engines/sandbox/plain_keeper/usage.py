"""What the processes of the command use, as in `keeper/usage.c`."""

import os
import resource
import time
from collections.abc import Sequence

from app.engines.sandbox.plain_keeper import kernel
from app.engines.sandbox.plain_keeper.wire import Means

_NS_PER_S = 1_000_000_000
_FREE_SOCKETS = 33
_SOCKET_BYTES = 212_992


class Usage:
    """What the processes of the command use, as in `keeper/usage.c`."""

    def __init__(self, means: Means, limit_bytes: int) -> None:
        self._means = means
        self._limit_bytes = limit_bytes
        self._start_ns = self._cgroup_ns() if means.cpu_usage >= 0 else 0
        self._seen_ns: dict[int, int] = {}
        self._all_seen_ns = 0
        self._reaped_ns = 0
        self.floor_bytes = 0
        self.largest_bytes = 0
        self.cpu_time_ns = 0
        self.memory_bytes = 0

    def add_reaped(self, usage: resource.struct_rusage) -> None:
        """Count a process that is no more."""
        self._reaped_ns += int((usage.ru_utime + usage.ru_stime) * _NS_PER_S)
        self.largest_bytes = max(self.largest_bytes, usage.ru_maxrss * 1024)

    def sample(self) -> None:
        """Raise the peaks to what is used now."""
        if self._means.is_memory_watched or self._means.cpu_usage < 0:
            self._sample_processes()
        self._sample_cgroup()

    def conclude(self) -> None:
        """Raise them to what is known when all are reaped.

        The kernel's peak of a process begins with what it held of ours before it became the
        program. A peak no higher than that is only told where nothing better is known, and up to
        the limit, for it says no more than that the program's own is below.
        """
        self.cpu_time_ns = max(self.cpu_time_ns, self._reaped_ns)
        self._sample_cgroup()
        if self.largest_bytes > self.floor_bytes:
            self.memory_bytes = max(self.memory_bytes, self.largest_bytes)
        elif self._means.is_memory_watched and not self.memory_bytes:
            self.memory_bytes = min(self.largest_bytes, self._limit_bytes)

    def _sample_cgroup(self) -> None:
        if self._means.cpu_usage >= 0:
            self.cpu_time_ns = max(self.cpu_time_ns, self._cgroup_ns() - self._start_ns)

    def _cgroup_ns(self) -> int:
        words = os.pread(self._means.cpu_usage, 128, 0).split()
        return int(words[1]) * 1000 if words[0] == b"usage_usec" else int(words[0])

    def _sample_processes(self) -> None:
        found = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        memory_bytes = sum(_resident_bytes(pid) for pid in found)
        cpu_time_ns = self._reaped_ns + sum(self._cpu_time_ns(pid) for pid in found)
        if memory_bytes > self._limit_bytes and len(found) > 1:
            memory_bytes = _exact_bytes(found)
        sockets = max(0, kernel.read("/proc/net/unix").count(b"\n") - _FREE_SOCKETS)
        self.memory_bytes = max(self.memory_bytes, memory_bytes + sockets * _SOCKET_BYTES)
        self.cpu_time_ns = max(self.cpu_time_ns, cpu_time_ns, self._all_seen_ns)

    def _cpu_time_ns(self, pid: int) -> int:
        try:
            own_ns = time.clock_gettime_ns(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it
        except OSError:
            own_ns = 0
        seen_ns = self._seen_ns.get(pid, 0)
        self._all_seen_ns += own_ns - (seen_ns if seen_ns <= own_ns else 0)
        self._seen_ns[pid] = own_ns
        fields = kernel.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        ticks = int(fields[13]) + int(fields[14]) if fields else 0
        return own_ns + ticks * (_NS_PER_S // os.sysconf("SC_CLK_TCK"))


def _resident_bytes(pid: int) -> int:
    """Tell what a process holds; if its first thread is dead, the others know."""
    text = kernel.read(f"/proc/{pid}/statm")
    pages = int(text.split()[1]) if text else 0
    if not pages:
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            threads = []
        texts = [kernel.read(f"/proc/{pid}/task/{thread}/statm") for thread in threads]
        pages = max((int(text.split()[1]) for text in texts if text), default=0)
    return pages * resource.getpagesize()


def _exact_bytes(found: Sequence[int]) -> int:
    """Count shared pages once, and a child in its parent's memory not at all."""
    total = 0
    for index, pid in enumerate(found):
        if any(
            not kernel.libc.syscall(kernel.KCMP, other, pid, kernel.KCMP_VM, 0, 0)
            for other in found[:index]
        ):
            continue
        _, has_it, rest = kernel.read(f"/proc/{pid}/smaps_rollup").partition(b"\nPss:")
        total += int(rest.split()[0]) * 1024 if has_it else _resident_bytes(pid)
    return total
