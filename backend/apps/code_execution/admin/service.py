"""What the execution service's host has and lacks."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from typing_extensions import override

from apps.code_execution.admin.read_only import ReadOnlyAdmin
from apps.code_execution.examination import examine_service
from apps.code_execution.models import ExecutionService


@admin.register(ExecutionService)
class ExecutionServiceAdmin(ReadOnlyAdmin):
    """What the execution service's host has and lacks."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Serve the one page."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="code_execution_executionservice_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one page in place of a list.

        Raises:
            PermissionDenied: The user may not see it.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name,
            "opts": self.opts,
            "examination": examine_service(),
        }
        return TemplateResponse(request, "admin/code_execution/execution_service.html", context)
