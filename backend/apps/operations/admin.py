"""The page that says how the installation is doing."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from apps.code_execution.admin.read_only import ReadOnlyAdmin
from apps.operations import services
from apps.operations.models import Operations


@admin.register(Operations)
class OperationsAdmin(ReadOnlyAdmin):
    """One page in place of a list."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Serve the one page."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="operations_operations_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what is wrong, and the figures.

        Raises:
            PermissionDenied: The user may not see it.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name,
            "opts": self.opts,
            "situation": services.look(now=timezone.now()),
        }
        return TemplateResponse(request, "admin/operations/operations.html", context)
