"""Accounts in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from typing_extensions import override

from apps.users.models import User


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """Superusers manage accounts; contest managers look people up."""

    @override
    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show managers who somebody is, and no more."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ["username", "first_name", "last_name", "email"]})]
