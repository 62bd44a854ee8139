"""Accounts in the admin."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from typing_extensions import override

from apps.core.confirmation import Question, ask, is_confirmed, selection
from apps.users import second_factor
from apps.users.admin.actors import actor_of
from apps.users.models import User
from apps.users.signals import tell_of_act

# allauth's page would let one change what `second_factor` keeps.
admin.site.unregister(Authenticator)
_BEFORE = "_roles_before"


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """Superusers manage accounts; contest managers look people up."""

    actions = ("remove_second_factors",)

    @override
    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show managers who somebody is, and no more."""
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ["username", "first_name", "last_name", "email"]})]
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [*fieldsets, ("Second factor", {"fields": ["second_factor"]})]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show the second factor, which is not changed here."""
        return [*super().get_readonly_fields(request, obj), "second_factor"]

    @admin.display(description="second factor")
    def second_factor(self, user: User) -> str:
        """Say whether signing in needs a code."""
        state = second_factor.state_of(user)
        return f"Set up on {state.since:%Y-%m-%d}." if state else "None."

    @override
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store the account, and remember what it was allowed before."""
        before = _roles_in_words(User.objects.get(pk=obj.pk)) if change else {}
        setattr(request, _BEFORE, before)
        super().save_model(request, obj, form, change)

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store groups and permissions, and note what the account is allowed now."""
        super().save_related(request, form, formsets, change)
        before: dict[str, Any] = getattr(request, _BEFORE)
        after = _roles_in_words(User.objects.get(pk=form.instance.pk))
        names = [name for name in after if before.get(name) != after[name]]
        if names:
            tell_of_act(
                act="account.change_roles" if change else "account.create",
                of=form.instance,
                actor=actor_of(request),
                before={name: before[name] for name in names if name in before},
                after={name: after[name] for name in names},
            )

    @override
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Let superusers give somebody a new password, which is noted."""
        before = self.get_object(request, id)
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            after = self.get_object(request, id)
            if before and after and before.password != after.password:
                tell_of_act(act="account.change_password", of=after, actor=actor_of(request))
        return response

    @override
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete an account, which is noted."""
        self._delete(request, [obj])

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete accounts, each of which is noted."""
        self._delete(request, queryset)

    def _delete(self, request: HttpRequest, users: Iterable[User]) -> None:
        with transaction.atomic():
            for user in users:
                tell_of_act(
                    act="account.delete",
                    of=user,
                    actor=actor_of(request),
                    before=_roles_in_words(user),
                )
                super().delete_model(request, user)

    @admin.action(description="Remove the second factor…", permissions=["change"])
    def remove_second_factors(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """Let people in by the password alone who have lost their app and their codes."""
        users = [user for user in queryset if second_factor.has_one(user)]
        if is_confirmed(request):
            for user in users:
                second_factor.remove(user=user, actor=actor_of(request))
            self.message_user(request, f"{len(users)} removed.", messages.SUCCESS)
            return None
        names = ", ".join(user.get_username() for user in users)
        question = Question(
            title="Remove the second factor",
            effects=[
                f"These will sign in with the password alone: {names}."
                if users
                else "None of the selected accounts has a second factor."
            ],
            button="Yes, remove it",
            back_url=reverse("admin:users_user_changelist"),
            is_possible=bool(users),
            hidden=selection(request),
        )
        return ask(request, self, question)


def _roles_in_words(user: User) -> dict[str, Any]:
    permissions = user.user_permissions.order_by("codename").values_list("codename", flat=True)
    return {
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
        "permissions": list(permissions),
    }
