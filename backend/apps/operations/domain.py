"""When something is wrong: pure rules over figures."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A submission that nobody else needs a judge for is claimed at once, and a sweep comes each second.
STUCK_AFTER_S = 60.0
LONG_AFTER_S = 120.0
# Beat looks after due rows every two seconds.
OUTBOX_OLD_AFTER_S = 60.0
UNDELIVERED_OLD_AFTER_S = 120.0
BEAT_INTERVAL_S = 15.0
BEAT_STILL_AFTER_S = 60.0
DISK_LOW_RATIO = 0.10
DISK_FULL_RATIO = 0.03
# So few faults may be one broken problem.
FAULTS_MIN = 3
FAULTS_RATIO = 0.05
NAMED_MAX = 5
CHECK_OK = "ok"
DELIVERIES_PAGE = "admin:code_execution_delivery_changelist"
_CHECKS_WITH_ALARMS = frozenset({"signature", "deliveries"})


class Severity(StrEnum):
    """How much it matters."""

    RED = "red"
    YELLOW = "yellow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something is wrong: what, what to do, and the admin's page that says more, if any."""

    name: str
    severity: Severity
    what: str
    todo: str
    page: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFacts:
    """What this service's own tables and disk say.

    `outbox_oldest_s` is for how long the judgement that is due longest has been; `beat_age_s` is
    `None` where Celery's beat has never ticked; `endpoints_disabled` are those of other teams that
    were switched off for their failures within a day.
    """

    outbox_due: int
    outbox_oldest_s: float
    submissions_pending: int
    submissions_running: int
    beat_age_s: float | None
    endpoints_disabled: int
    disk_free_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """The submissions of one priority that the execution service has not judged yet."""

    priority: str
    waiting: int
    claimed: int
    oldest_waiting_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """A process that judges, or did until it fell silent within the last hour."""

    place: str
    pid: int
    lanes: int
    silent_s: float
    is_silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What the execution service says of itself."""

    checks: Mapping[str, str]
    queues: tuple[QueueFacts, ...]
    undelivered: int
    oldest_undelivered_s: float
    failed_lately: int
    recent: int
    recent_faults: int
    workers: tuple[WorkerFacts, ...]
    executions_waiting: int | None
    disk_free_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All figures; without those of the execution service `fault` says why."""

    backend: BackendFacts
    service: ServiceFacts | None
    fault: str = ""
    is_signature_refused: bool = False


def alarms_of(facts: Facts) -> list[Alarm]:
    """Give what is wrong, the worst first."""
    found = [alarm for rule in _RULES for alarm in rule(facts)]
    if facts.service is not None:
        found += [alarm for service_rule in _SERVICE_RULES for alarm in service_rule(facts.service)]
    return sorted(found, key=lambda alarm: alarm.severity is not Severity.RED)


def _no_service(facts: Facts) -> Iterator[Alarm]:
    if facts.is_signature_refused:
        yield _secret_mismatch("The execution service refuses this service's signature.")
    elif facts.service is None:
        yield Alarm(
            name="service-away",
            severity=Severity.RED,
            what=f"The execution service does not answer: {facts.fault}",
            todo="Start it, or look into its logs. Submissions are kept, and judged when it is"
            " back.",
            page="admin:code_execution_executionservice_changelist",
        )


def _outbox(facts: Facts) -> Iterator[Alarm]:
    if facts.backend.outbox_oldest_s > OUTBOX_OLD_AFTER_S:
        yield Alarm(
            name="outbox-stuck",
            severity=Severity.RED,
            what=f"{facts.backend.outbox_due} submissions have to be handed over or asked about;"
            f" one for {_minutes(facts.backend.outbox_oldest_s)}.",
            todo="See whether Celery's worker runs and reaches its broker, and whether the"
            " execution service takes submissions. Nothing is lost.",
            page="admin:code_execution_judgement_changelist",
        )


def _beat(facts: Facts) -> Iterator[Alarm]:
    age_s = facts.backend.beat_age_s
    if age_s is None or age_s > BEAT_STILL_AFTER_S:
        last = "never" if age_s is None else f"last {_minutes(age_s)} ago"
        yield Alarm(
            name="beat-still",
            severity=Severity.RED,
            what=f"Celery's beat does not tick, or no worker does its tasks: {last}.",
            todo="Start beat and a worker, and see whether they reach the broker"
            " (CELERY_BROKER_URL).",
        )


def _endpoints(facts: Facts) -> Iterator[Alarm]:
    if facts.backend.endpoints_disabled:
        yield Alarm(
            name="endpoints-disabled",
            severity=Severity.YELLOW,
            what=f"{facts.backend.endpoints_disabled} endpoints of other teams were switched off"
            " within a day: nothing but failures for days.",
            todo="Tell their owners, who can enable them again.",
            page="admin:endpoints_endpoint_changelist",
        )


def _backend_disk(facts: Facts) -> Iterator[Alarm]:
    yield from _disk("backend-disk", "the backend's", facts.backend.disk_free_ratio)


def _signature(service: ServiceFacts) -> Iterator[Alarm]:
    if service.checks.get("signature", CHECK_OK) != CHECK_OK:
        yield _secret_mismatch("The backend refuses the execution service's signature.")


def _not_ready(service: ServiceFacts) -> Iterator[Alarm]:
    missing = [
        f"{name}: {outcome}"
        for name, outcome in service.checks.items()
        if outcome != CHECK_OK and name not in _CHECKS_WITH_ALARMS
    ]
    if missing:
        yield Alarm(
            name="service-not-ready",
            severity=Severity.RED,
            what=f"The execution service is not ready: {'; '.join(missing)}",
            todo="Run ./manage-code-execution.sh doctor on its host.",
            page="admin:code_execution_executionservice_changelist",
        )


def _queue(service: ServiceFacts) -> Iterator[Alarm]:
    waiting = sum(queue.waiting for queue in service.queues)
    claimed = sum(queue.claimed for queue in service.queues)
    oldest_s = max((queue.oldest_waiting_s for queue in service.queues), default=0.0)
    fresh_s = max(
        (queue.oldest_waiting_s for queue in service.queues if queue.priority != "rejudge"),
        default=0.0,
    )
    if oldest_s > STUCK_AFTER_S and not claimed:
        yield Alarm(
            name="queue-stuck",
            severity=Severity.RED,
            what=f"{waiting} submissions wait, one for {_minutes(oldest_s)}, and nobody judges.",
            todo="Start a judge worker (./manage-code-execution.sh worker), and look into the logs"
            " of those that run.",
        )
    elif fresh_s > LONG_AFTER_S:
        yield Alarm(
            name="queue-long",
            severity=Severity.YELLOW,
            what=f"{waiting} submissions wait, one for {_minutes(fresh_s)}; {claimed} are judged.",
            todo="Start more judge workers, on more machines if need be.",
        )


def _workers(service: ServiceFacts) -> Iterator[Alarm]:
    silent = [worker for worker in service.workers if worker.is_silent]
    if silent:
        names = ", ".join(
            f"{each.place} ({_minutes(each.silent_s)})" for each in silent[:NAMED_MAX]
        )
        yield Alarm(
            name="worker-silent",
            severity=Severity.YELLOW,
            what=f"{len(silent)} of {len(service.workers)} judge workers are silent: {names}",
            todo="See whether they run. What they judged has been taken over by others.",
        )


def _deliveries(service: ServiceFacts) -> Iterator[Alarm]:
    if service.checks.get("deliveries", CHECK_OK) != CHECK_OK:
        yield Alarm(
            name="deliveries-disabled",
            severity=Severity.RED,
            what=f"The execution service delivers no results: {service.checks['deliveries']}",
            todo="Mend what failed, then enable deliveries. All results are kept.",
            page=DELIVERIES_PAGE,
        )
    if service.oldest_undelivered_s > UNDELIVERED_OLD_AFTER_S:
        yield Alarm(
            name="deliveries-late",
            severity=Severity.YELLOW,
            what=f"{service.undelivered} results could not be delivered to the backend, one for"
            f" {_minutes(service.oldest_undelivered_s)}.",
            todo="See whether the execution service reaches the backend (BACKEND_SERVICE_URL)."
            " Results are asked for meanwhile.",
            page=DELIVERIES_PAGE,
        )
    if service.failed_lately:
        yield Alarm(
            name="deliveries-failed",
            severity=Severity.YELLOW,
            what=f"{service.failed_lately} results were given up within a day: the backend refuses"
            " them.",
            todo="See why in the log of attempts, and send them again.",
            page=DELIVERIES_PAGE,
        )


def _faults(service: ServiceFacts) -> Iterator[Alarm]:
    faults, recent = service.recent_faults, service.recent
    if faults >= FAULTS_MIN and faults >= FAULTS_RATIO * recent:
        yield Alarm(
            name="sandbox-faults",
            severity=Severity.YELLOW,
            what=f"{faults} of the last {recent} judgements ended by a fault of ours (IE).",
            todo="Run ./manage-code-execution.sh doctor on the judges' hosts, then judge those"
            " submissions again.",
            page="admin:code_execution_codesubmission_changelist",
        )


def _service_disk(service: ServiceFacts) -> Iterator[Alarm]:
    yield from _disk("service-disk", "the execution service's", service.disk_free_ratio)


def _disk(name: str, whose: str, free_ratio: float) -> Iterator[Alarm]:
    if free_ratio < DISK_LOW_RATIO:
        is_full = free_ratio < DISK_FULL_RATIO
        yield Alarm(
            name=name,
            severity=Severity.RED if is_full else Severity.YELLOW,
            what=f"The disk with {whose} data is nearly full: {free_ratio:.0%} is free.",
            todo="Make room, or give it a larger disk.",
        )


def _secret_mismatch(what: str) -> Alarm:
    return Alarm(
        name="secret-mismatch",
        severity=Severity.RED,
        what=what,
        todo="Give both services the same secret: CODE_EXECUTION_WEBHOOK_SECRET here and"
        " BACKEND_WEBHOOK_SECRET there.",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < LONG_AFTER_S else f"{seconds / 60:.0f} min"


_RULES: tuple[Callable[[Facts], Iterator[Alarm]], ...] = (
    _no_service,
    _outbox,
    _beat,
    _endpoints,
    _backend_disk,
)
_SERVICE_RULES: tuple[Callable[[ServiceFacts], Iterator[Alarm]], ...] = (
    _signature,
    _not_ready,
    _queue,
    _workers,
    _deliveries,
    _faults,
    _service_disk,
)
