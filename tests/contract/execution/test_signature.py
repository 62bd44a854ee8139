import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from app.clients.backend import BackendClient
from app.domain.signature import SignatureError, sign, verify

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "webhook_vectors.json").read_text()
)
SECRET = "a-secret"
NOW_S = 1_700_000_000


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def signed(body: bytes, *, secrets: list[str], at_s: int = NOW_S) -> dict[str, str]:
    return lower(sign(body, message_id="evt_1", timestamp_s=at_s, secrets=secrets))


@pytest.mark.parametrize("vector", VECTORS["hmac_header"], ids=lambda vector: vector["name"])
def test_makes_the_hmac_header_of_the_guide(vector: dict[str, str]) -> None:
    headers = sign(
        vector["body"].encode(), message_id="m", timestamp_s=1, secrets=[vector["secret"]]
    )

    assert headers["X-Webhook-Secret"] == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["standard_webhooks"], ids=lambda vector: vector["name"])
def test_makes_the_signature_of_the_specification(vector: dict[str, Any]) -> None:
    headers = sign(
        vector["body"].encode(),
        message_id=vector["id"],
        timestamp_s=vector["timestamp"],
        secrets=[vector["secret"]],
    )

    assert headers["webhook-signature"] == vector["signature"]


def test_the_reference_library_verifies_what_we_sign() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"a": 1}'
    headers = signed(body, secrets=[secret], at_s=int(time.time()))

    assert Webhook(secret).verify(body, headers) == {"a": 1}


def test_verifies_what_the_reference_library_signs() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    now = datetime.now(tz=UTC)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt_1", now, "{}"),
    }

    verify(b"{}", headers, now_s=now.timestamp(), secrets=[secret])


def test_either_secret_verifies_while_one_replaces_the_other() -> None:
    headers = signed(b"{}", secrets=["new", "old"])

    verify(b"{}", headers, now_s=NOW_S, secrets=["new"])
    verify(b"{}", headers, now_s=NOW_S, secrets=["old"])


@pytest.mark.parametrize("now_s", [NOW_S - 301, NOW_S + 301])
def test_refuses_a_signature_that_is_too_old_or_too_new(now_s: int) -> None:
    with pytest.raises(SignatureError):
        verify(b"{}", signed(b"{}", secrets=[SECRET]), now_s=now_s, secrets=[SECRET])


def test_refuses_another_body_id_timestamp_or_secret() -> None:
    headers = signed(b"{}", secrets=[SECRET])
    verify(b"{}", headers, now_s=NOW_S, secrets=[SECRET])

    for body, changes, secret in [
        (b"{ }", {}, SECRET),
        (b"{}", {"webhook-id": "evt_2"}, SECRET),
        (b"{}", {"webhook-timestamp": str(NOW_S + 1)}, SECRET),
        (b"{}", {}, "another"),
    ]:
        with pytest.raises(SignatureError):
            verify(body, headers | changes, now_s=NOW_S, secrets=[secret])


ANY_TEXT = st.text(alphabet=st.characters())


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.binary())
def test_is_total_over_malformed_headers(
    message_id: str, timestamp: str, signature: str, body: bytes
) -> None:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }

    with pytest.raises(SignatureError):
        verify(body, headers, now_s=NOW_S, secrets=[SECRET])


@pytest.mark.asyncio
async def test_sends_the_ping_that_the_receiver_knows() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    await BackendClient("http://backend", secrets=[SECRET], transport=transport).ping()

    known = json.loads(VECTORS["ping"]["body"])
    ping = json.loads(sent[0].content)
    assert ping | {"sent_at": known["sent_at"]} == known
    assert abs(ping["sent_at"] - time.time()) < 60
