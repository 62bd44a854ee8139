"""The places where a service can find itself on a cgroup v2 host.

They are built under User-Mode Linux, where nothing of the host can be spoilt; see
`test_user_mode_linux.py`. Run by themselves they need root and a whole v2 hierarchy.
"""

import json
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engines.sandbox.cgroups.folder import remove_cgroup
from tests.support.cgroup_commands import PYTHON

ROOT = Path(__file__).parents[3]
HIERARCHY = Path("/sys/fs/cgroup")
SERVICE_USER_ID = 10_001
AS_SERVICE = f"setpriv --reuid {SERVICE_USER_ID} --regid {SERVICE_USER_ID} --clear-groups"
CONTAINER = "unshare --cgroup --mount --propagation private"
MOUNT = f"umount {HIERARCHY} && mount -t cgroup2 cgroup2 {HIERARCHY}"


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Code that every user can read; the checkout may lie where only root can."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        home.chmod(0o755)
        shutil.copytree(ROOT / "code-execution-service" / "app", home / "app")
        (home / "tests" / "support").mkdir(parents=True)
        for name in ("cgroup_commands.py", "cgroup_report.py"):
            shutil.copy(ROOT / "tests" / "support" / name, home / "tests" / "support")
        yield home


@pytest.fixture
def place() -> Iterator[Path]:
    """A cgroup below the root's, with the controllers at hand."""
    hand_down(HIERARCHY, "memory", "pids")
    place = HIERARCHY / "place"
    place.mkdir()
    yield place
    for path in sorted((path for path in place.rglob("*") if path.is_dir()), reverse=True):
        remove_cgroup(path)
    remove_cgroup(place)


def hand_down(cgroup: Path, *controllers: str) -> None:
    (cgroup / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def give_to_service(cgroup: Path, *files: str) -> None:
    """As systemd does for `Delegate=yes`: the folder and what moves processes and controllers."""
    for path in (cgroup, *(cgroup / name for name in files)):
        shutil.chown(path, SERVICE_USER_ID, SERVICE_USER_ID)


def report_from(
    cgroup: Path, home: Path, *, user: str = "", mount: str | None = None
) -> dict[str, Any]:
    """Start a service in the cgroup, below a shell that stays in it, and read its report.

    With `mount` the service is in a container, whose hierarchy this command mounts.
    """
    script = f"cd {home} && {user} {PYTHON} -m tests.support.cgroup_report; exit $?"
    if mount is not None:
        script = f"exec {CONTAINER} sh -c {shlex.quote(f'{mount} && {script}')}"
    done = subprocess.run(
        ["/bin/sh", "-c", f"echo 0 > {cgroup}/cgroup.procs && {script}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_limits_hold(report: dict[str, Any]) -> None:
    assert report["controllers"] == ["memory", "pids", "cpu"]
    assert report["greedy"]["exit_code"] == -9
    assert report["greedy"]["was_memory_refused"]
    assert report["forking"]["were_processes_refused"]
    assert report["modest"]["exit_code"] == 0
    assert not report["modest"]["was_memory_refused"]
    assert not report["modest"]["were_processes_refused"]
    assert report["modest"]["cpu_time_ns"] > 0


def test_root_on_a_host_stays_where_it_is(place: Path, home: Path) -> None:
    report = report_from(place, home)

    assert_limits_hold(report)
    assert report["own"] == "/place"


def test_a_container_hands_over_a_folder_beside_its_service(place: Path, home: Path) -> None:
    """As the entry script does that starts as root and then becomes the service."""
    hand_down(place, "memory", "pids")
    service = place / "svc"
    service.mkdir()
    give_to_service(place, "cgroup.procs", "cgroup.subtree_control")
    give_to_service(service, "cgroup.procs", "cgroup.subtree_control")

    report = report_from(service, home, user=AS_SERVICE)

    assert_limits_hold(report)
    assert report["own"] == "/place/svc"


def test_a_delegated_unit_makes_room_for_itself(place: Path, home: Path) -> None:
    """The shell beside it is moved too: the kernel hands controllers down only past no process."""
    give_to_service(place, "cgroup.procs", "cgroup.subtree_control")

    report = report_from(place, home, user=AS_SERVICE)

    assert_limits_hold(report)
    assert report["own"] == "/place/service"


def test_root_of_a_container_with_writable_cgroups_makes_room_for_itself(
    place: Path, home: Path
) -> None:
    report = report_from(place, home, mount=MOUNT)

    assert_limits_hold(report)
    assert report["own"] == "/service"


def test_read_only_cgroups_are_none_and_say_what_to_do(place: Path, home: Path) -> None:
    """As in a container that is started with nothing said about cgroups."""
    read_only = f"mount -o remount,bind,ro {HIERARCHY}"

    report = report_from(place, home, mount=f"{MOUNT} && {read_only}")

    assert report["version"] == "none"
    assert "Read-only" in report["advice"]
    assert "writable-cgroups" in report["advice"]
    assert report["greedy"]["exit_code"] == 0


def test_an_ordinary_user_without_delegation_has_none_and_is_told_how(
    place: Path, home: Path
) -> None:
    report = report_from(place, home, user=AS_SERVICE)

    assert report["version"] == "none"
    assert "Permission denied" in report["advice"]
    assert "Delegate=yes" in report["advice"]


def test_what_is_handed_down_is_used_without_the_rest(place: Path, home: Path) -> None:
    hand_down(place, "pids")
    service = place / "svc"
    service.mkdir()
    give_to_service(place, "cgroup.procs")
    give_to_service(service, "cgroup.procs")

    report = report_from(service, home, user=AS_SERVICE)

    assert report["controllers"] == ["pids", "cpu"]
    assert "No memory controller" in report["advice"]
    assert report["greedy"]["exit_code"] == 0
    assert report["greedy"]["was_memory_refused"] is None
    assert report["forking"]["were_processes_refused"]


def test_a_service_cannot_raise_its_own_ceiling(place: Path, home: Path) -> None:
    """What is above the place that was handed over still holds."""
    give_to_service(place, "cgroup.procs", "cgroup.subtree_control")
    (place / "pids.max").write_text("12")

    report = report_from(place, home, user=AS_SERVICE)

    assert report["forking"]["exit_code"] == 1
