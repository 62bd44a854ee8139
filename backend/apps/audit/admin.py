"""The audit trail in the admin, to read only. Contests register it, as they know who may read."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.audit.models import AuditEntry
from apps.core.read_only_admin import ReadOnlyAdmin

ABOUT_ACCOUNTS = "users."


class AuditEntryAdmin(ReadOnlyAdmin):
    """What was done, by whom, and what it changed."""

    list_display = ["at", "actor_name", "act", "object_label", "contest_id"]
    list_filter = ["act", "at", "object_type"]
    search_fields = ["actor_name", "object_label", "=object_id", "=contest_id"]
    fields = ["at", "actor_name", "act", "object_label", "contest_id", "changes"]
    readonly_fields = ["changes"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Give what was done to accounts to superusers only: it says where people sit."""
        rows = super().get_queryset(request)
        if getattr(request.user, "is_superuser", False):
            return rows
        return rows.exclude(object_type__startswith=ABOUT_ACCOUNTS)

    @admin.display(description="before and after")
    def changes(self, entry: AuditEntry) -> SafeString:
        """Show what the act changed, a line for each field."""
        names = sorted({*entry.before, *entry.after})
        lines = format_html_join(
            "",
            '<tr><th>{}</th><td><pre class="value">{}</pre></td>'
            '<td><pre class="value">{}</pre></td></tr>',
            ((name, _text(entry.before.get(name)), _text(entry.after.get(name))) for name in names),
        )
        head = "<tr><th>field</th><th>before</th><th>after</th></tr>"
        return format_html("<table>{}{}</table>", SafeString(head), lines)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to delete."""
        return False


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, indent=1, ensure_ascii=False)
