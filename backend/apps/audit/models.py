"""The table of the audit trail, which only grows until what is old is forgotten."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from typing_extensions import override


class ImmutableError(Exception):
    """Somebody tried to change or delete an entry of the audit trail."""

    def __init__(self) -> None:
        super().__init__("Entries of the audit trail are neither changed nor deleted.")


class AuditEntries(models.QuerySet["AuditEntry"]):
    """Entries, which nothing changes and nothing but their age deletes."""

    def forget_before(self, moment: datetime) -> int:
        """Delete what is older; give how much it was."""
        count, _ = models.QuerySet.delete(self.filter(at__lt=moment))
        return count

    @override
    def update(self, **values: Any) -> int:
        """Change nothing.

        Raises:
            ImmutableError: Always.
        """
        raise ImmutableError

    @override
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete nothing.

        Raises:
            ImmutableError: Always.
        """
        raise ImmutableError


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

    objects = AuditEntries.as_manager()

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

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry.

        Raises:
            ImmutableError: It is an old one.
        """
        if not self._state.adding:
            raise ImmutableError
        super().save(*args, **kwargs)

    @override
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete nothing.

        Raises:
            ImmutableError: Always.
        """
        raise ImmutableError
