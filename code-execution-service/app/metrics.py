"""What the service measures of itself, for Prometheus. Until it is turned on, calls do nothing.

All definitions are here; `docs/monitoring.md` says what each is good for. No label ever has a value
that users choose.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.registry import Collector

SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LONG_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Meters:
    """Every metric that is counted as things happen, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._histogram(
            "http_request_duration_seconds",
            "How long requests took to be answered.",
            SHORT_S,
            "method",
            "route",
            "status",
        )
        self.queue_wait = self._histogram(
            "execution_queue_wait_seconds",
            "How long submissions waited for a judge.",
            LONG_S,
            "priority",
        )
        self.box_wait = self._histogram(
            "execution_box_wait_seconds", "How long programs waited for a box.", SHORT_S
        )
        self.compiling = self._histogram(
            "execution_compile_seconds",
            "How long compilers ran; compiling the same again is not done, nor counted here.",
            SHORT_S,
            "language",
        )
        self.compile_cache = self._counter(
            "execution_compile_cache",
            "Programs to compile, by whether compiling the same had been done before.",
            "result",
        )
        self.running = self._histogram(
            "execution_run_seconds", "How long programs ran on one input.", SHORT_S, "language"
        )
        self.judging = self._histogram(
            "execution_judging_seconds",
            "How long submissions were judged, from the claim to the stored result.",
            LONG_S,
            "language",
        )
        self.judgements = self._counter(
            "execution_judgements", "Stored results.", "language", "verdict"
        )
        self.engine_faults = self._counter(
            "execution_engine_faults", "Programs that the engine failed to run."
        )
        self.lost_leases = self._counter(
            "execution_lost_leases",
            "Judgings whose result was dropped, as another worker had taken over.",
        )
        self.deliveries = self._histogram(
            "execution_delivery_seconds",
            "How long attempts to deliver an event to the backend took.",
            SHORT_S,
            "outcome",
        )
        self.tickets = self._counter(
            "execution_tickets",
            "Messages of the broker that a judge worker took.",
        )
        self.running_executions = self._gauge(
            "execution_executions_running", "Executions that this process runs."
        )
        self.lanes = self._gauge("execution_lanes", "Lanes for programs of participants.")
        self.busy_lanes = self._gauge("execution_lanes_busy", "Those of them that are in use.")

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)


class _Switch:
    """The meters of this process while they are on, and what reads its lanes."""

    meters: Meters | None = None
    lanes: Callable[[], tuple[int, int]] | None = None


def is_on() -> bool:
    """Tell whether anything is measured."""
    return _Switch.meters is not None


@contextmanager
def measured(*collectors: Collector) -> Iterator[CollectorRegistry]:
    """Measure while the block runs; `collectors` are asked beside what is counted here."""
    meters = _Switch.meters = Meters()
    for collector in collectors:
        meters.registry.register(collector)
    meters.lanes.set_function(lambda: _read_lanes()[0])
    meters.busy_lanes.set_function(lambda: _read_lanes()[1])
    try:
        yield meters.registry
    finally:
        _Switch.meters = None


def watch_lanes(read: Callable[[], tuple[int, int]]) -> None:
    """Have the lanes read whenever somebody asks: how many there are, how many are in use."""
    _Switch.lanes = read


def request_ended(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; `route` is the template of its path."""
    if _Switch.meters:
        _Switch.meters.requests.labels(method, route, str(status)).observe(seconds)


def job_claimed(*, priority: str, waited_s: float) -> None:
    """Count a submission that a judge has taken."""
    if _Switch.meters:
        _Switch.meters.queue_wait.labels(priority).observe(waited_s)


def box_entered(*, waited_s: float) -> None:
    """Count a program that has got a box."""
    if _Switch.meters:
        _Switch.meters.box_wait.observe(waited_s)


def compiled(*, language: str, wall_time_ms: int) -> None:
    """Count a program that was compiled."""
    if _Switch.meters:
        _Switch.meters.compile_cache.labels("miss").inc()
        _Switch.meters.compiling.labels(language).observe(wall_time_ms / 1000)


def found_compiled() -> None:
    """Count a program that did not have to be compiled again."""
    if _Switch.meters:
        _Switch.meters.compile_cache.labels("hit").inc()


def program_ran(*, language: str, wall_time_ms: int) -> None:
    """Count a run of a program on one input."""
    if _Switch.meters:
        _Switch.meters.running.labels(language).observe(wall_time_ms / 1000)


def judged(*, language: str, verdict: str, seconds: float) -> None:
    """Count a stored result."""
    if _Switch.meters:
        _Switch.meters.judging.labels(language).observe(seconds)
        _Switch.meters.judgements.labels(language, verdict).inc()


def engine_failed() -> None:
    """Count a program that the engine failed to run."""
    if _Switch.meters:
        _Switch.meters.engine_faults.inc()


def lease_lost() -> None:
    """Count a result that was dropped, as the submission had become another worker's."""
    if _Switch.meters:
        _Switch.meters.lost_leases.inc()


def delivery_ended(*, outcome: str, seconds: float) -> None:
    """Count an attempt to deliver an event: `delivered`, `refused` or `unreachable`."""
    if _Switch.meters:
        _Switch.meters.deliveries.labels(outcome).observe(seconds)


def ticket_taken() -> None:
    """Count a message of the broker that says that one more job waits."""
    if _Switch.meters:
        _Switch.meters.tickets.inc()


@contextmanager
def execution_running() -> Iterator[None]:
    """Count an execution as running while the block runs."""
    meters = _Switch.meters
    if meters is None:
        yield
        return
    with meters.running_executions.track_inprogress():
        yield


def _read_lanes() -> tuple[int, int]:
    return _Switch.lanes() if _Switch.lanes else (0, 0)
