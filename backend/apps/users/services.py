"""Registration and sign-in."""

from allauth.account.forms import SignupForm
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from apps.core.errors import (
    ForbiddenError,
    InvalidFieldsError,
    SecondFactorError,
    UnauthenticatedError,
)
from apps.users import second_factor
from apps.users.guests import GuestToken, make_guest
from apps.users.models import User
from apps.users.sign_in_limits import note_failure
from apps.users.tokens import TokenPair, end_session, refresh_session, start_session

# allauth's form calls the password `password1`, as some forms ask for it twice.
_PASSWORD_FIELD = "password1"  # noqa: S105 - the name of a form field


def register(*, username: str, email: str, password: str) -> TokenPair:
    """Make an account and sign it in.

    Raises:
        InvalidFieldsError: The name or address is taken or not allowed, or the password is weak.
    """
    form = SignupForm({"username": username, "email": email, _PASSWORD_FIELD: password})
    if not form.is_valid():
        raise InvalidFieldsError({
            "password" if field == _PASSWORD_FIELD else field: [str(each) for each in messages]
            for field, messages in form.errors.items()
        })
    request = HttpRequest()
    request.session = SessionStore()
    try:
        with transaction.atomic():
            user = form.save(request)
    except IntegrityError:
        # Somebody else registered the same name or address since the form looked.
        raise InvalidFieldsError({"username": ["The name or address is taken."]}) from None
    return start_session(user)


def admit_guest() -> GuestToken:
    """Give a visitor without an account a token to run programs with.

    Raises:
        ForbiddenError: This installation runs programs of people with an account only.
    """
    if not settings.GUEST_EXECUTIONS:
        raise ForbiddenError("Guests may not run programs here: sign in.")
    return make_guest()


def sign_in(*, name: str, password: str, code: str = "") -> TokenPair:
    """Check a user name or e-mail address, a password, and a code if the account asks for one.

    Raises:
        UnauthenticatedError: They don't match, or the account is not active.
        SecondFactorError: The code is missing, wrong or used.
    """
    user = authenticate(None, username=name, password=password)
    if not isinstance(user, User):
        note_failure(name)
        raise UnauthenticatedError("The name and the password don't match an active account.")
    if second_factor.has_one(user):
        if not code:
            raise SecondFactorError
        if not second_factor.takes(user=user, code=code):
            note_failure(name)
            raise SecondFactorError("The code is wrong, or was used before. Wait for the next one.")
    return start_session(user)


def refresh(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token, which is good once, for new tokens.

    Raises:
        UnauthenticatedError: The token is not, or no longer, good.
    """
    pair = refresh_session(refresh_token)
    if pair is None:
        raise UnauthenticatedError("The refresh token is not good, or has been used before.")
    return pair


def sign_out(*, access_token: str) -> None:
    """End the session of an access token, and with it every token of that session."""
    end_session(access_token)
