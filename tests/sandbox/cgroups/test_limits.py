"""One command after another in the cgroup of one lane, whichever version this host has."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.limits import MIB
from app.engines.sandbox.cgroups import Cgroup, Cgroups
from tests.support.cgroup_commands import BURN_UNSEEN, FORK, ORDINARY_USER_ID, run_inside

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

ON_DISK = Path("/var/tmp")  # noqa: S108 - a file system on disk is meant
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory is meant
TOUCH_IN_CHILDREN = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        data = b"x" * (15 << 20)
        time.sleep(30)
        os._exit(0)
os.wait()
"""
"""All hold what they have until the first of them dies."""
START_THREADS = """
import threading
held = threading.Event()
try:
    for _ in range(20): threading.Thread(target=held.wait).start()
finally:
    held.set()
"""


def touch(mebibytes: int) -> str:
    return f"data = b'x' * ({mebibytes} << 20)"


def read(path: Path) -> str:
    return f"""
with open('{path}', 'rb') as file:
    for _ in range(48):
        file.read(1 << 20)
"""


@pytest.fixture
def can_tell_peak(cgroups: Cgroups) -> bool:
    return cgroups.support.can_tell_memory_peak


@pytest.fixture
def file_in_memory() -> Iterator[Path]:
    path = IN_MEMORY / f"left-behind-{secrets.token_hex(4)}"
    yield path
    path.unlink()


@pytest.fixture
def unread_file() -> Iterator[Path]:
    """A file that is on disk only."""
    with tempfile.NamedTemporaryFile(dir=ON_DISK) as file:
        file.write(bytes(48 * MIB))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.fchmod(file.fileno(), 0o644)
        yield Path(file.name)


def test_memory_beyond_the_limit_is_refused(cgroup: Cgroup, can_tell_peak: bool) -> None:
    exit_code, facts = run_inside(cgroup, touch(40), memory_bytes=32 * MIB)

    assert exit_code == -9
    assert facts.was_memory_refused
    if can_tell_peak:
        assert facts.memory_peak_bytes is not None
        assert 31 * MIB < facts.memory_peak_bytes <= 32 * MIB


def test_memory_within_the_limit_is_granted(cgroup: Cgroup, can_tell_peak: bool) -> None:
    exit_code, facts = run_inside(cgroup, touch(15), memory_bytes=32 * MIB)

    assert (exit_code, facts.was_memory_refused) == (0, False)
    if can_tell_peak:
        assert facts.memory_peak_bytes is not None
        assert 15 * MIB < facts.memory_peak_bytes < 25 * MIB


def test_memory_of_all_processes_counts_together(cgroup: Cgroup) -> None:
    _, facts = run_inside(cgroup, TOUCH_IN_CHILDREN, memory_bytes=32 * MIB)

    assert facts.was_memory_refused


def test_facts_are_those_of_the_last_command(cgroup: Cgroup, can_tell_peak: bool) -> None:
    run_inside(cgroup, touch(40), memory_bytes=32 * MIB)
    run_inside(cgroup, FORK, processes=10)

    exit_code, facts = run_inside(cgroup, "pass")

    assert exit_code == 0
    assert (facts.was_memory_refused, facts.were_processes_refused) == (False, False)
    if can_tell_peak:
        assert facts.memory_peak_bytes is not None
        assert facts.memory_peak_bytes < 12 * MIB


def test_every_command_has_its_own_limit(cgroup: Cgroup) -> None:
    limits = [64 * MIB, 16 * MIB, 32 * MIB]

    refused = [
        run_inside(cgroup, touch(20), memory_bytes=limit)[1].was_memory_refused for limit in limits
    ]

    assert refused == [False, True, False]


def test_a_file_that_an_earlier_command_left_in_memory_is_not_charged_to_the_next(
    cgroup: Cgroup, can_tell_peak: bool, file_in_memory: Path
) -> None:
    """As a compiled program is, in the box's /box."""
    leave = f"open('{file_in_memory}', 'wb').write(bytes(25 << 20))"
    run_inside(cgroup, leave, memory_bytes=64 * MIB)

    fitting, facts = run_inside(cgroup, touch(15), memory_bytes=32 * MIB)
    too_much, _ = run_inside(cgroup, touch(35), memory_bytes=32 * MIB)

    assert (fitting, too_much) == (0, -9)
    if can_tell_peak:
        assert facts.memory_peak_bytes is not None
        assert 15 * MIB < facts.memory_peak_bytes < 25 * MIB


def test_files_that_a_command_reads_do_not_count_as_its_memory(
    cgroup: Cgroup, can_tell_peak: bool, unread_file: Path
) -> None:
    """The kernel keeps them as long as nothing else wants their memory."""
    exit_code, facts = run_inside(cgroup, read(unread_file), memory_bytes=32 * MIB)

    assert (exit_code, facts.was_memory_refused) == (0, False)
    if can_tell_peak:
        assert facts.memory_peak_bytes is not None
        assert facts.memory_peak_bytes < 12 * MIB


def test_a_cgroup_that_is_charged_for_many_files_is_worn_and_the_next_one_is_not(
    cgroups: Cgroups, cgroup: Cgroup, unread_file: Path
) -> None:
    run_inside(cgroup, read(unread_file), memory_bytes=128 * MIB)
    cgroup_of_next_lane = cgroups.create(1)

    run_inside(cgroup_of_next_lane, read(unread_file), memory_bytes=128 * MIB)
    is_next_worn = cgroup_of_next_lane.is_worn
    cgroup_of_next_lane.close()

    assert cgroup.is_worn
    assert not is_next_worn


def test_files_that_a_command_keeps_in_memory_count(cgroup: Cgroup, file_in_memory: Path) -> None:
    fill = f"open('{file_in_memory}', 'wb').write(bytes(40 << 20))"

    _, facts = run_inside(cgroup, fill, memory_bytes=32 * MIB)

    assert facts.was_memory_refused


def test_processes_beyond_the_limit_are_refused(cgroup: Cgroup) -> None:
    exit_code, facts = run_inside(cgroup, FORK, processes=10)

    assert exit_code == 1
    assert facts.were_processes_refused


def test_threads_count_as_processes(cgroup: Cgroup) -> None:
    exit_code, facts = run_inside(cgroup, START_THREADS, processes=10)

    assert exit_code == 1
    assert facts.were_processes_refused


def test_processes_within_the_limit_are_granted(cgroup: Cgroup) -> None:
    exit_code, facts = run_inside(cgroup, FORK, processes=30)

    assert exit_code == 0
    assert facts.were_processes_refused is False


def test_cpu_time_of_children_that_nobody_waits_for_counts(cgroup: Cgroup) -> None:
    _, burnt = run_inside(cgroup, BURN_UNSEEN)
    _, idle = run_inside(cgroup, "import time; time.sleep(0.5)")

    assert burnt.cpu_time_ns is not None
    assert idle.cpu_time_ns is not None
    # No bounds from above: a guest is charged for the time in which its host was busy elsewhere.
    assert burnt.cpu_time_ns >= 1_000_000_000
    assert 0 < idle.cpu_time_ns < burnt.cpu_time_ns


def test_cpu_time_can_be_read_while_a_command_runs(cgroup: Cgroup) -> None:
    """By the keeper, from the descriptor that its lane inherits."""
    descriptor = cgroup.descriptors.cpu_usage
    assert descriptor is not None
    before = os.pread(descriptor, 4096, 0)

    run_inside(cgroup, "while __import__('time').process_time() < 0.1: pass")

    assert os.pread(descriptor, 4096, 0) != before


def test_a_lane_enters_without_rights_of_its_own(cgroups: Cgroups, cgroup: Cgroup) -> None:
    """What it could open itself, it could also write other limits to."""
    look = f"""
import os, re
text = open('/proc/self/cgroup').read()
assert 'code-execution-lanes-' in text, text
for line in open('/proc/self/mountinfo'):
    mount, kind = line.split(' - ')
    if kind.startswith('cgroup'):
        for folder, _, files in os.walk(mount.split()[4]):
            for name in files:
                path = os.path.join(folder, name)
                assert 'code-execution-lanes-' not in path or not os.access(path, os.W_OK), path
assert os.getuid() == {ORDINARY_USER_ID}
"""

    exit_code, _ = run_inside(cgroup, look)

    assert exit_code == 0
