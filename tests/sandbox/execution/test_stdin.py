import hashlib

import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

MANY_BYTES = b"0123456789abcdef" * (4 * 1024 * 1024)


async def test_a_large_input_arrives_whole(sandbox: Sandbox) -> None:
    source = """
import hashlib, sys
digest = hashlib.sha256()
while chunk := sys.stdin.buffer.read(1 << 20): digest.update(chunk)
print(digest.hexdigest())
"""
    run = await sandbox.run("python", source, MANY_BYTES)

    assert run.stdout.decode().strip() == hashlib.sha256(MANY_BYTES).hexdigest()


@pytest.mark.parametrize(
    "source",
    ["print('done')", "import os; os.close(0); print('done')"],
    ids=["ignored", "closed"],
)
async def test_input_that_nobody_reads_is_no_problem(sandbox: Sandbox, source: str) -> None:
    run = await sandbox.run("python", source, MANY_BYTES)

    assert run.stdout == b"done\n"


async def test_the_end_of_the_input_is_seen(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "input(); input()", b"one line\n")

    assert run.status is RunStatus.NONZERO_EXIT
    assert b"EOFError" in run.stderr


async def test_the_input_can_be_opened_by_name(sandbox: Sandbox) -> None:
    source = "console.log(require('fs').readFileSync('/dev/stdin', 'utf8').length)"

    run = await sandbox.run("javascript", source, b"x" * 70_000)

    assert run.stdout == b"70000\n"


async def test_the_input_cannot_be_changed(sandbox: Sandbox) -> None:
    source = """
import os
for write in (lambda: os.write(0, b"y"), lambda: os.ftruncate(0, 0)):
    try: write(); print("changed")
    except OSError: print("refused")
"""

    run = await sandbox.run("python", source, b"x")

    assert run.stdout == b"refused\nrefused\n"
