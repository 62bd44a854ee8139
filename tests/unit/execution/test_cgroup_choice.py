from pathlib import Path

import pytest

from app.engines.sandbox.cgroups import CgroupVersion, find_cgroups
from app.engines.sandbox.cgroups.host import Hierarchy, read_hierarchies


def proc_with(tmp_path: Path, *, cgroup: str, mountinfo: str) -> Path:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text(mountinfo)
    return proc


def mount(point: Path | str, kind: str, *, root: str = "/", options: str = "rw") -> str:
    return f"35 31 0:32 {root} {point} rw,relatime - {kind} {kind} {options}\n"


def hierarchies(tmp_path: Path, *, cgroup: str, mountinfo: str) -> list[Hierarchy]:
    return list(read_hierarchies(proc_with(tmp_path, cgroup=cgroup, mountinfo=mountinfo)))


def test_our_cgroup_is_found_below_the_mount(tmp_path: Path) -> None:
    (found,) = hierarchies(
        tmp_path,
        cgroup="0::/system.slice/judge.service\n",
        mountinfo=mount("/sys/fs/cgroup", "cgroup2"),
    )

    assert found.root == Path("/sys/fs/cgroup")
    assert found.own == Path("/sys/fs/cgroup/system.slice/judge.service")
    assert not found.controllers


def test_a_container_that_sees_the_hosts_paths_is_the_root_of_its_mount(tmp_path: Path) -> None:
    (found,) = hierarchies(
        tmp_path,
        cgroup="4:memory:/docker/abc\n",
        mountinfo=mount("/sys/fs/cgroup/memory", "cgroup", root="/docker/abc", options="rw,memory"),
    )

    assert found.own == found.root == Path("/sys/fs/cgroup/memory")


def test_controllers_may_share_a_hierarchy(tmp_path: Path) -> None:
    (found,) = hierarchies(
        tmp_path,
        cgroup="2:cpu,cpuacct:/\n",
        mountinfo=mount("/sys/fs/cgroup/cpu,cpuacct", "cgroup", options="rw,cpu,cpuacct"),
    )

    assert found.controllers == {"cpu", "cpuacct"}


def test_a_mount_that_does_not_show_our_cgroup_is_none(tmp_path: Path) -> None:
    assert not hierarchies(
        tmp_path,
        cgroup="0::/elsewhere\n",
        mountinfo=mount("/sys/fs/cgroup", "cgroup2", root="/docker/abc"),
    )


def test_other_file_systems_are_no_hierarchies(tmp_path: Path) -> None:
    assert not hierarchies(tmp_path, cgroup="0::/\n", mountinfo=mount("/tmp", "tmpfs"))  # noqa: S108


def test_without_a_hierarchy_there_are_none_and_nothing_is_limited(tmp_path: Path) -> None:
    cgroups = find_cgroups(proc_with(tmp_path, cgroup="0::/\n", mountinfo=""))

    lane = cgroups.create(0)
    lane.begin(memory_bytes=1, processes=1)
    facts = lane.facts()

    assert cgroups.support.version is CgroupVersion.NONE
    assert cgroups.support.advice is not None
    assert "mount -t cgroup2" in cgroups.support.advice
    assert (lane.descriptors.attach, lane.descriptors.cpu_usage) == ((), None)
    assert (facts.memory_peak_bytes, facts.was_memory_refused) == (None, None)
    assert facts.were_processes_refused is None


@pytest.fixture
def hybrid(tmp_path: Path) -> Path:
    """A host whose v2 hierarchy is mounted beside those of v1, and has none of the controllers."""
    for name in ("memory", "pids", "unified"):
        (tmp_path / name).mkdir()
    (tmp_path / "unified" / "cgroup.controllers").write_text("hugetlb\n")
    mounts = [
        mount(tmp_path / "memory", "cgroup", options="rw,memory"),
        mount(tmp_path / "pids", "cgroup", options="rw,pids"),
        mount(tmp_path / "unified", "cgroup2"),
    ]
    return proc_with(tmp_path, cgroup="8:pids:/\n4:memory:/\n0::/\n", mountinfo="".join(mounts))


def test_a_hybrid_host_is_used_through_v1(hybrid: Path) -> None:
    cgroups = find_cgroups(hybrid)
    cgroups.close()

    assert cgroups.support.version is CgroupVersion.V1
    assert cgroups.support.controllers == ("memory", "pids")
    assert cgroups.support.advice == "The controller cpuacct is not mounted"


def test_a_v1_hierarchy_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    proc = proc_with(
        tmp_path,
        cgroup="4:memory:/gone\n",
        mountinfo=mount(tmp_path / "memory", "cgroup", options="rw,memory"),
    )

    support = find_cgroups(proc).support

    assert support.version is CgroupVersion.NONE
    assert support.advice is not None
    assert str(tmp_path / "memory" / "gone") in support.advice
