"""The inbox in the admin."""

from django.contrib import admin

from apps.core.read_only_admin import ReadOnlyAdmin
from apps.webhooks.models import WebhookEvent


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Events that have been taken."""

    list_display = ["event_id", "event", "submission", "has_changed", "received_at"]
    list_filter = ["has_changed", "event", "received_at"]
    list_select_related = ["submission"]
    search_fields = ["=event_id", "=submission__id"]
