"""Files that somebody hands in, looks at a report of, and then has imported: one admin for all."""

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from typing_extensions import override

from apps.core.errors import ClientError
from apps.core.uploads import UPLOAD_BYTES_MAX, FileUpload, store_upload

Upload = TypeVar("Upload", bound=FileUpload)


_MIB = 1024 * 1024


def upload_field(*, label: str, accepts: str, command: str) -> forms.FileField:
    """Ask for a file, and say what comes then."""
    return forms.FileField(
        label=label,
        help_text=(
            f"{accepts}, of at most {UPLOAD_BYTES_MAX // _MIB} MiB; for larger ones there is the"
            f" command {command}. Nothing is imported before you have seen a report."
        ),
    )


class UploadForm(forms.ModelForm[Upload]):
    """Takes a file, an `upload_field` of that name; who inherits names the model too."""

    class Meta:
        fields: ClassVar[list[str]] = []

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


class UploadAdmin(admin.ModelAdmin[Upload]):
    """Uploads to look at and to import: adding one leads to its report.

    `became` names the field that tells what an upload has become.
    """

    became: str
    report_title: str

    @abstractmethod
    def preview(self, upload: Upload) -> object:
        """Look at an upload, for the template; `None` when it is not kept any more."""

    @abstractmethod
    def import_upload(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Make of an upload what it is to become, say so, and go there.

        Raises:
            ClientError: It can't become that.
        """

    @override
    def get_list_display(self, request: HttpRequest) -> Any:
        """Tell what came, from whom, and what it has become."""
        return ["file_name", "size_bytes", "uploaded_by", "uploaded_at", self.became]

    @override
    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        """Name what the list tells of."""
        return ["uploaded_by", self.became]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        """Leave the contents where they are."""
        return super().get_queryset(request).defer("content")

    @override
    def get_fields(self, request: HttpRequest, obj: Upload | None = None) -> Any:
        """Ask for a file, or tell what is known of it."""
        return ["file"] if obj is None else self.get_list_display(request)

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Upload | None = None) -> Any:
        """Let nobody change what came."""
        return [] if obj is None else self.get_list_display(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        """Allow nobody to change an upload."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: Upload, form: Any, change: bool) -> None:
        """Keep the file."""
        file: UploadedFile = form.cleaned_data["file"]
        now = timezone.now()
        store_upload(obj, file=file, actor_id=request.user.pk, became=self.became, now=now)

    @override
    def response_add(
        self, request: HttpRequest, obj: Upload, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the report."""
        return redirect(self._url_of("change", obj.pk))

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
            preview = self.preview(upload)
        context = {**(extra_context or {}), "preview": preview, "title": self.report_title}
        return super().change_view(request, object_id, form_url, context)

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the decision."""
        view = self.admin_site.admin_view(self.import_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_import"
        return [path("<int:upload_id>/import/", view, name=name), *super().get_urls()]

    def import_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Import an upload that somebody has decided to take.

        Raises:
            PermissionDenied: The user may not upload either.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        get_object_or_404(self.get_queryset(request), pk=upload_id)
        try:
            return self.import_upload(request, upload_id)
        except ClientError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect(self._url_of("change", upload_id))

    def _url_of(self, page: str, upload_id: int) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[upload_id])
