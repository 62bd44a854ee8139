"""A stand-in for onlinecompiler.io: real HTTP, the documented forms, faults on request.

It runs Python programs for real, without walls, so hand it only programs of the tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.http_server import served

API_KEY = "a-key-of-alice"
PEAK_KIB = "9216"
"""For every run: what the kernel tells of a child includes the test process that started it."""


class Form(StrEnum):
    """How the provider answers."""

    SYNC = "sync"
    """The result at once, as /api/run-code-sync/ does."""
    ACCEPTED = "accepted"
    """202 with a queue id, then a callback, as /api/run-code/ does."""
    OK = "ok"
    """A plain `Ok`, then a callback with the fields of old, as /api/v2/run-code/ did."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What to answer in place of a result."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    until: threading.Event | None = None
    """The answer waits for it."""
    is_dropped: bool = False


class FakeProvider:
    """Runs what it is asked to; `faults` come first, one per request, then `lasting_fault`."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.lasting_fault: Fault | None = None
        self.call_back: Callable[[bytes], object] = lambda content: None
        self._lock = threading.Lock()

    def take(self, key: str | None, content: bytes) -> Fault:
        """Answer a request; its callback, if it has one, is under way then."""
        if key != API_KEY:
            return Fault(status=401, body=b'{"error": "Unauthorized"}')
        body = json.loads(content)
        with self._lock:
            self.bodies.append(body)
            fault = self.faults.pop(0) if self.faults else self.lasting_fault
        if fault is not None:
            return fault
        result = run_python(body["code"], body["input"])
        if self.form is Form.SYNC:
            return Fault(body=json.dumps(result).encode())
        if self.form is Form.OK:
            result = in_old_words(result)
        callback = json.dumps(result | {"extra_params": body["extra_params"]}).encode()
        threading.Thread(target=self.call_back, args=(callback,)).start()
        if self.form is Form.OK:
            return Fault(body=b"Ok")
        return Fault(status=202, body=b'{"status": "queued", "queue_id": "5f0c"}')


def run_python(code: str, data: str) -> dict[str, Any]:
    """Run a program and tell of it in the provider's words and units."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "main.py")
        source.write_text(code, encoding="utf-8")
        stdin, stdout, stderr = (Path(folder, name) for name in ("stdin", "stdout", "stderr"))
        stdin.write_text(data, encoding="utf-8")
        started_s = time.monotonic()
        with stdin.open() as reader, stdout.open("wb") as out, stderr.open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", source], stdin=reader, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return {
            "output": stdout.read_bytes().decode(errors="replace"),
            "error": stderr.read_bytes().decode(errors="replace"),
            "status": "error" if process.returncode else "success",
            "exit_code": process.returncode if process.returncode >= 0 else None,
            "signal": -process.returncode if process.returncode < 0 else None,
            "time": f"{usage.ru_utime + usage.ru_stime:.4f}",
            "total": f"{time.monotonic() - started_s:.4f}",
            "memory": PEAK_KIB,
        }


def in_old_words(result: dict[str, Any]) -> dict[str, Any]:
    """Tell it as the interface at /api/v2/ did: without exit code and signal."""
    old = {key: result[key] for key in ("output", "error", "status", "memory")}
    return old | {"cpu": result["time"]}


@contextmanager
def fake_provider(form: Form = Form.SYNC) -> Iterator[FakeProvider]:
    """Run a stand-in on a free port of this machine."""
    provider = FakeProvider(form)
    with served(_handler_of(provider)) as url:
        provider.url = f"{url}/api/run-code-sync/"
        yield provider


def _handler_of(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            fault = provider.take(self.headers.get("Authorization"), content)
            time.sleep(fault.delay_s)
            if fault.until is not None:
                fault.until.wait()
            if fault.is_dropped:
                self.close_connection = True
                return
            try:
                self.send_response(fault.status)
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(fault.body)))
                self.end_headers()
                self.wfile.write(fault.body)
            except OSError:
                self.close_connection = True  # the caller did not wait to the end

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
