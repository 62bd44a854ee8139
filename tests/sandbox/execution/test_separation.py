"""Nothing that a run leaves is there for the next one."""

import platform

import pytest

from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

FILES = """
import os
for place in ("/tmp/left", "/dev/shm/left", "left"):
    print(place, os.path.exists(place))
    open(place, "w").write("x")
"""
SHARED_MEMORY = """
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
int main(void) {
    printf("%d\\n", shmget(42, 4096, 0) >= 0);
    shmget(42, 4096, IPC_CREAT | 0600);
}
"""
KEYS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
ADD_KEY, SEARCH, KEYCTL = 248, 10, 250
rings = {"session": -3, "user": -4, "user session": -5}
rings["persistent"] = libc.syscall(KEYCTL, 22, -1, -2)
for name, ring in rings.items():
    found = libc.syscall(KEYCTL, SEARCH, ring, b"user", b"left", 0)
    added = libc.syscall(ADD_KEY, b"user", b"left", b"x", 1, ring)
    print(name, "found" if found > 0 else "nothing", "added" if added > 0 else "refused")
"""


@pytest.mark.parametrize(
    ("language", "source"),
    [("python", FILES), ("c", SHARED_MEMORY)],
    ids=["files", "shared memory"],
)
async def test_two_runs_of_one_program_see_the_same_world(
    sandbox: Sandbox, language: str, source: str
) -> None:
    _, (first, second) = await sandbox.execute(language, source, b"", b"")

    assert first.stdout != b""
    assert second.stdout == first.stdout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64")
async def test_keys_do_not_outlive_a_run(sandbox: Sandbox) -> None:
    _, (first, second) = await sandbox.execute("python", KEYS, b"", b"")

    assert b"found" not in first.stdout
    assert second.stdout == first.stdout


async def test_two_submissions_share_nothing(sandbox: Sandbox) -> None:
    first = await sandbox.run("python", FILES)
    second = await sandbox.run("python", FILES)

    assert second.stdout == first.stdout
