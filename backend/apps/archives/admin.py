"""Whole contests in and out in the admin."""

from tempfile import TemporaryFile

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.archives.contest_archive.writing import feed_lines, write_zip
from apps.archives.models import ArchiveUpload, ContestExport
from apps.archives.preview import Preview
from apps.archives.services.exporting import NotExportableError, export_contest
from apps.archives.services.uploads import import_upload, preview_upload
from apps.core.upload_admin import UploadAdmin, UploadForm, upload_field
from apps.users.admin.actors import actor_of


class ArchiveUploadForm(UploadForm[ArchiveUpload]):
    """Takes a contest archive."""

    file = upload_field(
        label="Contest archive",
        accepts="An ICPC contest archive: a zip of JSON files, or an event feed (.ndjson)",
        command="import_contest",
    )

    class Meta(UploadForm.Meta):
        model = ArchiveUpload


@admin.register(ArchiveUpload)
class ArchiveUploadAdmin(UploadAdmin[ArchiveUpload]):
    """Archives to look at and to import."""

    form = ArchiveUploadForm
    change_form_template = "admin/archives/upload.html"
    became = "contest"
    report_title = "Report on an archive"

    @override
    def preview(self, upload: ArchiveUpload) -> Preview | None:
        """Read an archive."""
        return preview_upload(upload)

    @override
    def import_upload(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Make a contest of an archive."""
        imported = import_upload(upload_id=upload_id, actor=actor_of(request))
        counts = ", ".join(f"{count} {what}" for what, count in imported.counts.items())
        self.message_user(
            request, f"The contest is here, not published yet: {counts}.", messages.SUCCESS
        )
        return redirect("admin:contests_contest_change", imported.contest.pk)


@admin.register(ContestExport)
class ContestExportAdmin(admin.ModelAdmin[ContestExport]):
    """Downloads of whole contests, with everything that the jury knows."""

    list_display = ["title", "start_time", "end_time", "downloads"]
    list_display_links = None
    search_fields = ["title"]

    @admin.display(description="download")
    def downloads(self, contest: ContestExport) -> SafeString:
        """Link to the archive in its two forms."""
        return format_html(
            '<a href="{}">archive (zip)</a> &middot; <a href="{}">event feed</a>',
            reverse("admin:archives_contestexport_download", args=[contest.pk, "zip"]),
            reverse("admin:archives_contestexport_download", args=[contest.pk, "ndjson"]),
        )

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the downloads."""
        view = self.admin_site.admin_view(self.download_view)
        return [
            path(
                "<int:contest_id>/contest.<str:form>", view, name="archives_contestexport_download"
            ),
            *super().get_urls(),
        ]

    def download_view(
        self, request: HttpRequest, contest_id: int, form: str
    ) -> HttpResponse | FileResponse:
        """Send a contest as a file.

        Raises:
            PermissionDenied: The user may not export contests.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        contest = get_object_or_404(self.get_queryset(request), pk=contest_id)
        try:
            archive = export_contest(contest=contest, actor=actor_of(request), now=timezone.now())
        except NotExportableError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect("admin:archives_contestexport_changelist")
        file = TemporaryFile()  # noqa: SIM115 - the response closes it when it was sent
        if form == "ndjson":
            file.writelines(line.encode() for line in feed_lines(archive))
        else:
            write_zip(archive, file)
        file.seek(0)
        name = f"{archive.contest.id}.{'ndjson' if form == 'ndjson' else 'zip'}"
        return FileResponse(file, as_attachment=True, filename=name)
