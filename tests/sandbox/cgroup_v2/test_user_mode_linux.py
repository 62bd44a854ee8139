"""Tests of limits on a real cgroup v2 host, which this one need not be."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.servers import ServerMissingError
from tests.support.user_mode_linux import GuestRun, run_tests

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1_500)]

FOLDER = "tests/sandbox/cgroup_v2"
GUESTS = (("tests/sandbox/cgroups", f"{FOLDER}/guest.py"), (f"{FOLDER}/guest_engine.py",))
"""What runs in one guest; each has one CPU, so that they take as long as the longest of them."""


@pytest.fixture(scope="module")
def guests() -> list[GuestRun]:
    try:
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda paths: run_tests(*paths, "-q"), GUESTS))
    except ServerMissingError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"not run: {missing}")


def test_limits_hold_under_cgroup_v2_wherever_the_service_finds_itself(
    guests: list[GuestRun],
) -> None:
    assert_all_passed(guests[0])


def test_the_engine_holds_its_limits_under_cgroup_v2(guests: list[GuestRun]) -> None:
    assert_all_passed(guests[1])


def assert_all_passed(guest: GuestRun) -> None:
    assert guest.exit_code == 0, guest.output
    assert "skipped" not in guest.output
