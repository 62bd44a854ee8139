"""The receiver against the vectors that sender and receiver share, and against an oracle."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from apps.core.signature import SignatureHeaders, decode_secrets, sign, verify
from apps.webhooks.models import WebhookEvent
from tests.support.webhooks import deliver

VECTORS = json.loads((Path(__file__).parent.parent / "webhook_vectors.json").read_text())
NOW_S = 1_700_000_000


@pytest.mark.parametrize("vector", VECTORS["hmac_header"], ids=lambda vector: vector["name"])
@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_verifies_the_hmac_header(vector: dict[str, Any], prefix: str) -> None:
    verify(
        decode_secrets(vector["secret"]),
        SignatureHeaders(
            secret=prefix + vector["signature"], message_id=None, timestamp=None, signature=None
        ),
        body=vector["body"].encode(),
        now_s=NOW_S,
        is_plain_secret_allowed=False,
    )


@pytest.mark.parametrize("vector", VECTORS["standard_webhooks"], ids=lambda vector: vector["name"])
def test_verifies_standard_webhooks(vector: dict[str, Any]) -> None:
    verify(
        decode_secrets(vector["secret"]),
        SignatureHeaders(
            secret=None,
            message_id=vector["id"],
            timestamp=str(vector["timestamp"]),
            signature=f"v1,AAAA v1a,BBBB {vector['signature']}",
        ),
        body=vector["body"].encode(),
        now_s=vector["timestamp"],
        is_plain_secret_allowed=False,
    )


@pytest.mark.parametrize(
    "vector",
    VECTORS["hmac_header"] + VECTORS["standard_webhooks"],
    ids=lambda vector: vector["name"],
)
def test_signs_what_the_vectors_say(vector: dict[str, Any]) -> None:
    headers = sign(
        decode_secrets(vector["secret"]),
        message_id=vector.get("id", "evt-1"),
        timestamp_s=vector.get("timestamp", NOW_S),
        body=vector["body"].encode(),
    )

    assert vector["signature"] in {headers["X-Webhook-Secret"], headers["webhook-signature"]}


def test_the_reference_library_signs_the_same() -> None:
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    oracle = Webhook(secret).sign("evt-1", datetime.fromtimestamp(NOW_S, tz=UTC), "{}")

    ours = sign(decode_secrets(secret), message_id="evt-1", timestamp_s=NOW_S, body=b"{}")

    assert ours["webhook-signature"] == oracle


def test_the_reference_library_takes_what_we_sign() -> None:
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    now_s = int(datetime.now(tz=UTC).timestamp())

    headers = sign(decode_secrets(f"{secret},old"), message_id="e", timestamp_s=now_s, body=b"{}")

    assert Webhook(secret).verify(b"{}", headers) == {}


@pytest.mark.django_db
def test_takes_the_ping_that_the_sender_makes_and_notes_nothing() -> None:
    answer = deliver(VECTORS["ping"]["body"].encode())

    assert answer.status_code == 200
    assert answer.json() == {"status": "success"}
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_refuses_a_ping_with_another_secret_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    answer = deliver(VECTORS["ping"]["body"].encode(), secret="another one")

    assert answer.status_code == 401
    assert "same secret" in caplog.text
