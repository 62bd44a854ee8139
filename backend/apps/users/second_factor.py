"""The optional second factor: codes of an authenticator app, and ten codes to recover with.

allauth keeps and computes them; here every code is good once, in whichever process it is checked.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils import timezone

from apps.users.models import User
from apps.users.signals import tell_of_act

logger = logging.getLogger(__name__)

_APP = Authenticator.Type.TOTP
_RECOVERY = Authenticator.Type.RECOVERY_CODES
# The time step of the last code that was taken: none may come twice (RFC 6238, section 5.2).
_LAST_STEP = "last_step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an authenticator app is to be told, as text and as a picture (SVG)."""

    secret: str
    url: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A second factor that is set up."""

    since: datetime
    last_used_at: datetime | None
    recovery_codes_left: int


def has_one(user: User) -> bool:
    """Tell whether signing in needs a code."""
    is_set_up: bool = Authenticator.objects.filter(user=user, type=_APP).exists()
    return is_set_up


def state_of(user: User) -> State | None:
    """Tell what is set up; `None`: nothing."""
    found = {each.type: each for each in Authenticator.objects.filter(user=user)}
    if _APP not in found:
        return None
    try:
        left = len(_unused_codes(found[_RECOVERY])) if _RECOVERY in found else 0
    except InvalidToken:  # `takes` says what to do about it
        left = 0
    return State(
        since=found[_APP].created_at,
        last_used_at=found[_APP].last_used_at,
        recovery_codes_left=left,
    )


def new_secret() -> str:
    """Make up what the app and this server are to share."""
    secret: str = generate_totp_secret()
    return secret


def invitation_to(user: User, secret: str) -> Invitation:
    """Say what the user's app is to be told."""
    adapter = get_adapter()
    url = adapter.build_totp_url(user, secret)
    # Within a page, an XML declaration is no markup.
    picture = adapter.build_totp_svg(url).partition("?>")[2].strip()
    return Invitation(secret=secret, url=url, picture=picture)


def set_up(*, user: User, secret: str, code: str) -> list[str] | None:
    """Ask for codes from now on; give the codes to recover with.

    `None`: the code is not the app's, or there is a second factor already.
    """
    step = _step_of(secret, code, after=0)
    if step is None:
        return None
    with transaction.atomic():
        # Two requests at once must not both set one up.
        User.objects.select_for_update().get(pk=user.pk)
        if has_one(user):
            return None
        app = TOTP.activate(user, secret).instance
        app.data[_LAST_STEP] = step
        app.save()
        tell_of_act(act="second_factor.set_up", of=user, actor=user)
        return _new_recovery_codes(user)


def takes(*, user: User, code: str) -> bool:
    """Take a code of the app, or one to recover with; each is good once."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=user)
        found = {each.type: each for each in rows}
        try:
            return _takes_app_code(found, code) or _takes_recovery_code(user, found, code)
        except InvalidToken:
            logger.exception(
                "SECRET_KEY has changed, so %s's second factor can't be read: put the old key"
                " into SECRET_KEY_FALLBACKS, or remove the second factor",
                user.pk,
            )
            return False


def renew_recovery_codes(user: User) -> list[str]:
    """Give new codes to recover with; the old ones are good for nothing then."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        tell_of_act(act="second_factor.renew_recovery_codes", of=user, actor=user)
        return _new_recovery_codes(user)


def remove(*, user: User, actor: User | None) -> bool:
    """Ask for no codes any more; `actor` is `None` on the command line.

    Tell whether there was one.
    """
    with transaction.atomic():
        count, _ = Authenticator.objects.filter(user=user).delete()
        if count:
            tell_of_act(act="second_factor.remove", of=user, actor=actor)
    return bool(count)


def _takes_app_code(found: dict[str, Authenticator], code: str) -> bool:
    app = found.get(_APP)
    if app is None:
        return False
    secret = get_adapter().decrypt(app.data["secret"])
    step = _step_of(secret, code, after=app.data[_LAST_STEP])
    if step is None:
        return False
    app.data[_LAST_STEP] = step
    app.last_used_at = timezone.now()
    # By the newest key, so that an old one is not needed for ever.
    app.data["secret"] = get_adapter().encrypt(secret)
    app.save()
    if recovery := found.get(_RECOVERY):
        recovery.data["seed"] = get_adapter().encrypt(get_adapter().decrypt(recovery.data["seed"]))
        recovery.save()
    return True


def _takes_recovery_code(user: User, found: dict[str, Authenticator], code: str) -> bool:
    row = found.get(_RECOVERY)
    if row is None:
        return False
    codes = RecoveryCodes(row)
    if not codes.validate_code(code):
        return False
    left = {"recovery_codes_left": len(_unused_codes(codes.instance))}
    tell_of_act(act="second_factor.recover", of=user, actor=user, after=left)
    return True


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """Tell which time step near now a code is of, if that is a later one than `after`."""
    for step in yield_hotp_counters_from_time():
        expected = format_hotp_value(hotp_value(secret, step))
        if step > after and compare_user_code(actual=code, expected=expected):
            return int(step)
    return None


def _new_recovery_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=_RECOVERY).delete()
    return _unused_codes(RecoveryCodes.activate(user).instance)


def _unused_codes(row: Authenticator) -> list[str]:
    codes: list[str] = RecoveryCodes(row).get_unused_codes()
    return codes
