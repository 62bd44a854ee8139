"""One command from its start until nothing of it is left, as in `keeper/command.c`."""

import os
import select
import signal
import time

from app.engines.sandbox.plain_keeper import kernel
from app.engines.sandbox.plain_keeper.files import BOX, FEEDBACK, SCRATCH, result_file
from app.engines.sandbox.plain_keeper.heard import Heard
from app.engines.sandbox.plain_keeper.program import Program
from app.engines.sandbox.plain_keeper.streams import Stream
from app.engines.sandbox.plain_keeper.usage import Usage
from app.engines.sandbox.plain_keeper.wire import (
    ENDED,
    FAILURE,
    MEMORY_LIMIT,
    OUTPUT_LIMIT,
    RESULT,
    RESULT_REPLY,
    TIME_LIMIT,
    WALL_LIMIT,
    Command,
    Means,
    Service,
)

_NS_PER_MS = 1_000_000
_SAMPLE_INTERVAL_NS = 5 * _NS_PER_MS
_SHORTEST_PAUSE_NS = 1 * _NS_PER_MS
_WAKE_UP_BYTES = 4096


class Run:
    """A command that is run, watched and reported."""

    def __init__(self, service: Service, command: Command, means: Means) -> None:
        self._service = service
        self._command = command
        self._means = means
        self._usage = Usage(means, command.memory_bytes)
        self._streams = [Stream(command.output_bytes) for _ in range(2)]
        self._heard = Heard(service, self._streams)
        if means.streams:
            self._streams[0].redirect(means.streams.pop())
        self._pid = 0
        self._wait_status = 0
        self._started_ns = 0
        self._ended_ns = 0
        self._outcome = ENDED

    def finish(self) -> None:
        """Run it and tell the service how that went."""
        self._set_mounts()
        children, theirs = os.pipe()
        for end in (children, theirs):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        stdin = self._means.streams or [kernel.memory_file("stdin", self._command.stdin)]
        streams = (*stdin, *(stream.theirs for stream in self._streams))
        program = Program(self._command, self._means, streams)
        self._pid, self._usage.floor_bytes, failure = program.start()
        self._started_ns = time.monotonic_ns()
        for descriptor in streams:
            os.close(descriptor)
        self._watch(children)
        self._kill_and_reap_all()
        if failure:
            self._service.reply(FAILURE, failure)
        else:
            self._reply()

    def _set_mounts(self) -> None:
        flags = kernel.REMOUNT | kernel.NOSUID | kernel.NODEV
        size = f"size={self._command.file_bytes + self._means.input_bytes}"
        kernel.mount("none", SCRATCH, flags, size)
        if self._command.result_files:
            os.mkdir(FEEDBACK, 0o755)
        if not self._command.is_box_writable:
            kernel.mount("none", BOX, flags | kernel.BIND | kernel.READ_ONLY)

    def _watch(self, children: int) -> None:
        """Return when the program has ended or a limit is exceeded."""
        poller = select.poll()
        poller.register(children, select.POLLIN)
        poller.register(self._service, select.POLLIN)
        for stream in self._streams:
            poller.register(stream.pipe, select.POLLIN)
        next_sample_ns = time.monotonic_ns() + self._pause_ns()
        while not self._ended_ns and self._outcome == ENDED:
            rest_ns = max(0, min(next_sample_ns, self._heard.due_ns) - time.monotonic_ns())
            events = dict(poller.poll(rest_ns / _NS_PER_MS))
            if self._service.fileno() in events:
                self._service.expect_stop()
                break
            for number, stream in enumerate(self._streams):
                if stream.pipe in events and not self._drain(number):
                    poller.unregister(stream.pipe)
            self._heard.tell()
            if children in events:
                self._reap_the_dead(children)
            if time.monotonic_ns() >= next_sample_ns:
                self._usage.sample()
                next_sample_ns = time.monotonic_ns() + self._pause_ns()
            self._outcome = self._exceeded()
        self._ended_ns = self._ended_ns or time.monotonic_ns()

    def _drain(self, number: int) -> bool:
        is_open = self._streams[number].drain()
        if self._command.is_heard:
            self._heard.see(number)
        return is_open

    def _pause_ns(self) -> int:
        if self._means.is_memory_watched:
            return _SAMPLE_INTERVAL_NS
        cpu_rest_ns = self._command.cpu_time_ns - self._usage.cpu_time_ns
        wall_rest_ns = self._command.wall_time_ns - self._wall_time_ns()
        pause_ns = min(cpu_rest_ns // (os.cpu_count() or 1), wall_rest_ns)
        return max(pause_ns, _SHORTEST_PAUSE_NS)

    def _exceeded(self) -> int:
        command, usage = self._command, self._usage
        if any(stream.is_over for stream in self._streams):
            return OUTPUT_LIMIT
        if self._means.is_memory_watched and usage.memory_bytes > command.memory_bytes:
            return MEMORY_LIMIT
        if usage.cpu_time_ns > command.cpu_time_ns:
            return TIME_LIMIT
        if self._wall_time_ns() > command.wall_time_ns:
            return WALL_LIMIT
        return ENDED

    def _wall_time_ns(self) -> int:
        return max(0, (self._ended_ns or time.monotonic_ns()) - self._started_ns)

    def _reap_one(self, options: int) -> bool:
        try:
            pid, wait_status, usage = os.wait4(-1, options)
        except ChildProcessError:
            return False
        if pid == 0:
            return False
        self._usage.add_reaped(usage)
        if pid == self._pid:
            self._wait_status = wait_status
            self._ended_ns = self._ended_ns or time.monotonic_ns()
        return True

    def _reap_the_dead(self, children: int) -> None:
        os.read(children, _WAKE_UP_BYTES)
        while self._reap_one(os.WNOHANG):
            pass

    def _kill_and_reap_all(self) -> None:
        is_anybody_left = True
        while is_anybody_left:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                return
            is_anybody_left = self._reap_one(0)

    def _reply(self) -> None:
        for number in range(2):
            self._drain(number)
        self._heard.finish()
        usage, status = self._usage, self._wait_status
        usage.conclude()
        if self._outcome == ENDED:
            self._outcome = self._exceeded()
        files = b"".join(
            result_file(name, self._command.result_file_bytes)
            for name in self._command.result_files
        )
        stdout, stderr = (bytes(stream.data) for stream in self._streams)
        header = RESULT.pack(
            self._outcome,
            os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
            os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            0,
            usage.cpu_time_ns,
            self._wall_time_ns(),
            usage.memory_bytes,
            len(stdout),
            len(stderr),
            len(files),
        )
        self._service.reply(RESULT_REPLY, header, stdout + stderr + files)
