"""Following an execution live (contract S002-E03, W01 to W07)."""

import asyncio
import logging
from contextlib import aclosing
from datetime import UTC, datetime

from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.dependencies import get_caller, get_completed_status, get_factory
from app.domain.callers import Caller
from app.errors import ExecutionNotFoundError, ServerError, ServiceError, UnauthenticatedError
from app.schemas.execution_messages import error_text, update_text
from app.websockets.closing import FAILED, FINISHED, close_code_of
from app.websockets.listening import ClientGoneError, listened_to

logger = logging.getLogger(__name__)

ID_CHARACTERS_MAX = 64
KEPT_OPEN_S = 30.0
"""How long a client may leave the connection open when there is nothing to tell any more."""


async def watch_execution(websocket: WebSocket) -> None:
    """Tell until the end; each fault is told with its code, then as the code of the close."""
    execution_id: str = websocket.path_params["execution_id"]
    await websocket.accept()
    try:
        try:
            await _serve(websocket, execution_id)
        except ServiceError as error:
            detail = error.title if isinstance(error, ServerError) else error.detail
            await websocket.send_text(error_text(execution_id, detail=detail, code=error.code))
            await websocket.close(close_code_of(error), error.title)
        else:
            await websocket.close(FINISHED)
    except (ClientGoneError, WebSocketDisconnect):
        return
    except Exception:
        # The outermost place of a connection: without this the client would learn nothing.
        logger.exception("crash in %s", websocket.url.path)
        await websocket.close(FAILED)


async def _serve(websocket: WebSocket, execution_id: str) -> None:
    if len(execution_id) > ID_CHARACTERS_MAX:
        raise ExecutionNotFoundError
    factory = await get_factory(websocket)
    caller = await get_caller(HTTPConnection(websocket.scope), factory)
    # What was said to get in would otherwise stay in memory until the end.
    websocket.scope.update(query_string=b"", headers=[])
    left_s = (caller.expires_at - datetime.now(tz=UTC)).total_seconds()
    token_time = asyncio.timeout(left_s)
    with factory.open_sockets.counted(caller.owner):
        try:
            async with listened_to(websocket), token_time:
                await _tell(websocket, execution_id, caller)
                await asyncio.sleep(KEPT_OPEN_S)
        except TimeoutError:
            if not token_time.expired():
                raise
            raise UnauthenticatedError("The token has expired") from None


async def _tell(websocket: WebSocket, execution_id: str, caller: Caller) -> None:
    completed_status = await get_completed_status(websocket)
    watching = (await get_factory(websocket)).watching()
    async with aclosing(watching.follow(execution_id, caller)) as updates:
        async for update in updates:
            await websocket.send_text(update_text(update, completed_status=completed_status))


routes = [
    WebSocketRoute(f"/api/v1/executions/ws/{{execution_id}}{slash}", watch_execution)
    for slash in ("", "/")
]
