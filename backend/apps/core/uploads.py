"""Files that wait for somebody to look at them and to decide."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils import timezone
from typing_extensions import override

UPLOAD_BYTES_MAX = 32 * 1024 * 1024
FILE_NAME_CHARS_MAX = 200
# What nobody has imported by then is dropped when the next one comes.
_KEPT = timedelta(days=7)


class FileUpload(models.Model):
    """A file that somebody handed in; `content` is dropped when it has become something."""

    file_name = models.CharField(max_length=FILE_NAME_CHARS_MAX)
    size_bytes = models.PositiveIntegerField()
    content = models.BinaryField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["-uploaded_at", "-id"]

    @override
    def __str__(self) -> str:
        return self.file_name


def store_upload(
    upload: FileUpload, *, file: UploadedFile, actor_id: int | None, became: str, now: datetime
) -> None:
    """Keep a file until somebody decides; drop those for which nobody did in time."""
    kind = type(upload)
    waiting = kind._default_manager.filter(**{f"{became}__isnull": True})  # noqa: SLF001 - Django documents it
    waiting.filter(uploaded_at__lt=now - _KEPT).delete()
    upload.file_name = (file.name or "upload")[:FILE_NAME_CHARS_MAX]
    upload.content = file.read()
    upload.size_bytes = len(upload.content)
    upload.uploaded_by_id = actor_id
    upload.uploaded_at = now
    upload.save()
