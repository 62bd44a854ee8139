"""The audit trail in the admin: to read only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from typing_extensions import override

from apps.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """What was done, by whom, and what it changed."""

    list_display = ["at", "actor_name", "act", "object_label", "contest_id"]
    list_filter = ["act", "at"]
    search_fields = ["actor_name", "object_label", "=object_id", "=contest_id"]
    date_hierarchy = "at"
    show_full_result_count = False

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to delete."""
        return False
