"""What a program may use."""

from dataclasses import dataclass, replace

from app.domain.language import Language

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

MAX_CPU_TIME_MS = 120_000
MAX_MEMORY_BYTES = 4096 * MIB
"""What no multiplier exceeds."""


def limits_for(
    language: Language,
    *,
    cpu_time_ms: int | None = None,
    memory_bytes: int | None = None,
    time_multiplier: float | None = None,
    memory_multiplier: float | None = None,
) -> Limits:
    """Turn a problem's limits into those of a program in the language, never above the ceilings.

    A limit that is `None` is the service's default, a multiplier that is `None` the language's.
    """
    time_factor = language.time_multiplier if time_multiplier is None else time_multiplier
    memory_factor = language.memory_multiplier if memory_multiplier is None else memory_multiplier
    base_ms = cpu_time_ms or DEFAULT_LIMITS.cpu_time_ms
    base_bytes = memory_bytes or DEFAULT_LIMITS.memory_bytes
    scaled_ms = min(round(base_ms * time_factor), MAX_CPU_TIME_MS)
    return replace(
        DEFAULT_LIMITS,
        cpu_time_ms=scaled_ms,
        wall_time_ms=wall_time_ms_for(scaled_ms),
        memory_bytes=min(round(base_bytes * memory_factor), MAX_MEMORY_BYTES),
    )
