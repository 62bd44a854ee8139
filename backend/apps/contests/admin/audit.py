"""The audit trail, as far as one's contests go."""

from django.contrib import admin

from apps.audit.admin import AuditEntryAdmin
from apps.audit.models import AuditEntry
from apps.contests.admin.scope import ContestScopedAdmin


@admin.register(AuditEntry)
class ContestAuditAdmin(AuditEntryAdmin, ContestScopedAdmin):
    """Juries read what was done to their contests."""

    contest_lookup = "contest_id"
