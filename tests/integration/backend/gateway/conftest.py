"""A front door for each test, with a client and an execution service to steer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
import pytest_asyncio

from tests.integration.backend.gateway.front_door import ExecutionService, front_door
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def service() -> ExecutionService:
    return ExecutionService()


@pytest_asyncio.fixture
async def address(stack: AsyncExitStack, service: ExecutionService) -> str:
    upstream = await stack.enter_async_context(serving(service.application(), proxy_headers=False))
    return await stack.enter_async_context(front_door(upstream))


@pytest_asyncio.fixture
async def client(stack: AsyncExitStack, address: str) -> httpx.AsyncClient:
    return await stack.enter_async_context(
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S)
    )
