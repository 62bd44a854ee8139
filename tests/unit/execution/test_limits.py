from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.domain.limits import (
    DEFAULT_LIMITS,
    MAX_CPU_TIME_MS,
    MAX_MEMORY_BYTES,
    MIB,
    limits_for,
    wall_time_ms_for,
)
from app.languages import load_languages

PYTHON = replace(load_languages().get("python"), time_multiplier=3.0, memory_multiplier=2.0)


def test_a_problems_limits_are_multiplied_by_those_of_the_language() -> None:
    limits = limits_for(PYTHON, cpu_time_ms=1000, memory_bytes=64 * MIB)

    assert limits.cpu_time_ms == 3000
    assert limits.wall_time_ms == wall_time_ms_for(3000)
    assert limits.memory_bytes == 128 * MIB
    assert limits.output_bytes == DEFAULT_LIMITS.output_bytes


def test_a_problem_can_have_multipliers_of_its_own() -> None:
    limits = limits_for(
        PYTHON,
        cpu_time_ms=1000,
        memory_bytes=64 * MIB,
        time_multiplier=1.5,
        memory_multiplier=1.0,
    )

    assert (limits.cpu_time_ms, limits.memory_bytes) == (1500, 64 * MIB)


def test_limits_that_a_problem_does_not_give_are_the_defaults() -> None:
    limits = limits_for(replace(PYTHON, time_multiplier=1.0, memory_multiplier=1.0))

    assert limits == DEFAULT_LIMITS


@given(st.integers(1, 10**9), st.integers(1, 10**15), st.floats(0.1, 1000), st.floats(0.1, 1000))
def test_no_multiplier_leads_over_the_ceilings(
    cpu_time_ms: int, memory_bytes: int, time_multiplier: float, memory_multiplier: float
) -> None:
    limits = limits_for(
        PYTHON,
        cpu_time_ms=cpu_time_ms,
        memory_bytes=memory_bytes,
        time_multiplier=time_multiplier,
        memory_multiplier=memory_multiplier,
    )

    assert limits.cpu_time_ms <= MAX_CPU_TIME_MS
    assert limits.memory_bytes <= MAX_MEMORY_BYTES
