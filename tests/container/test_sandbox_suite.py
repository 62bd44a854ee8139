import re

import pytest

from tests.container.deployment import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
TIMEOUT_S = 1_500
FOLDERS = ("tests/sandbox/execution", "tests/sandbox/hostile")
"""Those of control groups are for hosts: in a container these can't be written."""
REASONS_TO_SKIP = ("only root", "no keys", "no cgroups")
"""What a container without privileges lacks by design; nothing else may be skipped in it."""


def test_every_test_of_the_sandbox_holds_in_the_container(deployment: Deployment) -> None:
    # Not our own settings of pytest: they load Django, which this image does not have.
    settings = ["-c", "/dev/null", "--rootdir", "/checkout", "--import-mode=importlib"]
    options = ["-q", "-rs", "--tb=short", "--disable-warnings"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:django", "-p", "tests.container.prepared_plugin"]
    done = deployment.run_with_tests(
        *("python", "-B", "-m", "pytest", *settings, *options, *plugins, *FOLDERS),
        timeout_s=TIMEOUT_S,
    )

    skipped = re.findall(r"^SKIPPED \[\d+\] .*?: (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert [reason for reason in skipped if not any(r in reason for r in REASONS_TO_SKIP)] == []
    assert " passed" in done.stdout
