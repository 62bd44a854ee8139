"""How often somebody may try to sign in: the same at the API and at the admin's page."""

import logging
import math
import time

from django.conf import settings
from django.db.models import Q

from apps.core import metrics
from apps.core.throttling import limiter
from apps.users.models import User
from apps.users.signals import tell_of_act

logger = logging.getLogger(__name__)

NAME_CHARS_MAX = 254
_FAILURES = "login_failures"


def counters_of(name: object, *, address: str) -> list[tuple[str, str]]:
    """Name what a try is counted under: the address, where a school may sit, and the account."""
    counters = [("login_address", f"address:{address}")]
    if isinstance(name, str) and name:
        counters.append(("login", _account(name)))
    return counters


def seconds_to_wait(name: str, *, address: str) -> float | None:
    """Count a try; tell how long to wait where it is one too many, or the account is locked."""
    for scope, key in counters_of(name, address=address):
        limit = settings.RATE_LIMITS[scope]
        if not limiter().hit(limit, scope, key):
            return _seconds_left(scope, key)
    return seconds_locked(name)


def seconds_locked(name: object) -> float | None:
    """Tell for how long an account is locked, as too many tries have failed; `None` if it is not.

    A name that no account has is locked alike, so nobody learns which there are.
    """
    if not isinstance(name, str) or not name:
        return None
    account = _account(name)
    is_open = limiter().test(settings.RATE_LIMITS[_FAILURES], _FAILURES, account)
    return None if is_open else _seconds_left(_FAILURES, account)


def note_failure(name: str) -> None:
    """Count a wrong password."""
    account = _account(name)
    limit = settings.RATE_LIMITS[_FAILURES]
    limiter().hit(limit, _FAILURES, account)
    has_locked = not limiter().test(limit, _FAILURES, account)
    metrics.sign_in_failed(has_locked=has_locked)
    if not has_locked:
        return
    logger.warning("%s is locked: too many tries to sign in have failed", account)
    user = _user(name)
    if user is not None:
        locked_for_s = math.ceil(_seconds_left(_FAILURES, account))
        tell_of_act(act="account.lock", of=user, actor=None, after={"locked_for_s": locked_for_s})


def _account(name: str) -> str:
    """Give the account that a user name or an e-mail address is of, or else the name itself."""
    user = _user(name)
    return f"name:{_key_of(name)}" if user is None else f"user:{user.pk}"


def _user(name: str) -> User | None:
    key = _key_of(name)
    return User.objects.filter(Q(username__iexact=key) | Q(email__iexact=key)).first()


def _key_of(name: str) -> str:
    key = name.strip().lower()[:NAME_CHARS_MAX]
    return "" if "\x00" in key else key  # no database keeps one


def _seconds_left(scope: str, key: str) -> float:
    reset_at_s, _ = limiter().get_window_stats(settings.RATE_LIMITS[scope], scope, key)
    return max(1.0, reset_at_s - time.time())
