"""Access and refresh tokens over allauth's sessions: a token is good while its session is.

allauth keeps the sessions, the state of refresh tokens and the encrypted session id; this module
puts the user's name into `sub`, as the other services expect it, and accepts retired keys.
"""

import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.tokens.strategies.jwt.internal import (
    get_refresh_token_state,
    get_token_session,
    session_key_to_sid,
)
from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from apps.users.keys import ALGORITHM, signing_keys
from apps.users.models import User

TokenUse = Literal["access", "refresh"]
_REQUIRED_CLAIMS = ["exp", "iat", "jti", "sub", "sid", "iss", "aud"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a client gets for its password."""

    user: User
    access_token: str
    refresh_token: str
    expires_in_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whose an access token is, and until when it is good (Unix seconds)."""

    user: User
    expires_at_s: int


def start_session(user: User) -> TokenPair:
    """Sign a user in, whose password has been checked."""
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user)
    request.session.save()
    return _issue(user, request.session)


def refresh_session(refresh_token: str) -> TokenPair | None:
    """Exchange a refresh token for new tokens; `None` if it is not, or no longer, good."""
    found = _session_of(refresh_token, "refresh")
    if found is None:
        return None
    user, session, claims = found
    if get_refresh_token_state(session).pop(claims["jti"], None) is None:
        return None
    return _issue(user, session)


def find_bearer(access_token: str) -> Bearer | None:
    """Tell whose access token this is; `None` if it, its session or its user is no longer good."""
    found = _session_of(access_token, "access")
    return Bearer(user=found[0], expires_at_s=found[2]["exp"]) if found else None


def end_session(access_token: str) -> None:
    """Make every token of the access token's session worthless."""
    found = _session_of(access_token, "access")
    if found is not None:
        found[1].flush()


def _issue(user: User, session: SessionBase) -> TokenPair:
    access_lifetime_s = int(settings.JWT_ACCESS_TOKEN_LIFETIME.total_seconds())
    refresh_lifetime_s = int(settings.JWT_REFRESH_TOKEN_LIFETIME.total_seconds())
    access_token, _ = _sign(user, session, "access", access_lifetime_s)
    refresh_token, claims = _sign(user, session, "refresh", refresh_lifetime_s)
    get_refresh_token_state(session)[claims["jti"]] = claims["exp"]
    session.modified = True
    session.save()
    return TokenPair(
        user=user,
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in_s=access_lifetime_s,
    )


def _sign(
    user: User, session: SessionBase, use: TokenUse, lifetime_s: int
) -> tuple[str, dict[str, Any]]:
    now_s = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": user.username,
        "user_id": user.pk,
        "iat": now_s,
        "exp": now_s + lifetime_s,
        "jti": str(uuid.uuid4()),
        "sid": session_key_to_sid(str(session.session_key)),
        "token_use": use,
    }
    if use == "access":
        # Other services look at signature, audience and roles: a refresh token must not pass there.
        claims |= {"uid": None, "roles": [str(role) for role in user.roles]}
    key = signing_keys()[0]
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid}), claims


def _session_of(token: str, use: TokenUse) -> tuple[User, SessionBase, dict[str, Any]] | None:
    claims = _decode(token)
    if claims is None or claims.get("token_use") != use:
        return None
    session = get_token_session(claims)
    if session is None:
        return None
    # Refuses a deactivated user, and one whose password has changed since.
    user = get_session_user(session)
    if not isinstance(user, User) or claims.get("user_id") != user.pk:
        return None
    return user, session, claims


def _decode(token: str) -> dict[str, Any] | None:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next((key for key in signing_keys() if key.kid == kid), None)
        if key is None:
            return None
        return jwt.decode(
            token,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            audience=settings.JWT_AUDIENCE,
            issuer=settings.JWT_ISSUER,
            options={"require": _REQUIRED_CLAIMS},
        )
    except jwt.PyJWTError:
        return None
