"""Whole contests in and out in the admin."""

from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.archives.contest_archive.writing import feed_lines, write_zip
from apps.archives.models import ArchiveUpload, ContestExport
from apps.archives.services.exporting import NotExportableError, export_contest
from apps.archives.services.importing import ArchiveRefusedError
from apps.archives.services.uploads import (
    UPLOAD_BYTES_MAX,
    import_upload,
    preview_upload,
    store_upload,
)
from apps.users.models import User

_MIB = 1024 * 1024


class UploadForm(forms.ModelForm[ArchiveUpload]):
    """Takes a file."""

    file = forms.FileField(
        label="Contest archive",
        help_text=(
            "An ICPC contest archive: a zip of JSON files, or an event feed (.ndjson). At most"
            f" {UPLOAD_BYTES_MAX // _MIB} MiB; for larger ones there is the command"
            " import_contest. Nothing is imported before you have seen a report."
        ),
    )

    class Meta:
        model = ArchiveUpload
        fields: list[str] = []

    def clean_file(self) -> UploadedFile:
        """Bound the file.

        Raises:
            ValidationError: It is too large.
        """
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > UPLOAD_BYTES_MAX:
            raise forms.ValidationError(
                f"The file has {file.size} bytes; at most {UPLOAD_BYTES_MAX} are taken here."
            )
        return file


@admin.register(ArchiveUpload)
class ArchiveUploadAdmin(admin.ModelAdmin[ArchiveUpload]):
    """Archives to look at and to import: adding one leads to its report."""

    form = UploadForm
    change_form_template = "admin/archives/upload.html"
    list_display = ["file_name", "size_bytes", "uploaded_by", "uploaded_at", "contest"]
    list_select_related = ["uploaded_by", "contest"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[ArchiveUpload]:
        """Leave the contents where they are."""
        return super().get_queryset(request).defer("content")

    @override
    def get_fields(self, request: HttpRequest, obj: ArchiveUpload | None = None) -> Any:
        """Ask for a file, or tell what is known of it."""
        return ["file"] if obj is None else [*self.list_display]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: ArchiveUpload | None = None) -> Any:
        """Let nobody change what came."""
        return [] if obj is None else [*self.list_display]

    @override
    def has_change_permission(self, request: HttpRequest, obj: ArchiveUpload | None = None) -> bool:
        """Allow nobody to change an upload."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: ArchiveUpload, form: Any, change: bool) -> None:
        """Keep the file."""
        file: UploadedFile = form.cleaned_data["file"]
        store_upload(
            upload=obj,
            file_name=file.name or "archive",
            content=file.read(),
            actor=_actor(request),
            now=timezone.now(),
        )

    @override
    def response_add(
        self, request: HttpRequest, obj: ArchiveUpload, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the report."""
        return redirect("admin:archives_archiveupload_change", obj.pk)

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the report beside what is known."""
        upload = self.get_object(request, object_id)
        preview = None
        if upload is not None and self.has_view_permission(request, upload):
            preview = preview_upload(upload)
        context = {**(extra_context or {}), "preview": preview, "title": "Report on an archive"}
        return super().change_view(request, object_id, form_url, context)

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the decision."""
        view = self.admin_site.admin_view(self.import_view)
        return [
            path("<int:upload_id>/import/", view, name="archives_archiveupload_import"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Make a contest of an archive.

        Raises:
            PermissionDenied: The user may not upload archives either.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        get_object_or_404(self.get_queryset(request), pk=upload_id)
        try:
            imported = import_upload(upload_id=upload_id, actor=_actor(request))
        except ArchiveRefusedError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect("admin:archives_archiveupload_change", upload_id)
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
            archive = export_contest(contest=contest, actor=_actor(request), now=timezone.now())
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


def _actor(request: HttpRequest) -> User:
    """Give the user, whom the admin has let in.

    Raises:
        PermissionDenied: Nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
