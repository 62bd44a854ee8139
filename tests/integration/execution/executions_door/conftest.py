"""A service that has nothing but executions."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app.config import Settings
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.executions import running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Set up a service with neither database nor Redis."""
    return Settings(
        database_url="",
        data_directory=tmp_path,
        logs_directory=tmp_path,
        judge_workers=2,
        judge_lease_seconds=60,  # so long is no host busy that a claim would end meanwhile
        BACKEND_WEBHOOK_SECRET=SECRET,
    )


@pytest.fixture
def shared(store_url: str, settings: Settings) -> Settings:
    """Every test that uses it runs with memory and with Redis."""
    return settings.model_copy(update={"redis_url": store_url})


@pytest_asyncio.fixture
async def client(shared: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(shared) as client:
        yield client
