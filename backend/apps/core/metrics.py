"""Counting for Prometheus. Until it is on, calls do nothing, and its library is not loaded."""

from typing import TYPE_CHECKING, ClassVar, Optional

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from apps.core.meters import Meters


class _Switch:
    """The meters of this process while they are on."""

    meters: ClassVar[Optional["Meters"]] = None


def turn_on() -> "CollectorRegistry":
    """Measure from now on; give the registry of what this process counts.

    Where several processes count together, `PROMETHEUS_MULTIPROC_DIR` has to be set before.
    """
    # Imported late, as the library looks at that variable when it is imported.
    from apps.core.meters import Meters  # noqa: PLC0415

    _Switch.meters = Meters()
    return _Switch.meters.registry


def turn_off() -> None:
    """Measure nothing any more."""
    _Switch.meters = None


def request_ended(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; `route` is the template of its path."""
    if _Switch.meters:
        _Switch.meters.requests.labels(method, route, str(status)).observe(seconds)


def hand_over_ended(*, outcome: str, seconds: float) -> None:
    """Count a try to hand a submission over: `taken`, `refused` or `postponed`."""
    if _Switch.meters:
        _Switch.meters.hand_overs.labels(outcome).observe(seconds)


def result_applied(*, verdict: str | None) -> None:
    """Count a result that ended a judgement."""
    if _Switch.meters:
        _Switch.meters.results.labels(verdict or "none").inc()


def event_refused() -> None:
    """Count an event whose signature was not good."""
    if _Switch.meters:
        _Switch.meters.refused_events.inc()


def board_refreshed(*, seconds: float) -> None:
    """Count a board that was brought up to date."""
    if _Switch.meters:
        _Switch.meters.boards.observe(seconds)


def sign_in_failed(*, has_locked: bool) -> None:
    """Count a wrong name or password, and whether it locked the account."""
    if _Switch.meters:
        _Switch.meters.sign_in_failures.inc()
        if has_locked:
            _Switch.meters.lock_outs.inc()


def endpoint_delivery_ended(*, outcome: str) -> None:
    """Count an attempt to deliver an event to an outside team: `delivered` or `failed`."""
    if _Switch.meters:
        _Switch.meters.endpoint_deliveries.labels(outcome).inc()


def task_ended(*, task: str, state: str, seconds: float) -> None:
    """Count a task of Celery's."""
    if _Switch.meters:
        _Switch.meters.tasks.labels(task, state).observe(seconds)
