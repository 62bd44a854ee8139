"""Signatures of the calls between the services: pure, and total on whatever a stranger sends.

Two schemes over the raw body, side by side. `X-Webhook-Secret` carries the lower-case hex
HMAC-SHA256 of the body. `webhook-id`, `webhook-timestamp` and `webhook-signature` follow the
Standard Webhooks specification (source: standardwebhooks.com, spec/standard-webhooks.md): each
active secret adds one `v1,<base64>` over `id.timestamp.body`, so that secrets can be changed
without a pause.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

SECRET_PREFIX = "whsec_"  # noqa: S105 - names an encoding, is no secret
HEX_PREFIX = "sha256="
VERSION = "v1"
TOLERANCE_S = 5 * 60
_SIGNATURES_MAX = 20
_MESSAGE_ID = re.compile(r"[!-~]{1,200}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class SignatureError(Exception):
    """The request is not proved to come from a holder of a secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A shared secret: its text, and the key that Standard Webhooks makes of it."""

    text: str
    standard_key: bytes

    @property
    def key(self) -> bytes:
        """The key of the `X-Webhook-Secret` scheme."""
        return self.text.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureHeaders:
    """The headers that take part; `None` for one that the request does not have."""

    secret: str | None
    message_id: str | None
    timestamp: str | None
    signature: str | None


def decode_secrets(setting: str) -> tuple[Secret, ...]:
    """Read a comma-separated list of secrets, newest first.

    Raises:
        ValueError: There is none, or one with the prefix `whsec_` is not base64.
    """
    texts = [part.strip() for part in setting.split(",") if part.strip()]
    if not texts:
        raise ValueError("no secret")
    return tuple(Secret(text, _standard_key(text)) for text in texts)


def sign(
    secrets: Sequence[Secret], *, message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Make the headers that prove to a holder of one of the secrets where the body comes from."""
    return {
        "X-Webhook-Secret": _hex_signature(secrets[0], body),
        **sign_standard(secrets, message_id=message_id, timestamp_s=timestamp_s, body=body),
    }


def sign_standard(
    secrets: Sequence[Secret], *, message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Make the headers of Standard Webhooks alone."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(
            _standard_signature(secret, message_id, str(timestamp_s), body) for secret in secrets
        ),
    }


def verify(
    secrets: Sequence[Secret],
    headers: SignatureHeaders,
    *,
    body: bytes,
    now_s: float,
    is_plain_secret_allowed: bool,
) -> None:
    """Return if the request is signed, by every scheme that it uses and at least one.

    Raises:
        SignatureError: It is not, whatever may be wrong with it.
    """
    standard = (headers.message_id, headers.timestamp, headers.signature)
    has_standard = any(value is not None for value in standard)
    if headers.secret is None and not has_standard:
        raise SignatureError("not signed")
    if headers.secret is not None:
        expected = [_hex_signature(secret, body) for secret in secrets]
        if is_plain_secret_allowed:
            expected += [secret.text for secret in secrets]
        if not _is_among(headers.secret.strip().removeprefix(HEX_PREFIX), expected):
            raise SignatureError("X-Webhook-Secret is wrong")
    if has_standard:
        _verify_standard(secrets, *standard, body=body, now_s=now_s)


def _verify_standard(
    secrets: Sequence[Secret],
    message_id: str | None,
    timestamp: str | None,
    signature: str | None,
    *,
    body: bytes,
    now_s: float,
) -> None:
    if message_id is None or timestamp is None or signature is None:
        raise SignatureError("webhook-id, webhook-timestamp and webhook-signature go together")
    if not _MESSAGE_ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError("webhook-id or webhook-timestamp is malformed")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise SignatureError("webhook-timestamp is too far from now")
    expected = [_standard_signature(secret, message_id, timestamp, body) for secret in secrets]
    given = signature.split(" ", maxsplit=_SIGNATURES_MAX)
    if not any(_is_among(each, expected) for each in given):
        raise SignatureError("webhook-signature is wrong")


def _is_among(given: str, expected: Sequence[str]) -> bool:
    """Compare with each in constant time; headers may hold anything, so compare bytes."""
    given_bytes = given.encode(errors="backslashreplace")
    matches = [hmac.compare_digest(given_bytes, each.encode()) for each in expected]
    return any(matches)


def _hex_signature(secret: Secret, body: bytes) -> str:
    return hmac.new(secret.key, body, sha256).hexdigest()


def _standard_signature(secret: Secret, message_id: str, timestamp: str, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.standard_key, content, sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def _standard_key(text: str) -> bytes:
    if not text.startswith(SECRET_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret that starts with whsec_ goes on with base64") from None
