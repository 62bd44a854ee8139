"""What a verified token claims, and who it speaks of; each kind of issuer has words of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.callers import Caller

Claims = Mapping[str, Any]

CLOCK_SKEW = timedelta(seconds=10)
"""How far an issuer's clock may be ahead of ours."""
MAX_SUBJECT_CHARACTERS = 255
"""Source: OpenID Connect Core 1.0, section 2, `sub`."""
MAX_SHOWN_CHARACTERS = 320
"""Longest e-mail address, and so the longest name too. Source: RFC 5321, section 4.5.3.1."""
GUEST = "guest:"
"""How the names of the backend's guests begin."""
LAST_SECOND = 253_402_300_799
"""The end of the year 9999, after which Python has no dates."""


class ClaimsError(Exception):
    """The token speaks of nobody whom we can take; the text says why and is safe to show."""


def check(claims: Claims, *, issuer: str, audience: str, now: datetime) -> datetime:
    """Hold a token to issuer, audience and time; tell when it expires.

    Raises:
        ClaimsError: it is another's, for another, too old or from the future.
    """
    if claims.get("iss") != issuer:
        raise ClaimsError("it was issued by somebody else")
    audiences = claims.get("aud")
    if audience != audiences and not (isinstance(audiences, list) and audience in audiences):
        raise ClaimsError("it was issued for another audience")
    expires_at = _instant(claims, "exp")
    if expires_at <= now:
        raise ClaimsError("it has expired")
    if _instant(claims, "iat") > now + CLOCK_SKEW:
        raise ClaimsError("it was issued in the future")
    if "nbf" in claims and _instant(claims, "nbf") > now + CLOCK_SKEW:
        raise ClaimsError("it is not valid yet")
    return expires_at


def firebase_caller(claims: Claims, expires_at: datetime) -> Caller:
    """Read an ID token of Firebase Authentication.

    Raises:
        ClaimsError: it names nobody, or lacks what every such token has.

    Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens
    """
    _instant(claims, "auth_time")
    uid = _subject(claims, at_most=128)
    return _person(claims, owner=f"firebase:{uid}", uid=uid, expires_at=expires_at)


def openid_caller(claims: Claims, expires_at: datetime) -> Caller:
    """Read an ID token of an OpenID provider, whose subjects are its own.

    Raises:
        ClaimsError: it names nobody.
    """
    subject = _subject(claims, at_most=MAX_SUBJECT_CHARACTERS)
    owner = f"{claims['iss']}#{subject}"
    return _person(claims, owner=owner, uid=subject, expires_at=expires_at)


def platform_caller(claims: Claims, expires_at: datetime) -> Caller:
    """Read an access token of the backend, or one that it gave a guest (contract S002-H04).

    Raises:
        ClaimsError: it is good for something else, such as the refresh.
    """
    match claims:
        case {"token_use": "guest", "uid": str(uid)} if uid.startswith(GUEST):
            owner = uid
        case {"token_use": "access", "uid": str(uid)} if uid and not uid.startswith(GUEST):
            owner = f"firebase:{uid}"
        case {"token_use": "access", "user_id": int(user_id)} if user_id is not True:
            owner = uid = f"user:{user_id}"
        case _:
            raise ClaimsError("it is no access token")
    return Caller(
        owner=owner,
        uid=uid,
        email=None,
        name=_subject(claims, at_most=MAX_SUBJECT_CHARACTERS),
        is_email_verified=False,
        is_guest=uid.startswith(GUEST),
        expires_at=expires_at,
    )


def _person(claims: Claims, *, owner: str, uid: str, expires_at: datetime) -> Caller:
    return Caller(
        owner=owner,
        uid=uid,
        email=_text(claims, "email"),
        name=_text(claims, "name"),
        is_email_verified=claims.get("email_verified") is True,
        is_guest=False,
        expires_at=expires_at,
    )


def _subject(claims: Claims, *, at_most: int) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= at_most:
        raise ClaimsError("its subject is missing, empty or too long")
    return subject


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value[:MAX_SHOWN_CHARACTERS] if isinstance(value, str) and value else None


def _instant(claims: Claims, name: str) -> datetime:
    """Read a NumericDate.

    Raises:
        ClaimsError: there is none, or one that is no time.

    Source: RFC 7519, section 2.
    """
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ClaimsError(f"its {name} is missing or no time")
    if not 0 <= value <= LAST_SECOND:  # no number is between anything if it is NaN
        raise ClaimsError(f"its {name} is no time")
    return datetime.fromtimestamp(value, tz=UTC)
