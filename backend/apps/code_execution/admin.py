"""Submissions in the admin, and what ranks contests by them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.code_execution import reading, services
from apps.code_execution.domain import display_duration, display_memory
from apps.code_execution.examination import examine_service
from apps.code_execution.models import CodeSubmission, ExecutionService, Judgement, Rejudging
from apps.code_execution.scoring import recompute_board
from apps.contests.admin import ContestAdmin
from apps.contests.models import Contest
from apps.core.errors import IllegalTransitionError
from apps.core.exports import csv_response

EXPORTED = ("id", "user", "contest", "problem", "language", "status", "verdict", "score", "created")
RESULT_COLUMNS = {
    "verdict": "verdict",
    "execution_time_ms": "time (ms)",
    "memory_usage_bytes": "memory (bytes)",
    "exit_code": "exit code",
    "error": "error",
}


@admin.register(Contest)
class RankedContestAdmin(ContestAdmin):
    """Contests, with their ranking."""

    actions = [*ContestAdmin.actions, "recompute_ranking"]

    @admin.action(description="Recompute the ranking", permissions=["change"])
    def recompute_ranking(self, request: HttpRequest, queryset: QuerySet[Contest]) -> None:
        """Compute scores and ranks anew."""
        for contest in queryset:
            recompute_board(contest=contest)
        self.message_user(request, f"Ranked {len(queryset)} contests.", messages.SUCCESS)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that the system writes: people look at them."""

    show_full_result_count = False

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change."""
        return False


class JudgementInline(admin.TabularInline[Judgement, CodeSubmission]):
    """Every judging of a submission, the newest first."""

    model = Judgement
    fields = (
        "created_at",
        "delivered_at",
        "microservice_submission_id",
        "finished_at",
        "verdict",
        "score",
        "attempts",
        "last_error",
    )
    readonly_fields = fields
    extra = 0
    can_delete = False

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to add."""
        return False


@admin.register(CodeSubmission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Submissions: code, output, errors and test results on one page."""

    list_display = [
        "id",
        "user",
        "verdict",
        "score",
        "language",
        "problem",
        "contest",
        "status",
        "time",
        "created_at",
    ]
    list_filter = ["status", "verdict", "language", "contest", "created_at"]
    list_select_related = ["user", "contest", "problem"]
    search_fields = ["=id", "user__username", "user__email", "problem__title"]
    date_hierarchy = "created_at"
    inlines = [JudgementInline]
    actions = ["run_again", "export"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("user", "contest", "problem"),
                    ("language", "compile_options"),
                    "shown_code",
                ]
            },
        ),
        (
            "Result",
            {
                "fields": [
                    ("status", "verdict", "is_correct", "score"),
                    ("time", "memory", "exit_code"),
                    "shown_output",
                    "shown_error",
                    "shown_tests",
                ]
            },
        ),
        (
            "Times",
            {"fields": [("created_at", "submitted_at", "completed_at"), "updated_at"]},
        ),
        ("Input", {"fields": ["shown_input"], "classes": ["collapse"]}),
    ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeSubmission]:
        """Leave texts, which may be long, in the database until a page shows them."""
        return super().get_queryset(request).defer(*reading.LONG_FIELDS)

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action may be offered."""
        return request.user.has_perm("code_execution.rerun_codesubmission")

    @admin.display(description="code")
    def shown_code(self, submission: CodeSubmission) -> SafeString:
        """Show the program as it was handed in."""
        return _block(submission.code)

    @admin.display(description="input")
    def shown_input(self, submission: CodeSubmission) -> SafeString:
        """Show what the program was given."""
        return _block(submission.input_data)

    @admin.display(description="output")
    def shown_output(self, submission: CodeSubmission) -> SafeString:
        """Show what the program printed."""
        return _block(submission.output)

    @admin.display(description="errors")
    def shown_error(self, submission: CodeSubmission) -> SafeString:
        """Show what went wrong."""
        return _block(submission.error_output)

    @admin.display(description="test results")
    def shown_tests(self, submission: CodeSubmission) -> SafeString:
        """Show one line for each test case."""
        if not submission.test_results:
            return format_html("{}", "-")
        titles = ("test", *RESULT_COLUMNS.values())
        heads = format_html_join("", "<th>{}</th>", ([title] for title in titles))
        lines = format_html_join("", "<tr>{}</tr>", ([_cells(x)] for x in submission.test_results))
        return format_html("<table><tr>{}</tr>{}</table>", heads, lines)

    @admin.display(description="time", ordering="execution_time_ms")
    def time(self, submission: CodeSubmission) -> str | None:
        """Show the time in seconds."""
        return display_duration(submission.execution_time_ms)

    @admin.display(description="memory", ordering="memory_usage_bytes")
    def memory(self, submission: CodeSubmission) -> str | None:
        """Show the peak of memory in MiB."""
        return display_memory(submission.memory_usage_bytes)

    @admin.action(description="Run again", permissions=["rerun"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[CodeSubmission]) -> None:
        """Judge submissions anew; those still being judged are left alone."""
        left_alone = 0
        ids = list(queryset.values_list("pk", flat=True))
        for submission_id in ids:
            try:
                services.rerun_submission(submission_id=submission_id)
            except IllegalTransitionError:
                left_alone += 1
        text = f"{len(ids) - left_alone} submissions are being judged again."
        if left_alone:
            text += f" {left_alone} are still being judged, so they were left alone."
        self.message_user(request, text, messages.WARNING if left_alone else messages.SUCCESS)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[CodeSubmission]) -> HttpResponse:
        """Download one line for each submission."""
        rows = (
            (
                each.pk,
                each.user.get_username(),
                each.contest and each.contest.title,
                each.problem and each.problem.title,
                each.language,
                each.status,
                each.verdict,
                each.score,
                each.created_at,
            )
            for each in queryset.select_related("user", "contest", "problem")
        )
        return csv_response("submissions.csv", EXPORTED, rows)


@admin.register(Judgement)
class JudgementAdmin(ReadOnlyAdmin):
    """Orders to the execution service: what waits, and why."""

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
    list_filter = [("finished_at", admin.EmptyFieldListFilter), "verdict", "created_at"]
    list_select_related = ["submission"]
    search_fields = ["=submission__id", "submission__user__username"]


@admin.register(Rejudging)
class RejudgingAdmin(ReadOnlyAdmin):
    """Staged rejudgings."""

    list_display = ["id", "contest", "problem", "state", "reason", "created_by", "created_at"]
    list_filter = ["state", "contest"]


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


def _block(text: str | None) -> SafeString:
    return format_html('<pre style="white-space: pre-wrap; margin: 0">{}</pre>', text or "")


def _cells(test_result: dict[str, Any]) -> SafeString:
    sample = " (sample)" if test_result.get("is_sample") else ""
    number = f"{test_result.get('test_case_number')}{sample}"
    values = [number, *(test_result.get(name) for name in RESULT_COLUMNS)]
    shown = ("" if value is None else value for value in values)
    return format_html_join("", "<td>{}</td>", ([value] for value in shown))
