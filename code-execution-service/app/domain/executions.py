"""Stateless executions: one program, one input, one owner; nothing of it outlives its time."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.domain.judging import JudgementResult, SubmissionStatus
from app.domain.runs import Usage
from app.domain.verdicts import Verdict

OutputStream = Literal["stdout", "stderr"]


class ExecutionStatus(StrEnum):
    """Where an execution is in its life (contract S002-V01); the last three are final.

    `WAITING`: a third party has taken it and will post the result.
    """

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after it."""
        return self in {self.COMPLETED, self.ERROR, self.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A program that somebody runs, as it is at one moment.

    `owner` names the account among those of all issuers, `user_id` as its issuer does;
    `request_id` is of the request that asked for it. `version` counts the changes: of two states
    the one with the higher version is the newer. `attempts` counts how often it was started.
    `output` and `error_output` are known at the end; what comes before is an `OutputPiece` each,
    if `is_streaming`.
    """

    id: str
    owner: str
    user_id: str
    language: str
    code: str
    input_data: str
    is_streaming: bool
    created_at: datetime
    updated_at: datetime
    request_id: str | None = None
    completed_at: datetime | None = None
    status: ExecutionStatus = ExecutionStatus.PENDING
    verdict: Verdict | None = None
    output: str | None = None
    error_output: str | None = None
    exit_code: int | None = None
    usage: Usage | None = None
    attempts: int = 0
    version: int = 0

    def moved_to(self, status: ExecutionStatus, *, now: datetime) -> "Execution":
        """Give the next state of an execution that goes on."""
        return replace(self, status=status, updated_at=now, version=self.version + 1)

    def started(self, *, now: datetime) -> "Execution":
        """Give the next state: a worker runs it."""
        return replace(self.moved_to(ExecutionStatus.RUNNING, now=now), attempts=self.attempts + 1)

    def given_back(self, *, now: datetime) -> "Execution":
        """Give the next state: its worker could not go on, and this start does not count."""
        return replace(self.moved_to(ExecutionStatus.PENDING, now=now), attempts=self.attempts - 1)

    def finished(self, result: JudgementResult, *, now: datetime) -> "Execution":
        """Give the last state: what became of the program."""
        is_completed = result.status is SubmissionStatus.COMPLETED
        status = ExecutionStatus.COMPLETED if is_completed else ExecutionStatus.ERROR
        return replace(
            self.moved_to(status, now=now),
            completed_at=now,
            verdict=result.verdict,
            output=result.output,
            error_output=result.error_output,
            exit_code=result.exit_code,
            usage=result.usage,
        )

    def cancelled(self, reason: str, *, now: datetime) -> "Execution":
        """Give the last state: somebody wanted it to end."""
        return replace(
            self.moved_to(ExecutionStatus.CANCELLED, now=now), completed_at=now, error_output=reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPiece:
    """Something that a running program wrote; `sequence` counts the pieces of both streams."""

    execution_id: str
    sequence: int
    stream: OutputStream
    text: str


ExecutionUpdate = Execution | OutputPiece
"""What whoever watches an execution is told."""
