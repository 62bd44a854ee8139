"""Telling a client something for as long as it is there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from gateway.asgi import Receive

T = TypeVar("T")


async def while_there(telling: Coroutine[Any, Any, T], receive: Receive, *, gone: str) -> T | None:
    """Do it until it is done or the client goes away; give what came of it to one who is there.

    `gone` is the type of the message that says so.
    """
    told = asyncio.create_task(telling)
    leaving = asyncio.create_task(wait_until(gone, receive))
    try:
        await asyncio.wait({told, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        leaving.cancel()
        await asyncio.wait({told, leaving})
    if told.cancelled():
        return None
    result = told.result()
    return result if leaving.cancelled() else None


async def wait_until(gone: str, receive: Receive) -> None:
    """Return when a message of this type comes."""
    while (await receive())["type"] != gone:
        pass
