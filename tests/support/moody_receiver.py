"""What stands before the backend's receiver of events, and answers some of them itself."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx

from tests.support.http_server import served
from tests.support.servers import TLS

EVENTS = "/api/webhooks/code-execution/"
PASSED_ON = ("content-type", "x-webhook-secret", "x-request-id", "user-agent")


class MoodyReceiver:
    """Answers events as it is told, and passes everything else on to `target`."""

    def __init__(self) -> None:
        self.url = ""
        self.target = ""
        self.moods: list[tuple[int, Mapping[str, str]]] = []
        """Statuses and headers of the next answers to events."""
        self.answered: list[tuple[str, int]] = []
        """The id of each event that came, and how it was answered; pings are left out."""
        self.answered_at_s: list[float] = []
        """When each of the moods was answered, by a clock that never goes back."""
        self._lock = threading.Lock()

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Answer a request with status, headers and body."""
        is_event = path == EVENTS and headers["webhook-id"].startswith("evt_")
        with self._lock:
            if is_event and self.moods:
                status, more = self.moods.pop(0)
                self.answered.append((headers["webhook-id"], status))
                self.answered_at_s.append(time.monotonic())
                return status, more, b""
        sent = {
            name: value
            for name, value in headers.items()
            if name in PASSED_ON or name.startswith("webhook-")
        }
        try:
            answer = httpx.request(
                method, self.target + path, content=body, headers=sent, verify=TLS
            )
        except httpx.TransportError:
            return 502, {}, b""
        if is_event:
            with self._lock:
                self.answered.append((headers["webhook-id"], answer.status_code))
        return answer.status_code, {"Content-Type": "application/json"}, answer.content


@contextmanager
def moody_receiver() -> Iterator[MoodyReceiver]:
    """Stand on a free port of this machine while the block runs."""
    receiver = MoodyReceiver()
    with served(_handler_of(receiver)) as receiver.url:
        yield receiver


def _handler_of(receiver: MoodyReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._pass("GET")

        def do_POST(self) -> None:
            self._pass("POST")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def _pass(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, content = receiver.answer(method, self.path, headers, body)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
