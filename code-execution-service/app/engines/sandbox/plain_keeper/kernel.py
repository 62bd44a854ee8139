"""What Python's standard library has no function for; numbers are from the kernel's headers."""

import ctypes
import fcntl
import os
import struct
from collections.abc import Callable

NOSUID, NODEV, NOEXEC, READ_ONLY, REMOUNT, BIND = 2, 4, 8, 1, 32, 4096
CAP_SETPCAP, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 1 << 8, 1 << 19, 1 << 21
SET_DUMPABLE, SET_SECCOMP, CAPBSET_DROP, SET_NO_NEW_PRIVS = 4, 22, 24, 38
CAP_AMBIENT, CLEAR_ALL = 47, 4
FILTER_MODE = 2
NEW_MOUNTS, NEW_USER = 0x20000, 0x10000000
JOIN_SESSION_KEYRING, KCMP_VM = 1, 1
KEYCTL, KCMP = {"x86_64": (250, 312), "aarch64": (219, 272)}[os.uname().machine]
_CAPABILITY_VERSION = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def call(function: Callable[..., int], *arguments: object) -> None:
    """Call a function of the C library.

    Raises:
        OSError: it failed.
    """
    if function(*arguments) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(arguments))


def mount(what: str, where: str, flags: int, options: str = "") -> None:
    """Mount, or change a mount."""
    arguments = (what.encode(), where.encode(), what.encode())
    call(libc.mount, *arguments, ctypes.c_ulong(flags), options.encode())


def set_capabilities(kept: int) -> None:
    """Give up all others."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    call(libc.capset, header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def install_filter(program: bytes) -> None:
    """Let the process make no system calls but those that the filter allows."""
    code = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    call(libc.prctl, SET_SECCOMP, FILTER_MODE, filter_program, 0, 0)


def write(path: str, text: str) -> None:
    """Write to a file of /proc."""
    with open(path, "w") as file:
        file.write(text)


def read(path: str) -> bytes:
    """Read a file of /proc; nothing if it, or its process, is not there."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def memory_file(name: str, content: bytes) -> int:
    """Make a file that nobody can change any more."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
