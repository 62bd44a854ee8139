"""Signing in to the admin: the password, then a code if the account asks for one."""

import math
import time
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

from apps.contests.services.rights import Rights
from apps.users import second_factor, sign_in_limits
from apps.users.models import User
from apps.users.serializers import CODE_CHARS_MAX
from apps.users.signals import tell_of_act

CODE_WAITED_FOR_S = 300
_WAITING = "waits_for_second_factor"


class JuryAuthenticationForm(AdminAuthenticationForm):
    """Signs in whom the site lets in."""

    error_messages = {  # noqa: RUF012 - Django's own shape
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "Enter the name and password of a staff account, or of one that manages"
        " or judges a contest. Capitals may matter.",
    }

    @override
    def clean(self) -> dict[str, Any]:
        """Check name and password, as often as one may try.

        Raises:
            ValidationError: They don't match, or it was tried too often.
        """
        name = str(self.cleaned_data.get("username", ""))
        assert self.request is not None  # noqa: S101 - only its page makes this form
        count_try(name, self.request)
        try:
            return super().clean()
        except ValidationError:
            sign_in_limits.note_failure(name)
            raise

    @override
    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse who may not see any page.

        Raises:
            ValidationError: They have no role.
        """
        AuthenticationForm.confirm_login_allowed(self, user)
        if not may_enter(user):
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class PasswordView(LoginView):
    """The first page: name and password."""

    authentication_form = JuryAuthenticationForm
    template_name = "admin/login.html"

    @override
    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let the user in, or ask for a code."""
        user = form.get_user()
        if not second_factor.has_one(user):
            return _let_in(self.request, user, self.get_success_url())
        self.request.session[_WAITING] = {
            "user_id": user.pk,
            # Differs once the password does.
            "password": user.get_session_auth_hash(),
            "until_s": time.time() + CODE_WAITED_FOR_S,
        }
        query = urlencode({self.redirect_field_name: self.get_success_url()})
        return redirect(f"{reverse('admin:login_code')}?{query}")


class CodeForm(forms.Form):
    """A code of the authenticator app, or one to recover with."""

    code = forms.CharField(
        max_length=CODE_CHARS_MAX,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )


@method_decorator((never_cache, sensitive_post_parameters("code")), name="dispatch")
class CodeView(RedirectURLMixin, FormView[CodeForm]):
    """The second page: a code, within five minutes of the password."""

    form_class = CodeForm
    template_name = "admin/users/code.html"

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Send whoever has given no password to the first page."""
        if _who_waits(request) is None:
            return redirect("admin:login")
        return super().dispatch(request, *args, **kwargs)

    @override
    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Let the user in if the code is good."""
        user = _who_waits(self.request)
        assert user is not None  # noqa: S101 - `dispatch` has looked
        try:
            count_try(user.get_username(), self.request)
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        if not second_factor.takes(user=user, code=form.cleaned_data["code"]):
            sign_in_limits.note_failure(user.get_username())
            form.add_error("code", "This code is wrong, or was used before. Wait for the next one.")
            return self.form_invalid(form)
        del self.request.session[_WAITING]
        return _let_in(self.request, user, self.get_success_url())

    @override
    def get_default_redirect_url(self) -> str:
        """Go on to the index."""
        return reverse("admin:index")


def may_enter(user: User) -> bool:
    """Tell whether an account may see the admin."""
    if not user.is_active:
        return False
    return user.is_staff or bool(Rights(user, timezone.now()).judged_contest_ids)


def count_try(name: str, request: HttpRequest) -> None:
    """Count a try to sign in, or to prove again who one is.

    Raises:
        ValidationError: It is one too many.
    """
    wait_s = sign_in_limits.seconds_to_wait(name, address=_address_of(request))
    if wait_s is not None:
        raise ValidationError(
            f"There were too many tries to sign in. Try again in {math.ceil(wait_s)} seconds.",
            code="too_many_tries",
        )


def _let_in(request: HttpRequest, user: User, url: str) -> HttpResponse:
    with transaction.atomic():
        login(request, user)
        after = {"address": _address_of(request)}
        tell_of_act(act="admin.sign_in", of=user, actor=user, after=after)
    return HttpResponseRedirect(url)


def _who_waits(request: HttpRequest) -> User | None:
    """Give the user who has just given the right password."""
    waiting = request.session.get(_WAITING)
    if waiting is None or waiting["until_s"] < time.time():
        return None
    user = User.objects.filter(pk=waiting["user_id"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != waiting["password"]:
        return None
    return user


def _address_of(request: HttpRequest) -> str:
    address: str = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # takes any request
    return address
