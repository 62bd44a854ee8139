"""How the service is doing, in figures: what metrics show and alarms are raised from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """The submissions of one priority that are not judged yet.

    `oldest_waiting_s` is how long the oldest of those that wait has done so, 0 if none does.
    """

    priority: str
    waiting: int
    claimed: int
    oldest_waiting_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """The events that the backend has not acknowledged.

    `failed_lately` counts those that were given up, their last attempt within the last day.
    """

    undelivered: int
    oldest_undelivered_s: float
    failed_lately: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementFacts:
    """The newest results of the last quarter of an hour, at most 200, and our own faults in them.

    A fault is the verdict `IE`.
    """

    recent: int
    recent_faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """A process that judges, or did until it fell silent within the last hour."""

    place: str
    pid: int
    lanes: int
    version: str
    silent_s: float
    is_silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The disk that has the service's data."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What the tables say."""

    queues: tuple[QueueFacts, ...]
    events: EventFacts
    judgements: JudgementFacts
    workers: tuple[WorkerFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """All of it; `database` is `None` where there is none.

    `executions_waiting` is `None` where Redis does not answer.
    """

    database: DatabaseFacts | None
    executions_waiting: int | None
    disk: DiskFacts
