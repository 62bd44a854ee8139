"""What is done for a client ends when the client goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from app.errors import ClientError


class ClientGoneError(ClientError):
    """Nobody waits for the answer any more; nobody will read this either."""

    code = "client-gone"
    title = "The client closed the connection"
    status = 499  # what nginx logs in this case


@asynccontextmanager
async def ended_with_the_client(request: Request) -> AsyncIterator[None]:
    """Cancel the block when the client closes its connection; the body must have been read.

    Raises:
        ClientGoneError: it did.
        CancelledError: somebody else cancelled the block.
    """
    block = asyncio.current_task()
    assert block is not None  # noqa: S101  # we are inside a coroutine
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            continue
        is_gone = True
        block.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if is_gone and block.uncancel() == 0:
            raise ClientGoneError from None
        raise
    finally:
        watcher.cancel()
