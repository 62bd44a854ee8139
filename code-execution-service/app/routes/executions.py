"""The executions door: run one program, ask what became of it (contract S002-E01, E02, E07)."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from app.dependencies import (
    CallerDependency,
    CompletedStatusDependency,
    DocumentedToken,
    Executions,
    FactoryDependency,
    IdempotencyKey,
)
from app.routes.either_slash import EitherSlashRouter
from app.routes.limited_body import limited_route
from app.schemas.executions import (
    MAX_BODY_BYTES,
    ExecutionAccepted,
    ExecutionCancelled,
    ExecutionIn,
    ExecutionOut,
)
from app.schemas.system import ErrorOut

router = EitherSlashRouter(
    prefix="/api/v1/executions",
    tags=["executions"],
    dependencies=[DocumentedToken],
    route_class=limited_route(MAX_BODY_BYTES),
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
ExecutionId = Annotated[str, Path(max_length=64, description="Of the answer to `execute`.")]
OF_ONE: dict[int | str, dict[str, Any]] = {
    HTTPStatus.FORBIDDEN: {"model": ErrorOut},
    HTTPStatus.NOT_FOUND: {"model": ErrorOut},
}


async def count_execution(
    request: Request, caller: CallerDependency, factory: FactoryDependency
) -> None:
    """Count by account; guests, who may be a new one for each call, by address."""
    if caller.is_guest:
        address = request.client.host if request.client else "unknown"
        await factory.rate_limiter.count("guest executions", address)
    else:
        await factory.rate_limiter.count("executions", caller.owner)


@router.post(
    "/execute",
    summary="Run a program",
    description="Answers at once; the result is there to be asked for, or comes by WebSocket.",
    dependencies=[Depends(count_execution)],
    responses={
        HTTPStatus.BAD_REQUEST: {"model": ErrorOut},
        HTTPStatus.CONFLICT: {"model": ErrorOut},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": ErrorOut},
        HTTPStatus.TOO_MANY_REQUESTS: {"model": ErrorOut},
    },
)
async def execute(
    body: ExecutionIn,
    caller: CallerDependency,
    executions: Executions,
    idempotency_key: IdempotencyKey = None,
) -> ExecutionAccepted:
    execution = await executions.create(body.to_request(), caller, idempotency_key=idempotency_key)
    return ExecutionAccepted.of(execution)


@router.get("/status/{execution_id}", summary="Show an execution and its result", responses=OF_ONE)
async def show_status(
    execution_id: ExecutionId,
    caller: CallerDependency,
    executions: Executions,
    completed_status: CompletedStatusDependency,
) -> ExecutionOut:
    execution = await executions.get(execution_id, caller)
    return ExecutionOut.of(execution, completed_status=completed_status)


@router.post(
    "/cancel/{execution_id}",
    summary="Stop an execution",
    description="One that has ended stays as it is.",
    responses=OF_ONE,
)
async def cancel(
    execution_id: ExecutionId,
    caller: CallerDependency,
    executions: Executions,
    completed_status: CompletedStatusDependency,
) -> ExecutionCancelled:
    execution = await executions.cancel(execution_id, caller)
    return ExecutionCancelled.of(execution, completed_status=completed_status)
