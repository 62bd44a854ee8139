import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


async def test_files_can_be_written_in_the_working_directory(sandbox: Sandbox) -> None:
    source = """
import os, tempfile
open("here", "w").write("x")
with tempfile.NamedTemporaryFile("w") as file: file.write("x")
print(os.listdir("."), os.path.expanduser("~"))
"""

    run = await sandbox.run("python", source)

    assert run.stdout == b"['here'] /tmp\n"


async def test_one_file_may_not_be_larger_than_the_limit(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "open('big', 'wb').write(bytes(5 << 20))")

    assert run.status is RunStatus.NONZERO_EXIT
    assert b"File too large" in run.stderr


async def test_all_files_together_may_not_be_larger_than_the_limit(sandbox: Sandbox) -> None:
    source = "for n in range(10): open(f'big{n}', 'wb').write(bytes(1 << 20))"

    run = await sandbox.run("python", source)

    assert run.status is RunStatus.NONZERO_EXIT
    assert b"No space left on device" in run.stderr


async def test_the_number_of_files_is_limited(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "for n in range(100_000): open(f'f{n}', 'w').close()")

    assert run.status is RunStatus.NONZERO_EXIT
    assert b"No space left on device" in run.stderr


async def test_the_number_of_open_files_is_limited(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "files = [open('/dev/null') for _ in range(1000)]")

    assert run.status is RunStatus.NONZERO_EXIT
    assert b"Too many open files" in run.stderr


async def test_links_and_fifos_in_the_working_directory_hurt_nobody(sandbox: Sandbox) -> None:
    source = """
import os
os.mkfifo("stdout")
os.symlink("/proc/1/root", "root")
os.symlink("loop", "loop")
os.makedirs("/".join(["d"] * 500))
print("done")
"""
    _, runs = await sandbox.execute("python", source, b"", b"")

    assert [run.stdout for run in runs] == [b"done\n", b"done\n"]
