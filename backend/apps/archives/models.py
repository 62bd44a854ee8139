"""Archives on their way in, and contests on their way out."""

from django.db import models

from apps.contests.models import Contest
from apps.core.uploads import FileUpload


class ArchiveUpload(FileUpload):
    """A contest archive that somebody handed in, to be looked at and then made a contest."""

    contest = models.ForeignKey(
        Contest, on_delete=models.SET_NULL, null=True, related_name="+", help_text="What it became."
    )

    class Meta(FileUpload.Meta):
        abstract = False
        verbose_name = "contest archive to import"
        verbose_name_plural = "contest archives to import"


class ContestExport(Contest):
    """No rows of its own: it gives the admin's downloads of contests their place and permission."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "contest to export"
        verbose_name_plural = "contests to export"
