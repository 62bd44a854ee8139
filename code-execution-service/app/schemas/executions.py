"""The executions door on the wire (contract S002-E01 to E07, D01)."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, PlainSerializer

from app.domain.executions import Execution, ExecutionStatus
from app.domain.formats import execution_time_text, instant_text, memory_usage_text
from app.domain.limits import MIB
from app.domain.verdicts import Verdict
from app.schemas.contents import Text
from app.services.executions import NewExecution

MAX_BODY_BYTES = 8 * MIB
"""Code and input, each character escaped as JSON may."""
MAX_TEXT_CHARACTERS = 1 * MIB

Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]
CompletedStatus = Literal["completed", "success"]


class ExecutionIn(BaseModel):
    """A program to run once."""

    code: Text = Field(max_length=MAX_TEXT_CHARACTERS, description="At most 100 KiB.")
    language: str = Field(
        max_length=50, description="An id or alias of GET /api/v1/languages, in any case."
    )
    input_data: Text = Field(default="", max_length=MAX_TEXT_CHARACTERS, description="stdin")
    stream_output: bool = Field(
        default=False,
        description="Tell what the program writes while it runs, to those who watch by WebSocket.",
    )

    def to_request(self) -> NewExecution:
        """Return what the service works with."""
        return NewExecution(
            language=self.language,
            code=self.code,
            input_data=self.input_data,
            is_streaming=self.stream_output,
        )


class ExecutionAccepted(BaseModel):
    """The program will be run; its id is what to ask for."""

    execution_id: str
    status: Literal["pending"] = "pending"
    message: str

    @classmethod
    def of(cls, execution: Execution) -> Self:
        """Tell where to look."""
        message = f"Accepted. Ask for /api/v1/executions/status/{execution.id}"
        return cls(execution_id=execution.id, message=message)


class ExecutionCancelled(BaseModel):
    """What cancelling has come to."""

    execution_id: str
    status: str = Field(description="`cancelled`, or how it had ended before.")
    message: str

    @classmethod
    def of(cls, execution: Execution, *, completed_status: CompletedStatus) -> Self:
        """Tell whether it was in time."""
        if execution.status is ExecutionStatus.CANCELLED:
            return cls(execution_id=execution.id, status="cancelled", message="Execution cancelled")
        return cls(
            execution_id=execution.id,
            status=_status_text(execution, completed_status),
            message="The execution had ended before",
        )


class ExecutionStateOut(BaseModel):
    """How far an execution is, as its owner sees it live."""

    execution_id: str
    user_id: str = Field(description="As the issuer of the owner's token calls the account.")
    language: str
    status: str = Field(
        description="`pending`, `running`, `waiting` (for a remote engine), then `completed` (or "
        "what EXECUTION_COMPLETED_STATUS says) or `error`.",
    )
    is_cancelled: bool = Field(description="Its status is `error` because somebody stopped it.")
    verdict: Verdict | None
    output: str
    error_output: str
    execution_time: str | None = Field(examples=["0.05s"])
    memory_usage: str | None = Field(examples=["2.1MB"])
    execution_time_ms: int | None
    cpu_time_ms: int | None
    memory_usage_bytes: int | None
    exit_code: int | None
    stream_output: bool
    created_at: Instant
    updated_at: Instant | None = Field(description="Null while it has not changed.")
    completed_at: Instant | None

    @classmethod
    def of(cls, execution: Execution, *, completed_status: CompletedStatus) -> Self:
        """Show an execution."""
        return cls.model_validate(_fields(execution, completed_status))


class ExecutionOut(ExecutionStateOut):
    """An execution with what was handed in."""

    code: str
    input_data: str


def _fields(execution: Execution, completed_status: CompletedStatus) -> dict[str, Any]:
    usage = execution.usage
    return {
        "execution_id": execution.id,
        "user_id": execution.user_id,
        "language": execution.language,
        "code": execution.code,
        "input_data": execution.input_data,
        "status": _status_text(execution, completed_status),
        "is_cancelled": execution.status is ExecutionStatus.CANCELLED,
        "verdict": execution.verdict,
        "output": execution.output or "",
        "error_output": execution.error_output or "",
        "execution_time": execution_time_text(usage.wall_time_ms) if usage else None,
        "memory_usage": memory_usage_text(usage.memory_bytes) if usage else None,
        "execution_time_ms": usage.wall_time_ms if usage else None,
        "cpu_time_ms": usage.cpu_time_ms if usage else None,
        "memory_usage_bytes": usage.memory_bytes if usage else None,
        "exit_code": execution.exit_code,
        "stream_output": execution.is_streaming,
        "created_at": execution.created_at,
        "updated_at": execution.updated_at if execution.version else None,
        "completed_at": execution.completed_at,
    }


def _status_text(execution: Execution, completed_status: CompletedStatus) -> str:
    """Name the status as old clients know it: they have never heard of cancelling."""
    match execution.status:
        case ExecutionStatus.COMPLETED:
            return completed_status
        case ExecutionStatus.CANCELLED:
            return ExecutionStatus.ERROR
        case _:
            return execution.status
