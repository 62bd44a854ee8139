"""Hosts that give more or less."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import prometheus_client
import pytest

from app.domain.limits import MIB
from app.domain.runs import RunStatus
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.cgroups.none import NoCgroup
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.engines.sandbox.keeper_protocol import Command
from app.engines.sandbox.lane import Lane
from app.engines.sandbox.walls import FIRST_USER_ID, USER_IDS
from tests.support.processes import command_line, user_id
from tests.support.sandbox import TIGHT_LIMITS, Sandbox, start_sleeping

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
ORDINARY_USER_ID = 54_321


def shell(script: str, memory_bytes: int = 64 * MIB) -> Command:
    return Command(
        arguments=("/bin/sh", "-c", script),
        environment=(("PATH", "/usr/bin:/bin"),),
        limits=replace(TIGHT_LIMITS, memory_bytes=memory_bytes),
    )


@pytest.mark.usefixtures("sandbox")
@pytest.mark.asyncio
async def test_without_proc_programs_run_and_their_memory_is_known_at_the_end(
    tmp_path: Path,
) -> None:
    """A container with masked paths gives no fresh /proc."""
    walls = replace(survey_host(), has_proc=False)

    lane = Lane(walls, build_keeper(tmp_path), NoCgroup, ())
    async with lane.box() as box:
        fine = await box.run(shell("ls /proc; echo fine"))
        greedy = await box.run(
            shell("yes | head -c 30000000 | tail -c 30000000 >/dev/null", 16 * MIB)
        )
        enormous = await box.run(shell("yes | head -c 1G | tail -c 1G >/dev/null", 16 * MIB))
    await lane.close()

    assert (fine.status, fine.stdout) == (RunStatus.OK, b"fine\n")
    assert greedy.status is RunStatus.MEMORY_LIMIT
    assert enormous.status is RunStatus.MEMORY_LIMIT
    assert enormous.usage.memory_bytes < 200 * MIB


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to drop")
@pytest.mark.asyncio
async def test_a_service_that_is_root_drops_it_before_the_box_is_built(sandbox: Sandbox) -> None:
    task, processes = await start_sleeping(sandbox)
    users = {user_id(pid) for pid in processes if command_line(pid)[0] != "/keeper"}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert len(users) == 1
    assert users.pop() in range(FIRST_USER_ID, FIRST_USER_ID + USER_IDS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.usefixtures("sandbox")
def test_an_ordinary_user_gets_the_same_boxes() -> None:
    """The system's Python is used: ours may lie where only root can read, with its packages."""
    home = Path(tempfile.mkdtemp(prefix="ordinary-user-"))
    for package in (
        ROOT / "code-execution-service" / "app",
        Path(prometheus_client.__file__).parent,
    ):
        shutil.copytree(package, home / package.name)
    shutil.copy(ROOT / "tests" / "support" / "run_programs.py", home)
    for path in (home, *home.rglob("*")):
        os.chown(path, ORDINARY_USER_ID, ORDINARY_USER_ID)
    user = ["--reuid", str(ORDINARY_USER_ID), "--regid", str(ORDINARY_USER_ID), "--clear-groups"]

    done = subprocess.run(
        ["setpriv", *user, "/usr/bin/python3", "run_programs.py", "data", "python", "print(6 * 7)"],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(home)

    assert "stdout=b'42\\n'" in done.stdout, done.stderr


def test_the_folder_of_the_keeper_may_be_closed_to_everybody_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A checkout below /root is such a folder; boxes are built by a user who can't enter it."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    engine = SandboxEngine([sandbox.languages.get("c")], closed)

    asyncio.run(engine.start())
    (toolchain,) = asyncio.run(engine.toolchains())
    asyncio.run(engine.close())

    assert toolchain.is_available
