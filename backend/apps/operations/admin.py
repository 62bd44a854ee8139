"""The page that says how the installation is doing."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from typing_extensions import override

from apps.core.read_only_admin import OnePageAdmin
from apps.operations import services
from apps.operations.models import Operations


@admin.register(Operations)
class OperationsAdmin(OnePageAdmin):
    """What is wrong, and the figures."""

    template = "admin/operations/operations.html"

    @override
    def content(self) -> dict[str, Any]:
        """Look at it now."""
        return {"situation": services.look(now=timezone.now())}
