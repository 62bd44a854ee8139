"""Rows that the system writes: people look at them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
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
