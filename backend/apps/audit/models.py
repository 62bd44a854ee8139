"""The table of the audit trail."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from typing_extensions import override


class AuditEntry(models.Model):
    """One act of a person (or of the system, without `actor`) on one object.

    It outlives the person and the object, so it names both in words. `before` and `after` hold the
    fields that the act changed.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="audit_entries",
    )
    actor_name = models.CharField(max_length=150, blank=True)
    act = models.CharField(max_length=64, help_text="Such as contest.extend.")
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=200)
    # A number, as the contest may be gone.
    contest_id = models.PositiveBigIntegerField(null=True, blank=True)
    before = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["contest_id", "-at"], name="audit_by_contest"),
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.act} on {self.object_label}"
