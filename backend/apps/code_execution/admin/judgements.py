"""Orders to the execution service: what waits, and why."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from typing_extensions import override

from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.admin.scope import ContestScopedAdmin
from apps.core.bounded_paginator import BoundedPaginator
from apps.core.read_only_admin import ReadOnlyAdmin


class DeliveryFilter(admin.SimpleListFilter):
    """Where the order is."""

    title = "delivery"
    parameter_name = "delivery"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the stages."""
        return [
            ("failing", "Failing"),
            ("waiting", "Waits to be handed over"),
            ("judging", "Being judged"),
            ("finished", "Finished"),
        ]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow to one stage."""
        match self.value():
            case "failing":
                return queryset.filter(finished_at=None).exclude(last_error="")
            case "waiting":
                return queryset.filter(finished_at=None, delivered_at=None)
            case "judging":
                return queryset.filter(finished_at=None, delivered_at__isnull=False)
            case "finished":
                return queryset.filter(finished_at__isnull=False)
            case _:
                return queryset


class JudgementInline(admin.TabularInline[Judgement, CodeSubmission]):
    """Every judging of a submission, the newest first."""

    model = Judgement
    fields = (
        "created_at",
        "rejudging",
        "delivered_at",
        "finished_at",
        "verdict",
        "score",
        "attempts",
        "last_error",
    )
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Judgement]:
        """Fetch the rejudgings along."""
        return super().get_queryset(request).select_related("rejudging")

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to whoever sees the submission."""
        return True

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to add."""
        return False


@admin.register(Judgement)
class JudgementAdmin(ReadOnlyAdmin, ContestScopedAdmin):
    """Orders to the execution service: what waits, and why."""

    contest_lookup = "submission__contest"
    list_display = [
        "submission",
        "created_at",
        "delivered_at",
        "finished_at",
        "due_at",
        "attempts",
        "verdict",
        "last_error",
    ]
    list_filter = [DeliveryFilter, "verdict", "created_at"]
    list_select_related = ["submission"]
    search_fields = ["=submission__id", "submission__user__username"]
    paginator = BoundedPaginator
