"""Problem packages on their way in."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from typing_extensions import override

from apps.core.upload_admin import UploadAdmin, UploadForm, upload_field
from apps.problems.models import PackageUpload
from apps.problems.uploads import Preview, import_upload, preview_upload
from apps.users.admin.actors import actor_of


class PackageUploadForm(UploadForm[PackageUpload]):
    """Takes a problem package."""

    file = upload_field(
        label="Problem package",
        accepts="A zip in the legacy Kattis or ICPC format",
        command="import_problem",
    )

    class Meta(UploadForm.Meta):
        model = PackageUpload


@admin.register(PackageUpload)
class PackageUploadAdmin(UploadAdmin[PackageUpload]):
    """Packages to look at and to import."""

    form = PackageUploadForm
    change_form_template = "admin/problems/package_upload.html"
    became = "problem"
    report_title = "Report on a package"

    @override
    def preview(self, upload: PackageUpload) -> Preview | None:
        """Read a package."""
        return preview_upload(upload)

    @override
    def import_upload(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """Make a problem of a package."""
        problem = import_upload(upload_id=upload_id, actor=actor_of(request))
        self.message_user(request, "The problem is here.", messages.SUCCESS)
        return redirect("admin:problems_problem_change", problem.pk)
