"""Contests in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from typing_extensions import override

from apps.contests.models import (
    Clarification,
    Contest,
    ContestGroup,
    ContestParticipant,
    ContestProblem,
    ContestRole,
    Organization,
)
from apps.contests.services import contests
from apps.core.exports import csv_response

STANDINGS_HEADER = ("contest", "rank", "user", "final score", "last improved", "joined")


class ContestProblemInline(admin.TabularInline[ContestProblem, Contest]):
    """The problems of a contest."""

    model = ContestProblem
    autocomplete_fields = ["problem"]
    extra = 0


class ParticipantInline(admin.TabularInline[ContestParticipant, Contest]):
    """The participants of a contest; what they have reached follows from their submissions."""

    model = ContestParticipant
    fields = ["user", "joined_at", "final_score", "rank", "last_improved_at", "has_submitted"]
    readonly_fields = ["joined_at", "final_score", "rank", "last_improved_at", "has_submitted"]
    autocomplete_fields = ["user"]
    extra = 0

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[ContestParticipant]:
        """Fetch the users along."""
        return super().get_queryset(request).select_related("user")


class RoleInline(admin.TabularInline[ContestRole, Contest]):
    """Who runs a contest."""

    model = ContestRole
    autocomplete_fields = ["user"]
    extra = 0


class GroupInline(admin.TabularInline[ContestGroup, Contest]):
    """The groups of a contest's participants."""

    model = ContestGroup
    extra = 0


class ContestAdmin(admin.ModelAdmin[Contest]):
    """Contests. Registered by `code_execution.admin`, which can rank them by the submissions."""

    list_display = ["title", "is_active", "start_time", "end_time", "participant_count"]
    list_filter = ["is_active", "start_time", "end_time"]
    search_fields = ["title"]
    # Said again, as counting along drops the model's own.
    ordering = ["-created_at", "-id"]
    inlines = [ContestProblemInline, RoleInline, GroupInline, ParticipantInline]
    actions = ["close", "export_standings"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Contest]:
        """Count the participants along."""
        return super().get_queryset(request).annotate(how_many=Count("participants"))

    @admin.display(description="participants", ordering="how_many")
    def participant_count(self, contest: Contest) -> int:
        """Give the number of participants."""
        count: int = getattr(contest, "how_many", 0)
        return count

    @admin.action(description="Close the selected contests", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Contest]) -> None:
        """End contests now."""
        for contest in queryset:
            contests.close_contest(contest=contest, now=timezone.now())
        self.message_user(request, f"Closed {len(queryset)} contests.", messages.SUCCESS)

    @admin.action(description="Export the standings as CSV", permissions=["view"])
    def export_standings(self, request: HttpRequest, queryset: QuerySet[Contest]) -> HttpResponse:
        """Download who has reached what."""
        participants = ContestParticipant.objects.filter(contest__in=queryset)
        return standings_response(participants.order_by("contest", "rank", "joined_at"))


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    """What participants come from."""

    list_display = ["name", "formal_name", "country"]
    search_fields = ["name", "formal_name"]


@admin.register(Clarification)
class ClarificationAdmin(admin.ModelAdmin[Clarification]):
    """What jury and participants say to each other."""

    list_display = ["created_at", "contest", "problem", "from_participant", "text"]
    list_filter = ["contest"]
    search_fields = ["text"]
    raw_id_fields = ["reply_to", "from_participant", "to_participant"]
    autocomplete_fields = ["author"]


@admin.register(ContestParticipant)
class ParticipantAdmin(admin.ModelAdmin[ContestParticipant]):
    """Participants over all contests."""

    list_display = ["user", "contest", "rank", "final_score", "last_improved_at", "joined_at"]
    list_filter = ["contest"]
    list_select_related = ["user", "contest"]
    search_fields = ["user__username", "user__email", "contest__title"]
    autocomplete_fields = ["contest", "user"]
    readonly_fields = ["final_score", "rank", "last_improved_at", "has_submitted"]
    show_full_result_count = False
    actions = ["export_standings"]

    @admin.action(description="Export the selected participants as CSV", permissions=["view"])
    def export_standings(
        self, request: HttpRequest, queryset: QuerySet[ContestParticipant]
    ) -> HttpResponse:
        """Download who has reached what."""
        return standings_response(queryset)


def standings_response(participants: QuerySet[ContestParticipant]) -> HttpResponse:
    """Make a download of participants, in the order they come."""
    rows: list[tuple[Any, ...]] = [
        (
            each.contest.title,
            each.rank,
            each.user.get_username(),
            each.final_score,
            each.last_improved_at,
            each.joined_at,
        )
        for each in participants.select_related("contest", "user")
    ]
    return csv_response("standings.csv", STANDINGS_HEADER, rows)
