"""What the execution service's host has and lacks."""

from typing import Any

from django.contrib import admin
from typing_extensions import override

from apps.code_execution.examination import examine_service
from apps.code_execution.models import ExecutionService
from apps.core.read_only_admin import OnePageAdmin


@admin.register(ExecutionService)
class ExecutionServiceAdmin(OnePageAdmin):
    """What the execution service's host has and lacks."""

    template = "admin/code_execution/execution_service.html"

    @override
    def content(self) -> dict[str, Any]:
        """Ask the service itself."""
        return {"examination": examine_service()}
