"""When something is wrong, by the figures alone."""

from dataclasses import replace

import pytest

from apps.operations.domain import (
    BackendFacts,
    Facts,
    QueueFacts,
    ServiceFacts,
    Severity,
    WorkerFacts,
    alarms_of,
)

BACKEND = BackendFacts(
    outbox_due=0,
    outbox_oldest_s=0.0,
    submissions_pending=0,
    submissions_running=0,
    beat_age_s=3.0,
    endpoints_disabled=0,
    disk_free_ratio=0.5,
)
QUEUE = QueueFacts(priority="contest", waiting=0, claimed=0, oldest_waiting_s=0.0)
WORKER = WorkerFacts(place="one", pid=4711, lanes=2, silent_s=3.0, is_silent=False)
SERVICE = ServiceFacts(
    checks={"database": "ok", "engine": "ok", "signature": "ok"},
    queues=(QUEUE,),
    undelivered=0,
    oldest_undelivered_s=0.0,
    failed_lately=0,
    recent=100,
    recent_faults=0,
    workers=(WORKER,),
    executions_waiting=0,
    disk_free_ratio=0.5,
)
FACTS = Facts(backend=BACKEND, service=SERVICE)


def raised(facts: Facts) -> dict[str, Severity]:
    return {alarm.name: alarm.severity for alarm in alarms_of(facts)}


def of_backend(**changes: object) -> Facts:
    return replace(FACTS, backend=replace(BACKEND, **changes))  # type: ignore[arg-type]


def of_service(**changes: object) -> Facts:
    return replace(FACTS, service=replace(SERVICE, **changes))  # type: ignore[arg-type]


def of_queue(**changes: object) -> Facts:
    return of_service(queues=(replace(QUEUE, **changes),))  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert alarms_of(FACTS) == []


@pytest.mark.parametrize(
    ("facts", "name", "severity"),
    [
        (of_backend(outbox_due=3, outbox_oldest_s=61.0), "outbox-stuck", "red"),
        (of_backend(beat_age_s=61.0), "beat-still", "red"),
        (of_backend(beat_age_s=None), "beat-still", "red"),
        (of_backend(disk_free_ratio=0.09), "backend-disk", "yellow"),
        (of_backend(disk_free_ratio=0.02), "backend-disk", "red"),
        (replace(FACTS, service=None, fault="ConnectError"), "service-away", "red"),
        (replace(FACTS, service=None, is_signature_refused=True), "secret-mismatch", "red"),
        (of_service(checks={"signature": "refused"}), "secret-mismatch", "red"),
        (of_service(checks={"engine": "no bwrap"}), "service-not-ready", "red"),
        (of_queue(waiting=2, oldest_waiting_s=61.0), "queue-stuck", "red"),
        (of_queue(waiting=2, claimed=1, oldest_waiting_s=121.0), "queue-long", "yellow"),
        (of_service(undelivered=1, oldest_undelivered_s=121.0), "deliveries-late", "yellow"),
        (of_service(checks={"deliveries": "disabled"}), "deliveries-disabled", "red"),
        (of_service(checks={"judge workers": "nobody"}), "service-not-ready", "red"),
        (of_service(workers=(replace(WORKER, is_silent=True),)), "worker-silent", "yellow"),
        (of_backend(endpoints_disabled=1), "endpoints-disabled", "yellow"),
        (of_service(failed_lately=1), "deliveries-failed", "yellow"),
        (of_service(recent_faults=5), "sandbox-faults", "yellow"),
        (of_service(disk_free_ratio=0.02), "service-disk", "red"),
    ],
)
def test_raises_just_the_alarm_that_fits(facts: Facts, name: str, severity: str) -> None:
    assert raised(facts) == {name: Severity(severity)}


@pytest.mark.parametrize(
    "facts",
    [
        of_backend(outbox_due=200, outbox_oldest_s=5.0),
        of_backend(beat_age_s=20.0),
        of_queue(waiting=500, oldest_waiting_s=20.0),
        of_queue(waiting=500, claimed=2, oldest_waiting_s=110.0),
        of_queue(priority="rejudge", waiting=500, claimed=2, oldest_waiting_s=3600.0),
        of_service(recent_faults=2),
        of_service(recent=200, recent_faults=4),
    ],
    ids=["a burst", "beat", "a burst waits", "judged", "a long rejudging", "a few", "of many"],
)
def test_raises_none_for_what_happens_every_day(facts: Facts) -> None:
    assert raised(facts) == {}


def test_the_worst_comes_first_and_each_says_what_to_do() -> None:
    facts = Facts(backend=replace(BACKEND, disk_free_ratio=0.05), service=None, fault="away")

    alarms = alarms_of(facts)

    assert [alarm.severity for alarm in alarms] == [Severity.RED, Severity.YELLOW]
    assert all(alarm.what and alarm.todo for alarm in alarms)
