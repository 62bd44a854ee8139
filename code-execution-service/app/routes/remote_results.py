"""Where a remote engine posts its results; each proves itself by the token of its call."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel

from app.engines.onlinecompiler.callbacks import MAX_CALLBACK_BYTES, AwaitedResults, has_token
from app.errors import InvalidRequestError, TooLargeError
from app.routes.either_slash import EitherSlashRouter
from app.schemas.system import ErrorOut

router = EitherSlashRouter(tags=["remote engine"])


class ResultReceived(BaseModel):
    """The same answer whether or not somebody waits: guessing a token teaches nothing."""

    status: str = "received"


async def _awaited_results(request: Request) -> AwaitedResults:
    results: AwaitedResults = request.app.state.remote_results
    return results


async def _limited_body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_CALLBACK_BYTES:
            raise TooLargeError(f"The result is larger than {MAX_CALLBACK_BYTES} bytes")
    return bytes(content)


class ExecutionResultReceived(BaseModel):
    """As above, in the words of contract S002-E06."""

    status: str = "success"
    message: str = "Execution result received"


@router.post(
    "/api/v1/executions/webhook/{anything}",
    summary="Take a result from a remote engine that names the execution",
    description="`extra_params.execution_id` has to be what was sent; else the result is ignored.",
    responses={
        HTTPStatus.BAD_REQUEST: {"model": ErrorOut},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": ErrorOut},
    },
)
async def receive_execution_result(
    anything: str,
    content: Annotated[bytes, Depends(_limited_body)],
    results: Annotated[AwaitedResults, Depends(_awaited_results)],
) -> ExecutionResultReceived:
    if not has_token(content):
        raise InvalidRequestError("Missing execution_id in extra_params")
    results.deliver(content)
    return ExecutionResultReceived()


@router.post(
    "/api/v1/remote-results/",
    status_code=HTTPStatus.ACCEPTED,
    summary="Take a result from the remote engine",
    description="A result that comes late, again, or with an unknown token is ignored.",
    responses={HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": ErrorOut}},
)
async def receive_result(
    content: Annotated[bytes, Depends(_limited_body)],
    results: Annotated[AwaitedResults, Depends(_awaited_results)],
) -> ResultReceived:
    results.deliver(content)
    return ResultReceived()
