"""What the engine measures of itself while it compiles and runs."""

import pytest
from prometheus_client import CollectorRegistry

from app import metrics
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


async def test_measures_compiling_once_and_every_run(sandbox: Sandbox) -> None:
    source = "int main(void) { return 0; } /* measured */"
    with metrics.measured() as registry:
        for _ in range(2):
            await sandbox.run("c", source, b"")

        assert value(registry, "execution_compile_seconds_count", language="c") == 1
        assert value(registry, "execution_compile_cache_total", result="hit") == 1
        assert value(registry, "execution_compile_cache_total", result="miss") == 1
        assert value(registry, "execution_run_seconds_count", language="c") == 2
        assert value(registry, "execution_box_wait_seconds_count") == 2


async def test_tells_how_many_lanes_there_are_and_how_many_are_in_use(sandbox: Sandbox) -> None:
    with metrics.measured() as registry:
        assert (value(registry, "execution_lanes") or 0) >= 1
        assert value(registry, "execution_lanes_busy") == 0
