"""What is made on the host, and that nothing of it stays."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.limits import MIB
from app.engines.sandbox.cgroups import Cgroups, find_cgroups
from app.errors import SandboxFailureError
from tests.support.cgroup_commands import run_inside
from tests.support.processes import are_gone

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
MAKE_AND_WAIT = """
import time
from app.engines.sandbox.cgroups import find_cgroups
cgroups = find_cgroups()
lanes = [cgroups.create(0), cgroups.create(1)]
print("made", flush=True)
time.sleep(60)
"""


def folders(pid: int) -> set[Path]:
    """Find every folder of cgroups that a process owns: it holds them open, and locked."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that reads the folder
            found.add(entry.readlink())
    return {path for path in found if path.name.startswith("code-execution-lanes-")}


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def start_another_service() -> subprocess.Popen[bytes]:
    service = subprocess.Popen(
        [sys.executable, "-c", MAKE_AND_WAIT],
        cwd=ROOT / "code-execution-service",
        stdout=subprocess.PIPE,
    )
    assert service.stdout is not None
    assert service.stdout.readline() == b"made\n"
    service.stdout.close()
    return service


@pytest.mark.usefixtures("cgroups")
def test_closing_leaves_nothing_behind() -> None:
    gc.collect()  # what other tests have left is not closed meanwhile
    before, descriptors = folders(os.getpid()), open_descriptors()
    cgroups = find_cgroups()
    lanes = [cgroups.create(number) for number in range(3)]
    made = folders(os.getpid()) - before

    for lane in lanes:
        lane.close()
    cgroups.close()

    assert made
    assert not any(folder.exists() for folder in made)
    assert open_descriptors() == descriptors


def test_closing_a_lane_ends_what_runs_in_it(cgroups: Cgroups, tmp_path: Path) -> None:
    lane = cgroups.create(7)
    tmp_path.chmod(0o777)
    note = tmp_path / "pid"
    source = f"""
import os, time
if (pid := os.fork()): open('{note}', 'w').write(str(pid)); os._exit(0)
time.sleep(60)
"""
    run_inside(lane, source, user_id=None)

    lane.close()

    assert are_gone({int(note.read_text())})


def test_a_cgroup_that_somebody_removes_fails_and_has_to_be_replaced(cgroups: Cgroups) -> None:
    lane = cgroups.create(7)
    for descriptor in lane.descriptors.attach:
        Path(f"/proc/self/fd/{descriptor}").readlink().parent.rmdir()

    with pytest.raises(SandboxFailureError):
        lane.begin(memory_bytes=64 * MIB, processes=8)

    assert lane.is_worn
    lane.close()


@pytest.mark.usefixtures("cgroups")
def test_what_a_killed_service_left_behind_is_swept_away() -> None:
    service = start_another_service()
    left = folders(service.pid)
    service.send_signal(signal.SIGKILL)
    service.wait()

    find_cgroups().close()

    assert left
    assert not any(folder.exists() for folder in left)


@pytest.mark.usefixtures("cgroups")
def test_a_living_service_keeps_what_is_its_own() -> None:
    service = start_another_service()
    its_own = folders(service.pid)

    find_cgroups().close()

    assert its_own
    assert all(folder.exists() for folder in its_own)
    service.kill()
    service.wait()
    find_cgroups().close()
