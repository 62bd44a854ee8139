"""What the kernel refuses, beyond what missing privileges refuse anyway."""

import platform

import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.asyncio,
    pytest.mark.timeout(300),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64"),
]

PROGRAM = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {{
    errno = 0;
    long answer = syscall({call});
    printf("%ld %d\\n", answer, errno);
}}
"""
EPERM, ENOSYS, EBADF = 1, 38, 9
REFUSED = {
    "socket, AF_INET": "41, 2, 1, 0",
    "socket, AF_UNIX": "41, 1, 1, 0",
    "socketpair, AF_INET": "53, 2, 1, 0, 0",
    "clone, CLONE_NEWUSER": "56, 0x10000000 | 17, 0, 0, 0, 0",
    "ptrace": "101, 0, 0, 0, 0",
    "personality, READ_IMPLIES_EXEC": "135, 0x0400000",
    "mount": "165, 0, 0, 0, 0, 0",
    "fcntl, F_SETPIPE_SZ": "72, 0, 1031, 1 << 20",
    "shmget": "29, 0, 4096, 0600",
    "mq_open": '240, "/queue", 0100 | 2, 0600, 0',
    "keyctl": "250, 0, 0, 0, 0, 0",
    "inotify_init1": "294, 0",
    "process_vm_readv": "310, 1, 0, 0, 0, 0, 0",
    "kcmp": "312, 1, 1, 0, 0, 0",
    "memfd_create": '319, "x", 0',
    "bpf": "321, 0, 0, 0",
    "userfaultfd": "323, 0",
    "io_uring_setup": "425, 1, 0",
    "pidfd_getfd": "438, 0, 0, 0",
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
async def test_a_call_that_programs_do_not_need_is_refused(sandbox: Sandbox, call: str) -> None:
    run = await sandbox.run("c", PROGRAM.format(call=call))

    assert run.stdout == f"-1 {EPERM}\n".encode()


@pytest.mark.parametrize("call", ["435, 0, 0", "462, 0, 0, 0", "0x40000000 + 39"])
async def test_a_call_that_a_library_can_do_without_does_not_exist(
    sandbox: Sandbox, call: str
) -> None:
    run = await sandbox.run("c", PROGRAM.format(call=call))

    assert run.stdout == f"-1 {ENOSYS}\n".encode()


async def test_what_is_allowed_reaches_the_kernel(sandbox: Sandbox) -> None:
    close_nothing = await sandbox.run("c", PROGRAM.format(call="3, 99"))
    status_flags = await sandbox.run("c", PROGRAM.format(call="72, 99, 3, 0"))

    assert close_nothing.stdout == status_flags.stdout == f"-1 {EBADF}\n".encode()


async def test_a_call_by_the_32_bit_entry_ends_the_program(sandbox: Sandbox) -> None:
    source = 'int main(void) { __asm__ volatile("int $0x80" : : "a"(20)); return 0; }'

    run = await sandbox.run("c", source)

    assert (run.status, run.signal) == (RunStatus.SIGNALED, 31)
