"""Traces for OpenTelemetry. Until they are turned on, calls do nothing, and its SDK is not loaded.

What a span says is an id, a count, or comes from a closed set: no program, no secret, and of a path
the template. `docs/monitoring.md` says which spans there are.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Optional

if TYPE_CHECKING:
    from opentelemetry.trace import SpanKind, Tracer

HEADER = "traceparent"
Fact = str | int | None

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: AbstractContextManager[None] = nullcontext()


class TracingError(Exception):
    """Traces are asked for and can't be had; the text says what to do."""


class _Switch:
    """What makes the spans of this process while they are on."""

    tracer: ClassVar[Optional["Tracer"]] = None


def turn_on_if_asked(service: str) -> None:
    """Send traces from now on if OpenTelemetry's variables name an address to send them to.

    Raises:
        TracingError: the packages that it takes are not installed.
    """
    if (
        not any(os.environ.get(name) for name in _ENDPOINTS)
        or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    ):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TracingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but OpenTelemetry's SDK is not installed:"
            " install requirements-otel.txt, or unset the variable"
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME") or service
    # Not the global one: libraries that look for it would tell more than is said here.
    # Without a last sending: a collector that hangs must not hold up who is told to stop.
    provider = TracerProvider(
        resource=Resource.create({"service.name": name}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _Switch.tracer = provider.get_tracer("app")


def is_on() -> bool:
    """Tell whether there are traces."""
    return _Switch.tracer is not None


def traceparent() -> str | None:
    """Return where what this task does belongs in a trace, in the form of the W3C's header."""
    if _Switch.tracer is None:
        return None
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span  # noqa: PLC0415

    place = get_current_span().get_span_context()
    if not place.is_valid:
        return None
    ids = f"{format_trace_id(place.trace_id)}-{format_span_id(place.span_id)}"
    return f"00-{ids}-{int(place.trace_flags):02x}"


def note(**facts: Fact) -> None:
    """Have the span in which this is called say so."""
    if _Switch.tracer is None:
        return
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    get_current_span().set_attributes(_known(facts))


def request(
    *, method: str, told: str | None, request_id: str | None
) -> AbstractContextManager[None]:
    """Trace a request while the block runs; `told` is the header that it came with."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    facts: dict[str, Fact] = {"http.request.method": method, "request_id": request_id}
    return _span(_Switch.tracer, method, SpanKind.SERVER, told, facts)


def request_answered(*, method: str, route: str, status: int) -> None:
    """Name the span of a request by the template of its path."""
    if _Switch.tracer is None:
        return
    from opentelemetry.trace import StatusCode, get_current_span  # noqa: PLC0415

    span = get_current_span()
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:  # noqa: PLR2004  # our fault, in HTTP's terms
        span.set_status(StatusCode.ERROR)


def judging(
    *,
    told: str | None,
    request_id: str | None,
    submission_id: int,
    language: str,
    attempt: int,
    queued_at: datetime,
    claimed_at: datetime,
) -> AbstractContextManager[None]:
    """Trace a judging while the block runs; the first one begins with the wait for a judge."""
    if _Switch.tracer is None:
        return _NOTHING
    return _judging(
        _Switch.tracer,
        told,
        {
            "request_id": request_id,
            "submission_id": submission_id,
            "language": language,
            "attempt": attempt,
        },
        queued_at if attempt == 1 else None,
        claimed_at,
    )


def delivering(
    *, told: str | None, request_id: str | None, webhook_id: str, attempt: int
) -> AbstractContextManager[None]:
    """Trace an attempt to deliver an event while the block runs."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    facts: dict[str, Fact] = {
        "request_id": request_id,
        "webhook_id": webhook_id,
        "attempt": attempt,
    }
    return _span(_Switch.tracer, "deliver", SpanKind.CLIENT, told, facts)


def program_compiled(*, language: str, wall_time_ms: int) -> None:
    """Tell of a compilation that has just ended."""
    if _Switch.tracer is not None:
        _add_past(_Switch.tracer, "compile", wall_time_ms, language)


def program_ran(*, language: str, wall_time_ms: int) -> None:
    """Tell of a run of a program on one input that has just ended."""
    if _Switch.tracer is not None:
        _add_past(_Switch.tracer, "run", wall_time_ms, language)


def _add_past(tracer: "Tracer", name: str, wall_time_ms: int, language: str) -> None:
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    if not get_current_span().get_span_context().is_valid:
        return  # nobody's: a language's own check
    now_ns = time.time_ns()
    started_ns = now_ns - wall_time_ms * 1_000_000
    tracer.start_span(name, start_time=started_ns, attributes={"language": language}).end(now_ns)


@contextmanager
def _judging(
    tracer: "Tracer",
    told: str | None,
    facts: Mapping[str, Fact],
    waiting_since: datetime | None,
    claimed_at: datetime,
) -> Iterator[None]:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    with _span(
        tracer, "judge", SpanKind.CONSUMER, told, facts, started_at=waiting_since or claimed_at
    ):
        if waiting_since:
            tracer.start_span("wait", start_time=_ns(waiting_since)).end(_ns(claimed_at))
        yield


@contextmanager
def _span(
    tracer: "Tracer",
    name: str,
    kind: "SpanKind",
    told: str | None,
    facts: Mapping[str, Fact],
    *,
    started_at: datetime | None = None,
) -> Iterator[None]:
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace import StatusCode  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    carrier = {HEADER: told} if told else {}
    with tracer.start_as_current_span(
        name,
        context=TraceContextTextMapPropagator().extract(carrier, context=Context()),
        kind=kind,
        attributes=_known(facts),
        start_time=_ns(started_at) if started_at else None,
        # The text of an exception may say what nobody outside is to see.
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise


def _known(facts: Mapping[str, Fact]) -> dict[str, str | int]:
    return {name: value for name, value in facts.items() if value is not None}


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
