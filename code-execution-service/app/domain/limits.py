"""What a program may use."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings for one command in the sandbox; every one is enforced.

    `cpu_time_ms` counts all processes of the command together. `output_bytes` holds for stdout and
    stderr each, `file_bytes` for any one file and for all files together.
    """

    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    output_bytes: int
    file_bytes: int
    processes: int


def wall_time_ms_for(cpu_time_ms: int) -> int:
    """Allow twice the CPU time and a second, so that waiting on a busy host is no verdict."""
    return 2 * cpu_time_ms + 1000


DEFAULT_LIMITS = Limits(
    cpu_time_ms=5_000,
    wall_time_ms=wall_time_ms_for(5_000),
    memory_bytes=256 * MIB,
    output_bytes=1 * MIB,
    file_bytes=16 * MIB,
    processes=64,
)
