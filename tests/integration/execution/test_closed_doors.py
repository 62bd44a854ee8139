"""With `API_OPEN_ENDPOINTS` empty, as in production, nothing is done for who proves nothing.

Whoever adds an address that is open to everybody has to add it here.
"""

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app.domain.signature import sign
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
KEY = generate_private_key(public_exponent=65537, key_size=2048)
OPEN_TO_EVERYBODY = {
    "GET /",
    "GET /health",
    "GET /health/ready",
    "GET /api/v1/languages",
    "GET /openapi.json",
}
DOCUMENTATION = ("GET /docs", "GET /redoc")
EXECUTIONS = ("/api/v1/executions", "/api/v1/auth")
REFUSED = {401, 403}


def addresses(routes: Iterable[BaseRoute]) -> set[str]:
    """Give what each method does, an address with and without its last slash once."""
    found: set[str] = set()
    for route in routes:
        router: APIRouter | None = getattr(route, "original_router", None)
        if router is not None:
            found |= addresses(router.routes)
        elif isinstance(route, Mount):
            found.add(f"GET {route.path}/any")
        elif isinstance(route, Route):
            path = re.sub(r"{\w+(:\w+)?}", str(uuid.UUID(int=1)), route.path).rstrip("/")
            found |= {f"{method} {path or '/'}" for method in (route.methods or set()) - {"HEAD"}}
        else:
            assert isinstance(route, WebSocketRoute), f"no rule here knows {route}"
    return found


@pytest.fixture
def closed(client: httpx.AsyncClient, service: FastAPI) -> httpx.AsyncClient:
    """Speak to a service whose doors are closed."""
    service.state.open_doors = frozenset()
    return client


async def statuses(
    closed: httpx.AsyncClient, service: FastAPI, headers: dict[str, str]
) -> dict[str, int]:
    found = {}
    for address in sorted(addresses(service.routes)):
        method, path = address.split()
        found[address] = (await closed.request(method, path, headers=headers)).status_code
    return found


def opened(found: dict[str, int]) -> set[str]:
    """Give what answers besides what is open to everybody."""
    answered = {address for address, status in found.items() if status not in REFUSED}
    return {each for each in answered - OPEN_TO_EVERYBODY if not each.startswith(DOCUMENTATION)}


async def test_who_proves_nothing_gets_what_everybody_may_have(
    closed: httpx.AsyncClient, service: FastAPI
) -> None:
    found = await statuses(closed, service, {})

    assert opened(found) == set()
    assert all(found[address] not in REFUSED for address in OPEN_TO_EVERYBODY)


async def test_a_signature_by_another_secret_opens_nothing(
    closed: httpx.AsyncClient, service: FastAPI
) -> None:
    now_s = int(time.time())
    headers = sign(b"", message_id="a", timestamp_s=now_s, secrets=[f"{SECRET} of others"])

    found = await statuses(closed, service, headers)

    assert opened(found) == set()


async def test_a_participants_token_opens_executions_alone(
    closed: httpx.AsyncClient, service: FastAPI, backend: FakeBackend
) -> None:
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    backend.keys = {"keys": [public | {"kid": "key-1", "use": "sig", "alg": "RS256"}]}
    claims = {
        "iss": "http://localhost:8000",
        "aud": "code-execution",
        "sub": "alice",
        "user_id": 1,
        "uid": None,
        "roles": ["participant"],
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
        "token_use": "access",
    }
    token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "key-1"})

    found = await statuses(closed, service, {"Authorization": f"Bearer {token}"})

    assert opened(found)
    assert {each for each in opened(found) if not each.split()[1].startswith(EXECUTIONS)} == set()
