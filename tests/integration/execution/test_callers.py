import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import FastAPI

from app.domain.signature import sign
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import SUBMISSIONS, make_body

pytestmark = [
    pytest.mark.asyncio,
    # It is the same on either kind.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
KEY = generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def closed(client: httpx.AsyncClient, service: FastAPI) -> httpx.AsyncClient:
    """Speak to a service whose doors are closed, as in production."""
    service.state.open_doors = frozenset()
    return client


def publish(backend: FakeBackend, key: RSAPrivateKey = KEY, key_id: str = "key-1") -> None:
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    backend.keys = {"keys": [public | {"kid": key_id, "use": "sig", "alg": "RS256"}]}


def make_token(key: RSAPrivateKey = KEY, key_id: str = "key-1", **changes: Any) -> str:
    claims = {
        "iss": "http://localhost:8000",
        "aud": "code-execution",
        "sub": "robot",
        "roles": ["service"],
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
    }
    return jwt.encode(claims | changes, key, algorithm="RS256", headers={"kid": key_id})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_closed_door_wants_a_credential(closed: httpx.AsyncClient) -> None:
    answer = await closed.post(SUBMISSIONS, json=make_body())

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert (await closed.get("/api/v1/contests")).status_code == 401


async def test_a_signed_request_comes_in(closed: httpx.AsyncClient) -> None:
    request = closed.build_request("POST", SUBMISSIONS, json=make_body())
    headers = sign(
        request.content,
        message_id=str(uuid.uuid4()),
        timestamp_s=int(time.time()),
        secrets=[SECRET],
    )

    answer = await closed.post(SUBMISSIONS, json=make_body(), headers=headers)

    assert answer.status_code == 201


async def test_a_signature_holds_for_bytes_that_are_no_text(closed: httpx.AsyncClient) -> None:
    content = b"\0\xff\xfe"
    url = f"/api/v1/test-data/{hashlib.sha256(content).hexdigest()}"
    headers = {
        body: sign(body, message_id="m", timestamp_s=int(time.time()), secrets=[SECRET])
        for body in (content, b"")
    }

    mismatched = await closed.put(url, content=content, headers=headers[b""])
    stored = await closed.put(url, content=content, headers=headers[content])
    asked = await closed.head(url, headers=headers[b""])

    assert [answer.status_code for answer in (mismatched, stored, asked)] == [401, 204, 200]


async def test_a_stranger_is_refused_before_a_large_body_is_read(
    closed: httpx.AsyncClient,
) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append("some")
        yield b"x"

    answer = await closed.put(f"/api/v1/test-data/{'0' * 64}", content=body())

    assert answer.status_code == 401
    assert read == []


async def test_a_wrong_signature_is_refused_even_where_the_door_is_open(
    client: httpx.AsyncClient,
) -> None:
    request = client.build_request("POST", SUBMISSIONS, json=make_body())
    headers = sign(request.content, message_id="m", timestamp_s=int(time.time()), secrets=["wrong"])

    answer = await client.post(SUBMISSIONS, json=make_body(), headers=headers)

    assert answer.status_code == 401
    assert (await client.get(SUBMISSIONS)).json() == []


async def test_a_service_token_comes_in(closed: httpx.AsyncClient, backend: FakeBackend) -> None:
    publish(backend)

    answer = await closed.get(SUBMISSIONS, headers=bearer(make_token()))

    assert answer.status_code == 200


async def test_a_participants_token_is_forbidden(
    closed: httpx.AsyncClient, backend: FakeBackend
) -> None:
    publish(backend)

    answer = await closed.get(SUBMISSIONS, headers=bearer(make_token(roles=["participant"])))

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(make_token(exp=int(time.time()) - 10), id="expired"),
        pytest.param(make_token(iss="http://elsewhere"), id="another issuer"),
        pytest.param(make_token(aud="elsewhere"), id="another audience"),
        pytest.param(make_token(OTHER_KEY), id="another key"),
        pytest.param(make_token(key_id="unknown"), id="an unknown key"),
        pytest.param(make_token(roles="admin"), id="roles are no list"),
        pytest.param(
            jwt.encode({"sub": "x"}, "a" * 32, algorithm="HS256", headers={"kid": "key-1"}),
            id="a symmetric algorithm",
        ),
        pytest.param(
            jwt.encode({"sub": "x", "roles": ["admin"]}, "", algorithm="none"), id="no algorithm"
        ),
        pytest.param("not-a-token", id="text"),
        pytest.param("a.b.c", id="dots"),
        pytest.param("é", id="not ascii"),
    ],
)
async def test_a_bad_token_is_refused(
    closed: httpx.AsyncClient, backend: FakeBackend, token: str
) -> None:
    publish(backend)

    answer = await closed.get(SUBMISSIONS, headers=[(b"Authorization", f"Bearer {token}".encode())])

    assert answer.status_code == 401
