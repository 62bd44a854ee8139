"""Executions whose programs run at a provider, which posts their results back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.config import Settings
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.languages import load_languages
from app.main import create_app
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.executions import (
    ALICE,
    EXECUTIONS,
    make_backend,
    start,
    status_of,
    wait_for,
)
from tests.support.asgi_servers import serving
from tests.support.online_compiler import API_KEY, FakeProvider, Form, fake_provider
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
WEBHOOK = f"{EXECUTIONS}/webhook/anything"


@asynccontextmanager
async def running_service(provider: FakeProvider) -> AsyncIterator[httpx.AsyncClient]:
    languages = load_languages()
    results = AwaitedResults()
    engine = OnlineCompilerEngine(
        languages.languages, url=provider.url, api_key=API_KEY, results=results
    )
    app = create_app(
        Settings(database_url="", BACKEND_WEBHOOK_SECRET=SECRET),
        engine=engine,
        languages=languages,
        backend_transport=httpx.MockTransport(make_backend().answer),
        remote_results=results,
    )
    async with (
        serving(app) as address,
        httpx.AsyncClient(
            base_url=f"http://{address}", headers=ALICE, timeout=PATIENCE_S
        ) as client,
    ):
        yield client


async def test_an_execution_waits_until_the_provider_posts_its_result() -> None:
    came = asyncio.Event()
    callbacks: list[bytes] = []
    loop = asyncio.get_running_loop()
    with fake_provider(Form.ACCEPTED) as provider:

        def call_back(content: bytes) -> None:
            callbacks.append(content)
            loop.call_soon_threadsafe(came.set)

        provider.call_back = call_back
        async with running_service(provider) as client:
            execution_id = await start(client, code="print(5)")
            await came.wait()
            waiting = await status_of(client, execution_id)
            result = json.loads(callbacks[0]) | {"cpuTime": "0.25"}
            del result["extra_params"]["token"]
            forged = result | {"extra_params": {"execution_id": execution_id}}
            answers = [await client.post(WEBHOOK, json=each) for each in (forged, result, result)]
            ended = await wait_for(client, execution_id)

    assert waiting["status"] == "waiting"
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == {"status": "success", "message": "Execution result received"}
    assert (ended["status"], ended["output"], ended["verdict"]) == ("completed", "5\n", "AC")


async def test_a_callback_that_names_no_execution_is_refused() -> None:
    with fake_provider(Form.ACCEPTED) as provider:
        async with running_service(provider) as client:
            answers = [
                await client.post(WEBHOOK, json={"output": "", "status": "success"}),
                await client.post(WEBHOOK, content=b"{"),
            ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json()["detail"] == "Missing execution_id in extra_params"
