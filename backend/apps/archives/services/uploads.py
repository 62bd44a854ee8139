"""Archives that wait for somebody to look at them and to decide."""

from io import BytesIO

from django.db import transaction

from apps.archives.contest_archive.reading import read_file
from apps.archives.models import ArchiveUpload
from apps.archives.preview import Preview, preview_of
from apps.archives.services.importing import ArchiveRefusedError, Imported, import_contest
from apps.users.models import User


def preview_upload(upload: ArchiveUpload) -> Preview | None:
    """Look at an archive; `None` when it is not kept any more."""
    return None if upload.content is None else preview_of(read_file(BytesIO(upload.content)))


@transaction.atomic
def import_upload(*, upload_id: int, actor: User) -> Imported:
    """Make a contest of an archive, once.

    Raises:
        ArchiveRefusedError: It became one already, has errors, or can't become a contest here.
    """
    upload = ArchiveUpload.objects.select_for_update().get(pk=upload_id)
    preview = preview_upload(upload)
    if preview is None:
        raise ArchiveRefusedError("This archive has become a contest already.")
    if preview.reading.archive is None:
        count = preview.reading.report.error_count
        raise ArchiveRefusedError(f"The archive has {count} errors; correct them first.")
    imported = import_contest(archive=preview.reading.archive, actor=actor)
    upload.contest = imported.contest
    upload.content = None
    upload.save(update_fields=["contest", "content"])
    return imported
