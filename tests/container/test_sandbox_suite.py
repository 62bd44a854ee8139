import re

import pytest

from tests.container.deployment import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
TIMEOUT_S = 1_500
REASONS_TO_SKIP = ("only root", "no keys", "no cgroups", "count no processes", "own user")
"""What a container without privileges lacks by design; nothing else may be skipped in it."""
EXECUTION = tuple(
    f"tests/sandbox/execution/test_{name}.py"
    for name in (
        "host",
        "isolation",
        "languages",
        "memory",
        "processes",
        "system_calls",
        "wall_time",
    )
)
"""What kernel, container or the image's toolchains decide; the rest is the same code everywhere."""
WALLS = "disk/ or escaping/ or memory/ or processes/ or reading/"
HOSTILE = ("tests/sandbox/hostile", "-k", WALLS)
"""Programs that try the walls; those that try to deceive the judge are the same everywhere, too."""


@pytest.mark.parametrize("tests", [EXECUTION, HOSTILE], ids=["execution", "hostile"])
def test_the_tests_of_the_sandbox_hold_in_the_container(
    deployment: Deployment, tests: tuple[str, ...]
) -> None:
    # Not our own settings of pytest: they load Django, which this image does not have.
    settings = ["-c", "/dev/null", "--rootdir", "/checkout", "--import-mode=importlib"]
    options = ["-q", "-rsf", "--tb=short", "--disable-warnings"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:django", "-p", "tests.container.prepared_plugin"]
    done = deployment.run_with_tests(
        *("python", "-B", "-m", "pytest", *settings, *options, *plugins),
        *tests,
        timeout_s=TIMEOUT_S,
    )

    skipped = re.findall(r"^SKIPPED \[\d+\] .*?: (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert [reason for reason in skipped if not any(r in reason for r in REASONS_TO_SKIP)] == []
    assert " passed" in done.stdout
