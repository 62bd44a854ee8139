"""Signatures of webhooks and of calls between the two services.

Source: Standard Webhooks specification, signature scheme; contract S001-H11 and S001-H13.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

TOLERANCE_S = 5 * 60
SECRET_PREFIX = "whsec_"  # noqa: S105  # marks a secret, is none
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class SignatureError(Exception):
    """The signature is missing, malformed, stale or wrong."""


def sign(
    body: bytes, *, message_id: str, timestamp_s: int, secrets: Sequence[str]
) -> dict[str, str]:
    """Make the headers that prove a body; the newest secret, the first, signs the plain form."""
    plain = hmac.new(secrets[0].encode(), body, hashlib.sha256).hexdigest()
    signatures = (_standard_signature(body, message_id, timestamp_s, secret) for secret in secrets)
    return {
        "X-Webhook-Secret": plain,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signatures),
    }


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the caller tries to prove itself by a signature at all."""
    return "webhook-signature" in headers or "x-webhook-secret" in headers


def verify(
    body: bytes, headers: Mapping[str, str], *, now_s: float, secrets: Sequence[str]
) -> None:
    """Return if one of the secrets signed this body within the last five minutes.

    `headers` has lower-case names. Total: whatever the headers hold, there is no other exception.

    Raises:
        SignatureError: it was not.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and given and _TIMESTAMP.fullmatch(timestamp)):
        raise SignatureError("webhook-id, webhook-timestamp and webhook-signature are needed")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise SignatureError("webhook-timestamp is more than five minutes off")
    candidates = [part.encode(errors="replace") for part in given.split(" ")]
    for secret in secrets:
        right = _standard_signature(body, message_id, int(timestamp), secret).encode()
        if any(hmac.compare_digest(right, candidate) for candidate in candidates):
            return
    raise SignatureError("no signature matches")


def _standard_signature(body: bytes, message_id: str, timestamp_s: int, secret: str) -> str:
    content = b"%s.%d.%s" % (message_id.encode(errors="replace"), timestamp_s, body)
    digest = hmac.new(_key_of(secret), content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key_of(secret: str) -> bytes:
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            pass  # not made by a Standard Webhooks tool after all: the text itself is the key
    return secret.encode()
