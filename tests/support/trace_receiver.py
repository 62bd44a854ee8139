"""What takes traces as OpenTelemetry's collector does, by OTLP over HTTP, and keeps their spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import override

from tests.support.http_server import served


@dataclass(frozen=True, slots=True)
class SentSpan:
    """A span as it came; ids in hex, `parent_id` empty for the first of a trace."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    facts: dict[str, str | int]
    duration_ns: int


class TraceReceiver:
    """Has what came so far."""

    def __init__(self, url: str, spans: list[SentSpan]) -> None:
        self.url = url
        self._spans = spans

    def spans(self) -> list[SentSpan]:
        """Give all of them."""
        return list(self._spans)

    def trace(self, trace_id: str) -> list[SentSpan]:
        """Give the spans of one trace."""
        return [span for span in self.spans() if span.trace_id == trace_id]


@contextmanager
def receiving_traces() -> Iterator[TraceReceiver]:
    """Take traces while the block runs."""
    spans: list[SentSpan] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            spans.extend(_spans_of(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with served(Handler) as url:
        yield TraceReceiver(url, spans)


def _spans_of(body: bytes) -> list[SentSpan]:
    return [
        SentSpan(
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            service=next(
                each.value.string_value
                for each in of_resource.resource.attributes
                if each.key == "service.name"
            ),
            name=span.name,
            facts={
                each.key: each.value.string_value or each.value.int_value
                for each in span.attributes
            },
            duration_ns=span.end_time_unix_nano - span.start_time_unix_nano,
        )
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]
