"""Problem packages on their way in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from apps.problems.domain import MIB
from apps.problems.models import PackageUpload
from apps.problems.uploads import (
    UPLOAD_BYTES_MAX,
    PackageRefusedError,
    import_upload,
    preview_upload,
    store_upload,
)
from apps.users.models import User


class PackageUploadForm(forms.ModelForm[PackageUpload]):
    """Takes a file."""

    file = forms.FileField(
        label="Problem package",
        help_text=(
            "A zip in the legacy Kattis or ICPC format, of at most"
            f" {UPLOAD_BYTES_MAX // MIB} MiB; for larger ones there is the command"
            " import_problem. Nothing is imported before you have seen a report."
        ),
    )

    class Meta:
        model = PackageUpload
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


@admin.register(PackageUpload)
class PackageUploadAdmin(admin.ModelAdmin[PackageUpload]):
    """Packages to look at and to import: adding one leads to its report."""

    form = PackageUploadForm
    change_form_template = "admin/problems/package_upload.html"
    list_display = ["file_name", "size_bytes", "uploaded_by", "uploaded_at", "problem"]
    list_select_related = ["uploaded_by", "problem"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[PackageUpload]:
        """Leave the contents where they are."""
        return super().get_queryset(request).defer("content")

    @override
    def get_fields(self, request: HttpRequest, obj: PackageUpload | None = None) -> Any:
        """Ask for a file, or tell what is known of it."""
        return ["file"] if obj is None else [*self.list_display]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: PackageUpload | None = None) -> Any:
        """Let nobody change what came."""
        return [] if obj is None else [*self.list_display]

    @override
    def has_change_permission(self, request: HttpRequest, obj: PackageUpload | None = None) -> bool:
        """Allow nobody to change an upload."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: PackageUpload, form: Any, change: bool) -> None:
        """Keep the file."""
        file: UploadedFile = form.cleaned_data["file"]
        store_upload(
            upload=obj,
            file_name=file.name or "package.zip",
            content=file.read(),
            actor=_actor(request),
            now=timezone.now(),
        )

    @override
    def response_add(
        self, request: HttpRequest, obj: PackageUpload, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the report."""
        return redirect("admin:problems_packageupload_change", obj.pk)

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
        context = {**(extra_context or {}), "preview": preview, "title": "Report on a package"}
        return super().change_view(request, object_id, form_url, context)

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the decision."""
        view = self.admin_site.admin_view(self.import_view)
        return [
            path("<int:upload_id>/import/", view, name="problems_packageupload_import"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Make a problem of a package.

        Raises:
            PermissionDenied: The user may not upload packages either.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        get_object_or_404(self.get_queryset(request), pk=upload_id)
        try:
            problem = import_upload(upload_id=upload_id, actor=_actor(request))
        except PackageRefusedError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect("admin:problems_packageupload_change", upload_id)
        self.message_user(request, "The problem is here.", messages.SUCCESS)
        return redirect("admin:problems_problem_change", problem.pk)


def _actor(request: HttpRequest) -> User:
    """Give the user behind a request that the admin has let through."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - the admin serves nobody else
    return user
