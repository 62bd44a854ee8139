"""How the service is doing, on the wire."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.formats import instant_text
from app.domain.operations import Operations


class FromFacts(BaseModel):
    """What is shown as it is."""

    model_config = ConfigDict(from_attributes=True)


class QueueOut(FromFacts):
    """The submissions of one priority that are not judged yet."""

    priority: str
    waiting: int
    claimed: int
    oldest_waiting_s: float = Field(description="0 if none waits.")


class EventsOut(FromFacts):
    """The events that the backend has not acknowledged."""

    undelivered: int
    oldest_undelivered_s: float = Field(description="0 if there is none.")
    failed_lately: int = Field(description="Given up, the last attempt within the last day.")


class JudgementsOut(FromFacts):
    """The newest results of the last quarter of an hour, at most 200."""

    recent: int
    recent_faults: int = Field(description="Those with the verdict `IE`, which are faults of ours.")


class WorkerOut(FromFacts):
    """A process that judges, or did until it fell silent within the last hour."""

    place: str
    pid: int
    lanes: int = Field(description="How many submissions it judges side by side.")
    version: str
    silent_s: float
    is_silent: bool = Field(description="It has died, hangs, or can't reach the database.")


class DiskOut(FromFacts):
    """The disk that has the service's data."""

    free_bytes: int
    total_bytes: int


class DatabaseOut(FromFacts):
    """What the tables say."""

    queues: list[QueueOut]
    events: EventsOut
    judgements: JudgementsOut
    workers: list[WorkerOut]


class OperationsOut(BaseModel):
    """How the service is doing; the figures are some seconds old at most."""

    timestamp: str
    version: str
    replica: str
    checks: dict[str, str] = Field(description="As at `/health/ready`.")
    database: DatabaseOut | None = Field(description="Null: the service has none.")
    executions_waiting: int | None = Field(description="Null: Redis does not answer.")
    disk: DiskOut

    @classmethod
    def of(
        cls, operations: Operations, *, checks: Mapping[str, str], version: str, replica: str
    ) -> Self:
        """Show the facts."""
        database = operations.database
        return cls(
            timestamp=instant_text(datetime.now(tz=UTC)),
            version=version,
            replica=replica,
            checks=dict(checks),
            database=DatabaseOut.model_validate(database) if database else None,
            executions_waiting=operations.executions_waiting,
            disk=DiskOut.model_validate(operations.disk),
        )
