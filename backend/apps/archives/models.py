"""Archives on their way in, and contests on their way out."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from typing_extensions import override

from apps.contests.models import Contest


class ArchiveUpload(models.Model):
    """An archive that somebody handed in, to be looked at and then made a contest.

    `content` is dropped when it has become one.
    """

    file_name = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    content = models.BinaryField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=timezone.now)
    contest = models.ForeignKey(
        Contest, on_delete=models.SET_NULL, null=True, related_name="+", help_text="What it became."
    )

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        verbose_name = "contest archive to import"
        verbose_name_plural = "contest archives to import"

    @override
    def __str__(self) -> str:
        return self.file_name


class ContestExport(Contest):
    """No rows of its own: it gives the admin's downloads of contests their place and permission."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "contest to export"
        verbose_name_plural = "contests to export"
