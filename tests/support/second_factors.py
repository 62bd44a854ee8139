"""An authenticator app for tests."""

import time

import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.utils import timezone

from apps.users import second_factor
from apps.users.models import User

STEP_S = 30


class AuthenticatorApp:
    """Shows the code of the moment, or of so many steps from it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def code(self, *, steps: int = 0) -> str:
        """Show a code."""
        shown: str = format_hotp_value(hotp_value(self._secret, int(time.time()) // STEP_S + steps))
        return shown

    def wrong_code(self) -> str:
        """Give a code that is none of those that count now."""
        good = {self.code(steps=steps) for steps in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)


def give_second_factor(user: User) -> tuple[AuthenticatorApp, list[str]]:
    """Set one up by the code before the present one; give the app and the recovery codes."""
    secret = generate_totp_secret()
    app = AuthenticatorApp(secret)
    with time_machine.travel(timezone.now(), tick=False):  # else its time may run out meanwhile
        recovery_codes = second_factor.set_up(user=user, secret=secret, code=app.code(steps=-1))
    assert recovery_codes is not None
    return app, recovery_codes
