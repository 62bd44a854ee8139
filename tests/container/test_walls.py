import json

import pytest

from tests.container.deployment import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]

FIND_WRITABLE = """
import os
mounts = sorted((line.split()[1:4] for line in open('/proc/self/mounts')), key=lambda m: len(m[0]))
for folder, subfolders, _ in os.walk('/'):
    if folder == '/proc':
        subfolders[:] = ['self', 'sys']
    if os.access(folder, os.W_OK):
        around = [m for m in mounts if (folder + '/').startswith(m[0].rstrip('/') + '/')]
        print(folder, around[-1][1])
"""
FIND_SOCKETS = """
import os, stat
for folder, subfolders, names in os.walk('/'):
    if folder == '/':
        subfolders[:] = [name for name in subfolders if name not in ('proc', 'sys')]
    for name in names:
        path = os.path.join(folder, name)
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            print(path)
"""


def test_the_service_has_no_privilege(deployment: Deployment) -> None:
    lines = deployment.execute("cat", "/proc/1/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines)

    assert set(status["Uid"].split()) == {"10001"}
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"  # a filter


def test_the_engine_grants_nothing_of_the_host(deployment: Deployment) -> None:
    container = deployment.inspect()
    host = container["HostConfig"]

    assert host["Privileged"] is False
    assert host["CapAdd"] is None
    assert host["Devices"] in ([], None)
    assert {host["PidMode"], host["IpcMode"], host["UTSMode"]} <= {"", "private"}
    assert host["Memory"] == host["MemorySwap"] > 0
    assert host["PidsLimit"] > 0
    assert {mount["Destination"].rpartition("/")[0] for mount in container["Mounts"]} == {
        "/run/secrets"
    }
    assert not any(mount["RW"] for mount in container["Mounts"])


def test_nothing_can_be_written_but_memory(deployment: Deployment) -> None:
    writable = dict(
        line.split() for line in deployment.execute("python", "-c", FIND_WRITABLE).splitlines()
    )

    assert {"/tmp", "/service/logs"} <= writable.keys()  # noqa: S108 - in the container
    assert set(writable.values()) <= {"tmpfs", "mqueue"}, writable


def test_there_is_no_way_to_the_engine(deployment: Deployment) -> None:
    assert deployment.execute("python", "-c", FIND_SOCKETS) == ""


def test_the_doctor_is_content(deployment: Deployment) -> None:
    report = json.loads(deployment.execute("python", "-m", "app.doctor", "--json"))

    findings = [*report["engine"], *report["languages"]]
    assert [finding for finding in findings if not finding["is_ok"]] == []
    assert len(report["languages"]) == 8
    assert "masks /proc" not in json.dumps(report)
    assert "can't be forbidden" not in json.dumps(report)
