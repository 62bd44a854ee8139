"""The inbox."""

from django.db import models
from typing_extensions import override

from apps.code_execution.models import CodeSubmission

EVENT_ID_CHARS_MAX = 200


class WebhookEvent(models.Model):
    """An event that has been taken; one with the same `event_id` is not looked at again."""

    event_id = models.CharField(max_length=EVENT_ID_CHARS_MAX, unique=True)
    event = models.CharField(max_length=64, blank=True, default="")
    submission = models.ForeignKey(
        CodeSubmission, on_delete=models.SET_NULL, null=True, related_name="events"
    )
    has_changed = models.BooleanField(help_text="Whether the event changed the submission.")
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-received_at", "-id"]

    @override
    def __str__(self) -> str:
        return self.event_id
