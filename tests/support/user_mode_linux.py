"""Run tests on a cgroup v2 host: `python -m tests.support.user_mode_linux PATH...`.

User-Mode Linux is a whole kernel as one ordinary process. It gets this host's files read-only, a
cgroup v2 hierarchy with all controllers, one CPU and no network; the checkout may lie anywhere but
in /run and /var/tmp. Arguments are those of pytest.
"""

import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import ServerMissingError

ROOT = Path(__file__).parents[2]
MEMORY = "2G"
TIMEOUT_S = 1_200

# Nothing but /var/tmp, /run, /dev/shm and the kernel's own file systems can be written to.
_INIT = """\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
mount -t hostfs -o {disk} none /var/tmp
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /run/home /dev/shm
chmod 1777 /run/tmp
mount -t tmpfs tmpfs /dev/shm
export PATH={path} TMPDIR=/run/tmp HOME=/run/home
export PYTHONDONTWRITEBYTECODE=1 COLUMNS=160
cd {root}
{command}
echo {marker} $?
{python} -c 'import ctypes; ctypes.CDLL(None).reboot({power_off:#x})'
"""
_POWER_OFF = 0x4321FEDC
"""Source: reboot(2), RB_POWER_OFF."""


@dataclass(frozen=True, slots=True)
class GuestRun:
    """How the command in the guest ended, and everything that the guest's console showed."""

    exit_code: int
    output: str


def run_tests(*arguments: str) -> GuestRun:
    """Boot, run pytest with the arguments, power off.

    Raises:
        ServerMissingError: User-Mode Linux is not installed.
        RuntimeError: the guest did not get as far as running the command.
    """
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    no_django = ["-o", "DJANGO_SETTINGS_MODULE="]  # which this kernel loads slowly, for nothing
    return _boot([*pytest, *no_django, *arguments])


def _boot(command: Sequence[str]) -> GuestRun:
    linux = shutil.which("linux.uml")
    if linux is None:
        raise ServerMissingError("linux.uml is not installed (Debian package user-mode-linux)")
    marker = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="guest-", dir="/var/tmp") as directory:
        disk, init = Path(directory, "disk"), Path(directory, "init")
        disk.mkdir()
        disk.chmod(0o1777)
        init.write_text(
            _INIT.format(
                path=shlex.quote(os.environ["PATH"]),
                root=shlex.quote(str(ROOT)),
                disk=disk,
                command=shlex.join(command),
                marker=marker,
                python=shlex.quote(sys.executable),
                power_off=_POWER_OFF,
            )
        )
        init.chmod(0o700)
        output = _console([
            linux,
            f"mem={MEMORY}",
            *("root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro"),
            f"init={init}",
            *("con=null", "con0=fd:0,fd:1", "loglevel=1"),
        ])
    shown, found, exit_code = output.rpartition(marker)
    if not found:
        raise RuntimeError(f"the guest did not run its command: {output[-4000:]}")
    return GuestRun(int(re.findall(r"\d+", exit_code)[0]), shown)


def _console(command: Sequence[str]) -> str:
    """Run the kernel in a process group of its own, which is how all of it can be ended."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return output.decode(errors="replace").replace("\r\n", "\n")


if __name__ == "__main__":
    guest = run_tests(*sys.argv[1:])
    sys.stdout.write(guest.output)
    sys.exit(guest.exit_code)
