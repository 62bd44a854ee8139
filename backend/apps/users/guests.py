"""Tokens for visitors without an account, who may run programs and nothing else.

They are made of nothing and kept nowhere: only the execution service takes them, and it needs no
more than their signature. This server itself takes a token only with the session that it names.
"""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings

from apps.users.keys import ALGORITHM, signing_keys

LIFETIME_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestToken:
    """What a visitor gets for nothing."""

    uid: str
    access_token: str
    expires_in_s: int


def make_guest() -> GuestToken:
    """Make up a guest, and a token that speaks of it."""
    uid = f"guest:{uuid.uuid4()}"
    now_s = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": uid,
        "user_id": None,
        "uid": uid,
        "roles": [],
        "iat": now_s,
        "exp": now_s + LIFETIME_S,
        "jti": str(uuid.uuid4()),
        "token_use": "guest",
    }
    key = signing_keys()[0]
    token = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})
    return GuestToken(uid=uid, access_token=token, expires_in_s=LIFETIME_S)
