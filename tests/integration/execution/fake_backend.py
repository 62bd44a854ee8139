import asyncio
import json
from typing import Any

import httpx

from tests.support.patience import PATIENCE_S


class FakeBackend:
    """The backend as the service sees it: takes webhooks, publishes keys, fails when told to."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.reports: list[httpx.Request] = []
        self.pings: list[httpx.Request] = []
        self.ping_answers: list[int | Exception] = []
        self.failures: list[int | Exception | httpx.Response] = []
        self.pause_s = 0.0
        self.keys: dict[str, Any] = {"keys": []}
        self._arrived = asyncio.Condition()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/jwks.json":
            return httpx.Response(200, json=self.keys)
        if request.url.path == "/api/webhooks/code-execution/progress/":
            self.reports.append(request)
            return httpx.Response(204)
        if json.loads(request.content).get("event") == "ping":
            return await self._answer_ping(request)
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        await asyncio.sleep(self.pause_s)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure if isinstance(failure, httpx.Response) else httpx.Response(failure)
        return httpx.Response(200, json={"status": "success"})

    async def _answer_ping(self, request: httpx.Request) -> httpx.Response:
        async with self._arrived:
            self.pings.append(request)
            self._arrived.notify_all()
        answer = self.ping_answers.pop(0) if self.ping_answers else 200
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"status": "success"})

    async def wait_for_pings(self, count: int) -> list[httpx.Request]:
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.pings) >= count)
        return self.pings

    async def wait_for_requests(self, count: int) -> list[httpx.Request]:
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def wait_for_result(self) -> dict[str, Any]:
        requests = await self.wait_for_requests(1)
        payload: dict[str, Any] = json.loads(requests[-1].content)
        return payload
