"""The program from its fork to its exec, as in `keeper/program.c`."""

import os
import resource
import signal
from collections.abc import Sequence

from app.engines.sandbox.plain_keeper import kernel
from app.engines.sandbox.plain_keeper.files import BOX, SCRATCH
from app.engines.sandbox.plain_keeper.wire import SIZE, Command, Means

_NS_PER_S = 1_000_000_000
_MAX_OPEN_FILES = 256
_MAX_STACK_BYTES = 256 << 20
_UNSEEN_BYTES = 128 << 20
_OWN_PROCESSES = 1


class Program:
    """The program from its fork to its exec."""

    def __init__(self, command: Command, means: Means, streams: Sequence[int]) -> None:
        self._command = command
        self._means = means
        self._streams = streams

    def start(self) -> tuple[int, int, bytes]:
        """Start it: its pid, what it held before it was itself, why it could not be started."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._become(writing)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the service is told
                os.write(writing, SIZE.pack(0) + repr(error).encode()[:256])
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            report = file.read()
        (floor_bytes,) = SIZE.unpack(report[: SIZE.size].ljust(SIZE.size, b"\0"))
        return pid, floor_bytes, report[SIZE.size :]

    def _become(self, report: int) -> None:
        os.setsid()
        for place, stream in enumerate(self._streams):
            os.dup2(stream, place)
        os.umask(0o022)
        self._drop_privileges()
        for file in self._means.attach:
            os.write(file, b"0")
        os.chdir(BOX if self._command.is_box_writable else SCRATCH)
        self._set_rlimits()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        kernel.install_filter(self._means.system_calls)
        os.write(report, SIZE.pack(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))
        path, *_ = arguments = self._command.arguments
        try:
            os.execve(path, arguments, self._command.environment)
        except OSError as error:
            os.write(2, b"%s: %s\n" % (path, os.strerror(error.errno or 0).encode()))
            os._exit(127)

    def _drop_privileges(self) -> None:
        last = int(kernel.read("/proc/sys/kernel/cap_last_cap") or 63)
        for capability in range(last + 1):
            kernel.libc.prctl(kernel.CAPBSET_DROP, capability, 0, 0, 0)
        kernel.call(kernel.libc.prctl, kernel.CAP_AMBIENT, kernel.CLEAR_ALL, 0, 0, 0)
        kernel.set_capabilities(0)
        kernel.call(kernel.libc.prctl, kernel.SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def _set_rlimits(self) -> None:
        command = self._command
        _limit(resource.RLIMIT_CPU, -(-command.cpu_time_ns // _NS_PER_S) + 1)
        _limit(resource.RLIMIT_FSIZE, command.file_bytes)
        _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
        _limit(resource.RLIMIT_NPROC, command.processes + _OWN_PROCESSES)
        _limit(resource.RLIMIT_STACK, min(command.memory_bytes, _MAX_STACK_BYTES))
        _limit(resource.RLIMIT_CORE, 0)
        if self._means.is_memory_watched and not os.path.exists("/proc/self"):
            _limit(resource.RLIMIT_DATA, command.memory_bytes + _UNSEEN_BYTES)


def _limit(kind: int, value: int) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    resource.setrlimit(kind, (value, value))
