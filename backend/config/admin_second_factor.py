"""The admin's page on which one sets up, renews or removes one's own second factor."""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from apps.users import second_factor, sign_in_limits
from apps.users.models import User
from apps.users.serializers import CODE_CHARS_MAX, PASSWORD_CHARS_MAX
from config.admin_sign_in import count_try

_SECRET = "second_factor_secret"  # noqa: S105 - a key of the session
ACTS = ("set_up", "renew", "remove")


class ProofForm(forms.Form):
    """The password again, as the page may stand open where others pass."""

    password = forms.CharField(
        max_length=PASSWORD_CHARS_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        self._request = request
        self._user = user
        super().__init__(data)

    def clean_password(self) -> str:
        """Check the password, as often as one may try.

        Raises:
            ValidationError: It is wrong, or it was tried too often.
        """
        password: str = self.cleaned_data["password"]
        count_try(self._user.get_username(), self._request)
        if not self._user.check_password(password):
            sign_in_limits.note_failure(self._user.get_username())
            raise ValidationError("This is not your password.")
        return password


class SetUpForm(ProofForm):
    """The password, and the first code of the app."""

    code = forms.CharField(
        max_length=CODE_CHARS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def second_factor_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the page, or do what one of its buttons says.

    Raises:
        PermissionDenied: Nobody is signed in.
    """
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    act = request.POST.get("act", "")
    form_class = SetUpForm if act == "set_up" else ProofForm
    form = form_class(request, user, request.POST) if act in ACTS else None
    recovery_codes = None
    if form is not None and form.is_valid():
        recovery_codes = _do(act, form, request, user)
        if not form.errors:
            form = None
    state = second_factor.state_of(user)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Second factor",
        "state": state,
        "recovery_codes": recovery_codes,
        "proof_form": form or ProofForm(request, user),
        "act": act,
    }
    if state is None:
        secret = request.session.setdefault(_SECRET, second_factor.new_secret())
        invitation = second_factor.invitation_to(user, secret)
        # Made here of nothing but squares.
        context |= {"invitation": invitation, "picture": SafeString(invitation.picture)}
        context["set_up_form"] = form if isinstance(form, SetUpForm) else SetUpForm(request, user)
    return TemplateResponse(request, "admin/users/second_factor.html", context)


def _do(act: str, form: ProofForm, request: HttpRequest, user: User) -> list[str] | None:
    """Do it; give new codes to recover with."""
    has_one = second_factor.has_one(user)
    if act == "remove":
        second_factor.remove(user=user, actor=user)
    elif act == "renew" and has_one:
        return second_factor.renew_recovery_codes(user)
    elif act == "set_up" and not has_one:
        secret = request.session.get(_SECRET, "")
        codes = second_factor.set_up(user=user, secret=secret, code=form.cleaned_data["code"])
        if codes is None:
            form.add_error("code", "This is not the code that the app shows now.")
            return None
        request.session.pop(_SECRET, None)
        return codes
    return None
