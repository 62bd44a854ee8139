"""A box for one command, as in `keeper/main.c` and `keeper/box.c`."""

import os
import signal
import sys
from collections.abc import Sequence

from app.engines.sandbox.plain_keeper import kernel
from app.engines.sandbox.plain_keeper.files import (
    BOX,
    SCRATCH,
    mount_folders,
    pack,
    put_file,
    unpack,
)
from app.engines.sandbox.plain_keeper.run import Run
from app.engines.sandbox.plain_keeper.wire import (
    ARCHIVE,
    CONNECT,
    DONE,
    PACK,
    PUT_FILE,
    PUT_INPUT,
    RUN,
    STOP,
    UNPACK,
    Command,
    Means,
    Service,
)


def main() -> None:
    """Serve until the service closes its end."""
    control, box_bytes, is_memory_watched, cpu_usage, *attach = map(int, sys.argv[1:])
    for descriptor in (control, cpu_usage, *attach):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - by position only
    means = Means(
        is_memory_watched=bool(is_memory_watched),
        cpu_usage=cpu_usage,
        attach=attach,
        system_calls=kernel.read("/filter"),
    )
    _make_box(box_bytes)
    service = Service(control)
    for kind, length, descriptors in service.requests():
        if kind == RUN:
            Run(service, Command(service, length), means).finish()
        elif kind == PACK:
            _reply_archive(service)
        elif kind != STOP:  # which comes too late: the command has ended
            _take(kind, service.receive(length), descriptors, means)
            service.reply(DONE)


def _take(kind: int, payload: bytes, descriptors: Sequence[int], means: Means) -> None:
    if kind == PUT_FILE:
        put_file(BOX, payload)
    elif kind == UNPACK:
        unpack(*descriptors)
    elif kind == PUT_INPUT:
        means.input_bytes += put_file(SCRATCH, payload)
    elif kind == CONNECT:
        means.streams = list(descriptors)
    else:
        raise ValueError(f"an unknown request: {kind}")


def _reply_archive(service: Service) -> None:
    packed = pack()
    archive = [] if packed is None else [kernel.memory_file("archive", packed)]
    service.reply_descriptors(ARCHIVE, archive)


def _make_box(box_bytes: int) -> None:
    """Do in the walls what bubblewrap has no option for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.libc.syscall(kernel.KEYCTL, kernel.JOIN_SESSION_KEYRING, None)
    if os.path.exists("/proc/self"):
        kernel.write("/proc/self/oom_score_adj", "1000")
        flags = kernel.NOSUID | kernel.NODEV | kernel.NOEXEC
        kernel.mount("proc", "/proc", flags, "hidepid=2")
        _enter_user_namespace()
    mount_folders(box_bytes)
    kernel.set_capabilities(kernel.CAP_SYS_ADMIN | kernel.CAP_SETPCAP | kernel.CAP_SYS_PTRACE)
    kernel.call(kernel.libc.prctl, kernel.SET_DUMPABLE, 0, 0, 0, 0)


def _enter_user_namespace() -> None:
    """Enter one of our own: there we may forbid such below us."""
    user = os.getuid()
    kernel.call(kernel.libc.unshare, kernel.NEW_USER | kernel.NEW_MOUNTS)
    kernel.write("/proc/self/setgroups", "deny")
    for kind in ("uid", "gid"):
        kernel.write(f"/proc/self/{kind}_map", f"{user} {user} 1")
    kernel.write("/proc/sys/user/max_user_namespaces", "0")
