"""Who gets into the admin: staff, and managers and judges of any contest."""

import math
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

from apps.contests.services.rights import Rights
from apps.users import sign_in_limits
from apps.users.models import User


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
        address = BaseThrottle().get_ident(self.request)  # type: ignore[arg-type]  # takes any request
        wait_s = sign_in_limits.seconds_to_wait(name, address=address)
        if wait_s is not None:
            raise ValidationError(
                f"There were too many tries to sign in. Try again in {math.ceil(wait_s)} seconds.",
                code="too_many_tries",
            )
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


class ContestAdminSite(AdminSite):
    """The admin; what somebody sees there, each page decides."""

    login_form = JuryAuthenticationForm

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff and juries in."""
        return isinstance(request.user, User) and may_enter(request.user)


def may_enter(user: User) -> bool:
    """Tell whether an account may see the admin."""
    if not user.is_active:
        return False
    return user.is_staff or bool(Rights(user, timezone.now()).judged_contest_ids)
