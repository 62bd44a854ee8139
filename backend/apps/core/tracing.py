"""Traces for OpenTelemetry. Until they are turned on, calls do nothing, and its SDK is not loaded.

What a span says is an id, a count, or comes from a closed set: no program, no secret, and of a path
the template. `docs/monitoring.md` says which spans there are.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, ClassVar, Optional

from django.core.exceptions import ImproperlyConfigured

from logbook.context import request_id

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, Tracer

HEADER = "traceparent"
Fact = str | int | None

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NOTHING: AbstractContextManager[None] = nullcontext()


class _Switch:
    """What makes the spans of this process while they are on."""

    tracer: ClassVar[Optional["Tracer"]] = None


def turn_on_if_asked(service: str) -> None:
    """Send traces from now on if OpenTelemetry's variables name an address to send them to.

    Raises:
        ImproperlyConfigured: The packages that it takes are not installed.
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
        raise ImproperlyConfigured(
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
    _Switch.tracer = provider.get_tracer("backend")


def is_on() -> bool:
    """Tell whether there are traces."""
    return _Switch.tracer is not None


def traceparent() -> str | None:
    """Give where what is done here belongs in a trace, in the form of the W3C's header."""
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


def request(*, method: str, told: str | None) -> AbstractContextManager[None]:
    """Trace a request while the block runs; `told` is the header that it came with."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    facts: dict[str, Fact] = {"http.request.method": method}
    return _span(_Switch.tracer, method, SpanKind.SERVER, _context_of(told), facts)


def request_answered(*, status: int) -> None:
    """Have the span of a request say how it was answered."""
    if _Switch.tracer is None:
        return
    from opentelemetry.trace import StatusCode, get_current_span  # noqa: PLC0415

    span = get_current_span()
    span.set_attribute("http.response.status_code", status)
    if status >= 500:  # noqa: PLR2004 - our fault, in HTTP's terms
        span.set_status(StatusCode.ERROR)


def request_routed(*, method: str, route: str) -> None:
    """Name the span of a request by the template of its path."""
    if _Switch.tracer is None:
        return
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    span = get_current_span()
    span.update_name(f"{method} {route}")
    span.set_attribute("http.route", route)


def task(*, name: str, told: str | None) -> AbstractContextManager[None]:
    """Trace a task while the block runs; `told` is what it was sent with."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    return _span(_Switch.tracer, name, SpanKind.CONSUMER, _context_of(told), {})


def handing_over(*, submission_ids: Sequence[int]) -> AbstractContextManager[None]:
    """Trace a try to hand submissions over while the block runs."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    one = submission_ids[0] if len(submission_ids) == 1 else None
    facts: dict[str, Fact] = {"submissions": len(submission_ids), "submission_id": one}
    return _span(_Switch.tracer, "hand over", SpanKind.CLIENT, None, facts)


def applying() -> AbstractContextManager[None]:
    """Trace how a result is applied while the block runs."""
    if _Switch.tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    return _span(_Switch.tracer, "apply result", SpanKind.INTERNAL, None, {})


def _context_of(told: str | None) -> "Context":
    """Give the place in a trace that another process has told, or none."""
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    carrier = {HEADER: told} if told else {}
    return TraceContextTextMapPropagator().extract(carrier, context=Context())


@contextmanager
def _span(
    tracer: "Tracer",
    name: str,
    kind: "SpanKind",
    context: Optional["Context"],
    facts: Mapping[str, Fact],
) -> Iterator[None]:
    """Make a span; without a context it is a child of that in which this is called."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    with tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=_known({"request_id": request_id(), **facts}),
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
