"""Contests and problems in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from typing_extensions import override

from apps.contests import services
from apps.contests.models import (
    PROBLEM_FILES_MAX,
    Contest,
    ContestParticipant,
    ContestProblem,
    Problem,
    ProblemFile,
    ProblemLanguage,
    TestCase,
)
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


class ContestAdmin(admin.ModelAdmin[Contest]):
    """Contests. Registered by `code_execution.admin`, which can rank them by the submissions."""

    list_display = ["title", "is_active", "start_time", "end_time", "participant_count"]
    list_filter = ["is_active", "start_time", "end_time"]
    search_fields = ["title"]
    # Said again, as counting along drops the model's own.
    ordering = ["-created_at", "-id"]
    inlines = [ContestProblemInline, ParticipantInline]
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
            services.close_contest(contest=contest, now=timezone.now())
        self.message_user(request, f"Closed {len(queryset)} contests.", messages.SUCCESS)

    @admin.action(description="Export the standings as CSV", permissions=["view"])
    def export_standings(self, request: HttpRequest, queryset: QuerySet[Contest]) -> HttpResponse:
        """Download who has reached what."""
        participants = ContestParticipant.objects.filter(contest__in=queryset)
        return standings_response(participants.order_by("contest", "rank", "joined_at"))


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


class VerbatimField(forms.CharField):
    """A text that is kept to the last blank; line ends are what programs read and print."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})

    @override
    def to_python(self, value: Any) -> str | None:
        """Undo what browsers do to line ends. Source: WHATWG HTML, form submission."""
        text = super().to_python(value)
        return text and text.replace("\r\n", "\n")


class TestCaseForm(forms.ModelForm[TestCase]):
    """A test case, kept as it is typed."""

    __test__ = False

    class Meta:
        model = TestCase
        fields = ["position", "points", "is_sample", "input", "expected_output"]
        field_classes = {"input": VerbatimField, "expected_output": VerbatimField}


class TestCaseInline(admin.StackedInline[TestCase, Problem]):
    """The test cases of a problem."""

    __test__ = False

    model = TestCase
    form = TestCaseForm
    fields = [("position", "points", "is_sample"), ("input", "expected_output")]
    extra = 0


class ProblemLanguageInline(admin.TabularInline[ProblemLanguage, Problem]):
    """Where a problem allows a language more, or less, than usual."""

    model = ProblemLanguage
    extra = 0


class ProblemFileForm(forms.ModelForm[ProblemFile]):
    """A file, kept as it is typed."""

    class Meta:
        model = ProblemFile
        fields = ["language", "name", "content"]
        field_classes = {"content": VerbatimField}


class ProblemFileInline(admin.StackedInline[ProblemFile, Problem]):
    """What lies beside every program for a problem."""

    model = ProblemFile
    form = ProblemFileForm
    fields = [("name", "language"), "content"]
    max_num = PROBLEM_FILES_MAX
    extra = 0


@admin.register(Problem)
class ProblemAdmin(admin.ModelAdmin[Problem]):
    """Problems with their test cases."""

    list_display = ["title", "time_limit_ms", "memory_limit_bytes", "test_count"]
    list_filter = ["contests"]
    search_fields = ["title"]
    # Said again, as counting along drops the model's own.
    ordering = ["id"]
    inlines = [ProblemLanguageInline, ProblemFileInline, TestCaseInline]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Problem]:
        """Count the test cases along."""
        return super().get_queryset(request).annotate(how_many=Count("test_cases", distinct=True))

    @admin.display(description="test cases", ordering="how_many")
    def test_count(self, problem: Problem) -> int:
        """Give the number of test cases."""
        count: int = getattr(problem, "how_many", 0)
        return count


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
