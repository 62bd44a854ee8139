"""Calls of the submissions door."""

import asyncio
from typing import Any

import httpx

from tests.support.patience import PATIENCE_S

SUBMISSIONS = "/api/v1/submissions/"
BATCH = f"{SUBMISSIONS}batch"


def make_body(**changes: Any) -> dict[str, Any]:
    return {"code": "print 5", "language": "python", "user_id": 7} | changes


def make_order(key: str, **changes: Any) -> dict[str, Any]:
    return make_body(idempotency_key=key) | changes


def make_test_case(**changes: Any) -> dict[str, Any]:
    return {"id": "1", "input": "", "expected_output": "5", "is_sample": True} | changes


async def wait_until_final(client: httpx.AsyncClient, submission_id: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer: dict[str, Any] = (await client.get(f"{SUBMISSIONS}{submission_id}")).json()
            if answer["status"] not in {"pending", "running"}:
                return answer
            await asyncio.sleep(0.02)


async def wait_until_sent(client: httpx.AsyncClient, submission_id: int) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = (await client.get(f"{SUBMISSIONS}{submission_id}")).json()
            if answer["webhook_sent"]:
                return str(answer["webhook_response"])
            await asyncio.sleep(0.02)
