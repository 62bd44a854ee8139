"""What a cgroup limits and counts for one command after another: memory and processes."""

from collections.abc import Sequence

from app.engines.sandbox.cgroups.files import ControlFile, Field

_OOM_KILL = Field("oom_kill")
_SHARED = Field("shmem")
_REFUSED = Field("max")


class MemoryAccount:
    """Memory of the command that runs now.

    What earlier commands left behind is not its own: files in memory (a compiled program in /box)
    stay charged to the cgroup that wrote them, cached files to the one that read them first. The
    former can't be taken away, so the limit is raised by them; the latter the kernel takes away
    itself before it refuses memory.

    `limits` are written in this order to lower the limit, in reverse to raise it. `cached` is the
    field of `stat` with all that lies in files, in memory or cached.
    """

    def __init__(
        self,
        *,
        limits: Sequence[ControlFile],
        usage: ControlFile,
        peak: ControlFile | None,
        stat: ControlFile,
        events: ControlFile,
        cached: Field,
    ) -> None:
        self._limits = limits
        self._usage = usage
        self._peak = peak
        self._stat = stat
        self._events = events
        self._cached = cached
        self._limit_bytes: int | None = None
        self._left_bytes = 0
        self._oom_kills = 0
        self.cached_bytes = 0

    @property
    def files(self) -> list[ControlFile]:
        """All that are open."""
        peak = [] if self._peak is None else [self._peak]
        return [*self._limits, self._usage, *peak, self._stat, self._events]

    def begin(self, memory_bytes: int) -> None:
        """Set the limit and forget the peak."""
        shared_bytes = self._survey()
        self._left_bytes = self._usage.number() - self.cached_bytes
        self._set_limit(memory_bytes + shared_bytes)
        if self._peak is not None:
            self._peak.write(0)
        self._oom_kills = _OOM_KILL.of(self._events.read())

    def peak_bytes(self) -> int | None:
        """Tell the most that the command held, without cached files."""
        self._survey()
        if self._peak is None:
            return None
        return max(0, self._peak.number() - self.cached_bytes - self._left_bytes)

    def was_refused(self) -> bool:
        """Tell whether the kernel killed a process for want of memory."""
        return _OOM_KILL.of(self._events.read()) > self._oom_kills

    def _survey(self) -> int:
        """Note how much is cached; the bytes of files in memory."""
        stat = self._stat.read()
        shared_bytes = _SHARED.of(stat)
        self.cached_bytes = self._cached.of(stat) - shared_bytes
        return shared_bytes

    def _set_limit(self, limit_bytes: int) -> None:
        if limit_bytes == self._limit_bytes:
            return
        is_raised = self._limit_bytes is not None and limit_bytes > self._limit_bytes
        for file in reversed(self._limits) if is_raised else self._limits:
            file.write(limit_bytes)
        self._limit_bytes = limit_bytes


class ProcessAccount:
    """How many processes and threads the command that runs now may have at once."""

    def __init__(self, *, limit: ControlFile, events: ControlFile) -> None:
        self.files = [limit, events]
        self._limit = limit
        self._events = events
        self._processes: int | None = None
        self._refusals = 0

    def begin(self, processes: int) -> None:
        """Set the limit."""
        if processes != self._processes:
            self._limit.write(processes)
            self._processes = processes
        self._refusals = _REFUSED.of(self._events.read())

    def were_refused(self) -> bool:
        """Tell whether the limit kept a process from starting."""
        return _REFUSED.of(self._events.read()) > self._refusals
