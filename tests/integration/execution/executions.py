"""Calls of the executions door, and services that have nothing but it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from fastapi import FastAPI

from app.config import Settings
from app.engines.base import Engine
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app
from tests.integration.execution.fake_backend import FakeBackend
from tests.support.patience import PATIENCE_S

EXECUTIONS = "/api/v1/executions"
CLIENT_ADDRESS = ("127.0.0.1", 40_000)
FINAL_STATUSES = {"completed", "success", "error"}
_KEY = generate_private_key(public_exponent=65537, key_size=2048)


def make_backend() -> FakeBackend:
    """Make a backend that has published the key of `bearer`."""
    backend = FakeBackend()
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True)
    backend.keys = {"keys": [public | {"kid": "key-1", "use": "sig", "alg": "RS256"}]}
    return backend


def bearer(user_id: int | None = 1, **changes: Any) -> dict[str, str]:
    """Make the header of a user; the fixtures' people are 1 (alice) and 3 (charlie)."""
    claims: dict[str, Any] = {
        "iss": "http://localhost:8000",
        "aud": "code-execution",
        "sub": "somebody",
        "user_id": user_id,
        "uid": None,
        "roles": [],
        "token_use": "access",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    }
    token = jwt.encode(claims | changes, _KEY, algorithm="RS256", headers={"kid": "key-1"})
    return {"Authorization": f"Bearer {token}"}


ALICE = bearer(1)
CHARLIE = bearer(3)
GUEST = bearer(None, token_use="guest", uid="guest:6b1f")


def make_execution(**changes: Any) -> dict[str, Any]:
    return {"language": "python", "code": "print 42"} | changes


def create_service(settings: Settings, engine: Engine | None = None) -> FastAPI:
    languages = load_languages()
    return create_app(
        settings,
        engine=engine or FakeEngine(languages.languages),
        languages=languages,
        backend_transport=httpx.MockTransport(make_backend().answer),
    )


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    engine: Engine | None = None,
    client_address: tuple[str, int] = CLIENT_ADDRESS,
) -> AsyncIterator[httpx.AsyncClient]:
    """Run a service and speak to it as alice."""
    app = create_service(settings, engine)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=client_address)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service", headers=ALICE) as client,
    ):
        yield client


async def start(client: httpx.AsyncClient, **changes: Any) -> str:
    """Have a program run, and return the execution's id."""
    answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution(**changes))
    assert answer.status_code == 200, answer.text
    execution_id: str = answer.json()["execution_id"]
    return execution_id


async def status_of(client: httpx.AsyncClient, execution_id: str) -> dict[str, Any]:
    answer = await client.get(f"{EXECUTIONS}/status/{execution_id}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def wait_for(
    client: httpx.AsyncClient, execution_id: str, statuses: set[str] = FINAL_STATUSES
) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state = await status_of(client, execution_id)
            if state["status"] in statuses:
                return state
            await asyncio.sleep(0.005)
