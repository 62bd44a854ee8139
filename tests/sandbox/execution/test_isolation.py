"""Programs that attack: each prints what it managed to do."""

import ctypes
import os
import platform
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

TRY = """
import ctypes, errno, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, action):
    try:
        print(name, "DONE", action())
    except (OSError, ProcessLookupError) as error:
        print(name, "refused", errno.errorcode[error.errno])
def call(function, *arguments):
    result = function(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result
"""
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000


async def attack(sandbox: Sandbox, *attempts: str) -> list[str]:
    """Run attempts, each a `name: expression`; what the program prints, line by line."""
    lines = [f"attempt({a.split(': ')[0]!r}, lambda: {a.split(': ', 1)[1]})" for a in attempts]
    run = await sandbox.run("python", "\n".join([TRY, *lines]))
    assert run.status is RunStatus.OK, run
    return run.stdout.decode().splitlines()


async def test_the_keeper_can_be_neither_traced_nor_read(sandbox: Sandbox) -> None:
    answers = await attack(
        sandbox,
        "attach: call(libc.ptrace, 16, 1, 0, 0)",
        "seize: call(libc.ptrace, 0x4206, 1, 0, 0)",
        "environment: open('/proc/1/environ').read()",
        "memory: open('/proc/1/mem', 'r+b').read()",
        "descriptors: os.listdir('/proc/1/fd')",
        "root: os.listdir('/proc/1/root')",
    )

    assert [answer.split()[1] for answer in answers] == ["refused"] * 6


async def test_the_keeper_does_not_die_from_any_signal(sandbox: Sandbox) -> None:
    source = f"""{TRY}
for number in signal.valid_signals():
    os.kill(1, number)
print('still here')"""

    _, runs = await sandbox.execute("python", source, b"", b"")

    assert [(run.status, run.stdout) for run in runs] == [(RunStatus.OK, b"still here\n")] * 2


async def test_killing_everything_reaches_only_the_programs_own(sandbox: Sandbox) -> None:
    source = f"{TRY}\nos.fork() or signal.pause()\nos.kill(-1, signal.SIGKILL); print('still here')"

    _, runs = await sandbox.execute("python", source, b"", b"")

    assert [run.stdout for run in runs] == [b"still here\n"] * 2


async def test_the_keepers_cpu_time_cannot_be_taken_away(sandbox: Sandbox) -> None:
    """A keeper that starves could not end its program in time."""
    answers = await attack(
        sandbox,
        "idle: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
        "cores: os.sched_setaffinity(1, [0])",
        "nice: os.setpriority(os.PRIO_PROCESS, 1, 19)",
    )

    assert [answer.split(maxsplit=1)[1] for answer in answers] == ["refused EPERM"] * 3


async def test_a_program_has_no_privilege_and_gets_none(sandbox: Sandbox) -> None:
    answers = await attack(
        sandbox,
        f"users: call(libc.unshare, {CLONE_NEWUSER})",
        f"mounts: call(libc.unshare, {CLONE_NEWNS})",
        f"processes: call(libc.unshare, {CLONE_NEWPID})",
        f"network: call(libc.unshare, {CLONE_NEWNET})",
        "tmpfs: call(libc.mount, b'x', b'/tmp', b'tmpfs', 0, 0)",
        "remount: call(libc.mount, 0, b'/box', 0, 0x20 | 0x1000, 0)",
        "unmount: call(libc.umount2, b'/proc', 2)",
        "root: os.setuid(0)",
        "chroot: os.chroot('/tmp')",
        "hostname: socket.sethostname('mine')",
        "device: os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))",
        "kernel: open('/proc/sys/kernel/core_pattern', 'w')",
        "trigger: open('/proc/sysrq-trigger', 'w')",
    )

    assert [answer for answer in answers if "refused" not in answer] == []


async def test_a_program_has_no_capability_and_can_gain_none(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "print(open('/proc/self/status').read())")
    status = dict(
        line.split(":\t", 1) for line in run.stdout.decode().splitlines() if ":\t" in line
    )

    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split() == ["1000"] * 4


async def test_a_program_cannot_write_where_it_would_last(sandbox: Sandbox) -> None:
    answers = await attack(
        sandbox,
        *(f"{path}: open('{path}/x', 'w')" for path in ("/", "/box", "/usr", "/etc", "/dev")),
        "source: open('/box/main.py', 'w')",
        "keeper: open('/keeper', 'r+b')",
        "passwd: open('/etc/passwd', 'w')",
        "mode: os.chmod('/box/main.py', 0o777)",
        "remove: os.unlink('/box/main.py')",
    )

    assert [answer for answer in answers if "refused" not in answer] == []


async def test_the_hosts_files_are_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    paths = [
        "/etc/shadow",
        "/root",
        "/home",
        "/var",
        "/run",
        "/sys",
        str(secret),
        str(Path(__file__)),
    ]

    answers = await attack(sandbox, *(f"{path}: os.stat('{path}')" for path in paths))

    assert {answer.split(maxsplit=1)[1] for answer in answers} == {"refused ENOENT"}


async def test_the_users_of_the_host_are_not_there(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "print(open('/etc/passwd').read(), end='')")

    assert run.stdout == b"box:x:1000:1000::/tmp:/usr/sbin/nologin\n"


async def test_nothing_of_our_environment_is_there(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET", "x")  # what a real service has in its environment

    run = await sandbox.run("python", "import os; print(sorted(os.environ))")

    assert run.stdout == b"['HOME', 'LANG', 'PATH', 'TMPDIR']\n"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64")
async def test_the_keys_of_the_service_are_neither_seen_nor_lost(sandbox: Sandbox) -> None:
    """System calls by number: add_key is 248, keyctl 250; 10 searches, -3 is the session."""
    libc = ctypes.CDLL(None)
    if libc.syscall(248, b"user", b"service-key", b"x", 1, -3) < 0:
        pytest.skip("this host allows no keys")
    search = "call(libc.syscall, 250, 10, -3, b'user', b'service-key', 0)"

    answers = await attack(sandbox, f"key: {search}")

    assert answers == ["key refused EPERM"]
    assert libc.syscall(250, 10, -3, b"user", b"service-key", 0) > 0


async def test_nothing_but_the_standard_streams_is_open(sandbox: Sandbox) -> None:
    held = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(held, True)  # noqa: FBT003 - by position only
    source = "#include <stdio.h>\n#include <fcntl.h>\nint main(void) {"
    source += ' for (int fd = 0; fd < 256; fd++) if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd); }'

    run = await sandbox.run("c", source)
    os.close(held)

    assert run.stdout == b"0 1 2 "


@pytest.fixture
def listening_port() -> Iterator[int]:
    """Listen on the host's loopback; a connection would be answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_once, args=[server], daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _answer_once(server: socket.socket) -> None:
    try:
        connection, _ = server.accept()
    except OSError:
        return
    connection.close()


async def test_there_is_no_network(sandbox: Sandbox, listening_port: int) -> None:
    answers = await attack(
        sandbox,
        f"host: socket.create_connection(('127.0.0.1', {listening_port}), 1)",
        "unix: socket.socket(socket.AF_UNIX)",
        "netlink: socket.socket(socket.AF_NETLINK)",
        "datagrams: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "pair: [s.close() for s in socket.socketpair()]",
    )

    assert [answer.split()[1] for answer in answers] == ["refused"] * 4 + ["DONE"]


async def test_the_compiler_is_behind_the_same_walls(sandbox: Sandbox) -> None:
    for path in ("/etc/shadow", "/proc/1/environ", str(Path(__file__))):
        compiled = await sandbox.compile("c", f'#include "{path}"\nint main(void) {{}}')

        assert not compiled.is_ok
        assert "No such file or directory" in compiled.message
