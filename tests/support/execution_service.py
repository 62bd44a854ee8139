"""A stand-in for the execution service that speaks real HTTP and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.http_server import served

MICROSERVICE_ID_START = 1000
BATCH = "/api/v1/submissions/batch"
DELIVERIES = "/api/v1/deliveries/"
LANGUAGES = [
    {
        "id": "python",
        "name": "Python",
        "time_multiplier": 3.0,
        "memory_multiplier": 2.0,
        "compile_options": {},
    },
    {
        "id": "cpp",
        "name": "C++",
        "time_multiplier": 1.0,
        "memory_multiplier": 1.0,
        "compile_options": {
            "standard": ["-std=gnu++20", "-std=c++17"],
            "optimisation": ["", "-O3"],
        },
    },
]
OPERATIONS: dict[str, Any] = {
    "timestamp": "2026-01-01T00:00:00Z",
    "version": "0.0.1",
    "replica": "one",
    "checks": {"database": "ok", "engine": "ok", "signature": "ok"},
    "database": {
        "queues": [
            {"priority": "contest", "waiting": 0, "claimed": 0, "oldest_waiting_s": 0.0},
            {"priority": "practice", "waiting": 0, "claimed": 0, "oldest_waiting_s": 0.0},
            {"priority": "rejudge", "waiting": 0, "claimed": 0, "oldest_waiting_s": 0.0},
        ],
        "events": {"undelivered": 0, "oldest_undelivered_s": 0.0, "failed_lately": 0},
        "judgements": {"recent": 7, "recent_faults": 0},
        "workers": [
            {
                "place": "one",
                "pid": 4711,
                "lanes": 2,
                "version": "0.0.1",
                "silent_s": 3.0,
                "is_silent": False,
            }
        ],
    },
    "executions_waiting": 0,
    "disk": {"free_bytes": 50, "total_bytes": 100},
}


class FakeExecutionService:
    """Takes orders as the real one does; `answer_with` makes it fail."""

    def __init__(self) -> None:
        self.url = ""
        self.orders: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        """Those of each order: of the batch, but for its own key and its own id of a request."""
        self.bodies: list[bytes] = []
        """Those of the batches."""
        self.submissions: dict[int, dict[str, Any]] = {}
        self.failures: list[int] = []
        self.outages: list[int] = []
        self.examination: tuple[int, object] = (503, {"detail": "Still being examined."})
        self.operations: tuple[int, object] = (200, OPERATIONS)
        self.deliveries: dict[str, tuple[int, object]] = {}
        """What is answered below `/api/v1/deliveries/`, by method and path."""
        self.asked_about_deliveries: list[tuple[str, object]] = []
        self.languages: object = LANGUAGES
        self.questions_about_languages = 0
        self.ids_by_key: dict[str, int] = {}
        self.test_data: dict[str, bytes] = {}
        self.before_answer: Callable[[dict[str, Any], int], None] | None = None
        self._lock = threading.Lock()

    def answer_with(self, *statuses: int) -> None:
        """Answer the next orders with these statuses."""
        self.failures.extend(statuses)

    def answer_all_with(self, *statuses: int) -> None:
        """Answer the next batches with these statuses, and say nothing of their orders."""
        self.outages.extend(statuses)

    def forget_everything(self) -> None:
        """Lose the database; ids start again."""
        self.submissions.clear()
        self.ids_by_key.clear()

    def answer_about_deliveries(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """Give what a test has put there, and remember what was asked with which body."""
        self.asked_about_deliveries.append((f"{method} {path}", json.loads(body or b"null")))
        place = path.removeprefix(DELIVERIES).partition("?")[0]
        return self.deliveries.get(f"{method} {place}", (404, {"detail": "Event not found"}))

    def take_all(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a batch of orders."""
        with self._lock:
            self.bodies.append(body)
            if self.outages:
                return self.outages.pop(0), {"detail": "made to fail"}
            return 200, {
                "outcomes": [self._take(headers, order) for order in json.loads(body)["orders"]]
            }

    def _take(self, headers: dict[str, str], order: dict[str, Any]) -> dict[str, Any]:
        key = order.pop("idempotency_key")
        request_id = order.pop("request_id", None) or headers.get("x-request-id", "")
        self.headers.append({**headers, "idempotency-key": key, "x-request-id": request_id})
        if self.failures:
            error: dict[str, Any] = {"detail": "made to fail", "code": "made-to-fail"}
            return {"status": self.failures.pop(0), "error": error}
        missing = [each for each in _hashes_in(order) if each not in self.test_data]
        if missing:
            error = {"detail": "...", "code": "unknown_test_data", "missing": missing}
            return {"status": 422, "error": error}
        if key not in self.ids_by_key:
            self.orders.append(order)
            self.ids_by_key[key] = MICROSERVICE_ID_START + len(self.ids_by_key) + 1
            self.submissions[self.ids_by_key[key]] = {
                "id": self.ids_by_key[key],
                "reference": order["reference"],
                "user_id": order["user_id"],
                "status": "pending",
            }
        if self.before_answer is not None:
            self.before_answer(order, self.ids_by_key[key])
        return {"status": 201, "id": self.ids_by_key[key]}


@contextmanager
def fake_execution_service() -> Iterator[FakeExecutionService]:
    """Run a stand-in on a free port of this machine."""
    service = FakeExecutionService()
    with served(_handler_of(service)) as service.url:
        yield service


def _hashes_in(order: Any) -> list[str]:
    """Find what an order names by hash, however deep."""
    if isinstance(order, list):
        return [found for each in order for found in _hashes_in(each)]
    if not isinstance(order, dict):
        return []
    own = [value for name, value in order.items() if name.endswith("sha256")]
    return own + [found for each in order.values() for found in _hashes_in(each)]


def _handler_of(  # noqa: C901 - one short method for each verb
    service: FakeExecutionService,
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.startswith(DELIVERIES):
                self._answer(*service.answer_about_deliveries("POST", self.path, body))
                return
            if self.path != BATCH:
                self._answer(404, {"detail": "Not Found"})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(*service.take_all(headers, body))

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            service.test_data[self.path.rsplit("/", 1)[1]] = content
            self._answer(204, None)

        def do_GET(self) -> None:
            if self.path == "/health/":
                self._answer(
                    200,
                    {
                        "status": "healthy",
                        "timestamp": "2026-01-01T00:00:00Z",
                        "service": "Code Execution Service",
                        "version": "0.0.1",
                    },
                )
                return
            if self.path == "/api/v1/languages":
                service.questions_about_languages += 1
                self._answer(200 if service.languages else 503, service.languages)
                return
            if self.path == "/api/v1/operations":
                self._answer(service.operations[0], service.operations[1])
                return
            if self.path == "/api/v1/doctor":
                service.headers.append({n.lower(): v for n, v in self.headers.items()})
                self._answer(service.examination[0], service.examination[1])
                return
            if self.path.startswith(DELIVERIES):
                self._answer(*service.answer_about_deliveries("GET", self.path, b""))
                return
            found = service.submissions.get(int(self.path.rsplit("/", 1)[1]))
            self._answer(200 if found else 404, found or {"detail": "Submission not found"})

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def _answer(self, status: int, document: object) -> None:
            body = b"" if status == 204 else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
