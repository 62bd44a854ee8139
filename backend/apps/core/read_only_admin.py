"""Admin pages of what the system writes: people look at it."""

from abc import abstractmethod
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from typing_extensions import override


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Nobody adds or changes these."""

    show_full_result_count = False

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change."""
        return False


class OnePageAdmin(ReadOnlyAdmin):
    """One page in place of a list, for whoever may view the model."""

    template: ClassVar[str]

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """Give what the page shows, by the template's names."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Serve the one page."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [path("", self.admin_site.admin_view(self.changelist_view), name=name)]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page.

        Raises:
            PermissionDenied: The user may not see it.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name,
            "opts": self.opts,
            **self.content(),
        }
        return TemplateResponse(request, self.template, context)
