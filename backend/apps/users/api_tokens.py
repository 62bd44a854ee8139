"""API tokens: made once, shown once, found again by their digest."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.errors import InvalidFieldsError, NotFoundError, TooManyTokensError
from apps.users.keys import ALGORITHM, signing_keys
from apps.users.models import ApiToken, User
from apps.users.scopes import Scope
from apps.users.signals import tell_of_act
from apps.users.token_text import SHOWN_CHARS, is_well_formed, make_token_text

TOKENS_MAX = 20
LIFETIME = timedelta(days=90)
LIFETIME_MAX = timedelta(days=365)
USE_NOTED_EVERY = timedelta(minutes=1)
EXPIRED_KEPT_FOR = timedelta(days=30)
"""So long its owner sees why a token is not good any more."""
RUN_TOKEN_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just made; its text is nowhere else."""

    token: ApiToken
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToken:
    """A token of the kind that the execution service takes, for running programs and no more."""

    access_token: str
    expires_in_s: int


def create(
    *, user: User, name: str, scopes: Sequence[Scope], expires_at: datetime | None = None
) -> NewToken:
    """Make a token.

    Raises:
        InvalidFieldsError: It would expire before now, or later than a token may.
        TooManyTokensError: The user has as many as one may have.
    """
    now = timezone.now()
    ends_at = now + LIFETIME if expires_at is None else expires_at
    if not now < ends_at <= now + LIFETIME_MAX:
        message = f"Give a time that is to come, at most {LIFETIME_MAX.days} days from now."
        raise InvalidFieldsError({"expires_at": [message]})
    text = make_token_text()
    with transaction.atomic():
        # Two requests at once must not both find room for one more.
        User.objects.select_for_update().get(pk=user.pk)
        if user.api_tokens.count() >= TOKENS_MAX:
            raise TooManyTokensError
        token = ApiToken.objects.create(
            user=user,
            name=name,
            scopes=[str(scope) for scope in Scope if scope in scopes],
            digest=_digest_of(text),
            prefix=text[:SHOWN_CHARS],
            created_at=now,
            expires_at=ends_at,
        )
        tell_of_act(act="api_token.create", of=token, actor=user, after=_in_words(token))
    return NewToken(token=token, text=text)


def list_of(user: User) -> QuerySet[ApiToken]:
    """Give a user's tokens, the newest first, and for a while those that have expired."""
    return ApiToken.objects.filter(user=user)


def revoke(*, user: User, token_id: int) -> None:
    """Make a token of the user's worthless.

    Raises:
        NotFoundError: The user has no such token.
    """
    token = ApiToken.objects.filter(user=user, pk=token_id).first()
    if token is None:
        raise NotFoundError
    remove(token=token, actor=user)


def remove(*, token: ApiToken, actor: User) -> None:
    """Make anybody's token worthless, as its owner or an administrator asks."""
    with transaction.atomic():
        tell_of_act(act="api_token.revoke", of=token, actor=actor, before=_in_words(token))
        token.delete()


def find(text: str) -> ApiToken | None:
    """Give the token with its user; `None` if it, or the user, is not or no longer good."""
    if not is_well_formed(text):
        return None
    tokens = ApiToken.objects.select_related("user")
    token = tokens.filter(digest=_digest_of(text), user__is_active=True).first()
    now = timezone.now()
    if token is None or token.expires_at <= now:
        return None
    if token.last_used_at is None or token.last_used_at <= now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def exchange(token: ApiToken) -> RunToken:
    """Give a token for the execution service, which knows nothing of API tokens.

    It names no session, so this server takes it nowhere, and no roles, so it opens nothing but the
    doors for running programs.
    """
    now_s = int(time.time())
    left_s = int(token.expires_at.timestamp()) - now_s
    lifetime_s = min(int(RUN_TOKEN_LIFETIME.total_seconds()), left_s)
    claims: dict[str, Any] = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": token.user.username,
        "user_id": token.user_id,
        "uid": None,
        "roles": [],
        "iat": now_s,
        "exp": now_s + lifetime_s,
        "jti": str(uuid.uuid4()),
        "token_use": "access",
    }
    key = signing_keys()[0]
    text = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})
    return RunToken(access_token=text, expires_in_s=lifetime_s)


def delete_expired(*, now: datetime) -> None:
    """Delete tokens that have been worthless for a while."""
    ApiToken.objects.filter(expires_at__lt=now - EXPIRED_KEPT_FOR).delete()


def _digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _in_words(token: ApiToken) -> dict[str, Any]:
    return {
        "user": token.user.get_username(),
        "name": token.name,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    }
