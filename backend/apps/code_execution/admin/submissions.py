"""Submissions in the admin: lists that stay fast, and pages with the code beside its runs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override

from apps.code_execution import reading, rejudging, services
from apps.code_execution.admin.highlighting import highlighted
from apps.code_execution.domain import display_duration, display_memory
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.admin.scope import ContestFilter, ContestScopedAdmin, rights_of
from apps.core.bounded_paginator import BoundedPaginator
from apps.core.confirmation import Question, ask, is_confirmed, selection
from apps.core.errors import ClientError
from apps.core.exports import csv_response
from apps.core.read_only_admin import ReadOnlyAdmin
from apps.users.admin.actors import actor_of

EXPORTED = (
    "id",
    "user",
    "participant",
    "contest",
    "problem",
    "purpose",
    "language",
    "status",
    "verdict",
    "score",
    "contest time (ms)",
    "created",
)
# More are rejudged, which goes in the background.
RERUN_MAX = 1000
EXPORT_BATCH_ROWS = 2000
LONG_FIELDS = (*reading.LONG_FIELDS, "contest__description", "problem__statement")


class RejudgingForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=rejudging.REASON_CHARS_MAX, required=False, help_text="Kept in the audit trail."
    )


@admin.register(CodeSubmission)
class SubmissionAdmin(ReadOnlyAdmin, ContestScopedAdmin):
    """Submissions: code, output, errors, test results and judgements on one page."""

    change_form_template = "admin/code_execution/submission.html"
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
    list_filter = ["status", "verdict", "language", "purpose", ContestFilter, "created_at"]
    list_select_related = ["user", "contest", "problem"]
    search_fields = ["=id", "=user__username", "=user__email"]
    search_help_text = "A submission's number, a user name or an address."
    actions = ["run_again", "rejudge", "export"]
    paginator = BoundedPaginator
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("user", "participant"),
                    ("contest", "problem", "purpose"),
                    ("language", "compile_options"),
                    ("status", "verdict", "is_correct", "score"),
                    ("time", "memory", "exit_code"),
                    ("created_at", "submitted_at", "completed_at"),
                ]
            },
        ),
    ]

    class Media:
        css = {"all": ["admin/code_execution/submission.css"]}

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeSubmission]:
        """Leave texts, which may be long, in the database until a page shows them."""
        return super().get_queryset(request).defer(*LONG_FIELDS)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those delete who have Django's permission; what is final stays."""
        contest = obj and obj.contest
        is_final = contest is not None and contest.finalized_at is not None
        return not is_final and admin.ModelAdmin.has_delete_permission(self, request, obj)

    @override
    def delete_model(self, request: HttpRequest, obj: CodeSubmission) -> None:
        """Have the boards follow."""
        services.delete_submission(submission_id=obj.pk, actor=actor_of(request))

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CodeSubmission]) -> None:
        """Delete several, but for those whose contest is final."""
        for submission_id in list(queryset.values_list("pk", flat=True)):
            try:
                services.delete_submission(submission_id=submission_id, actor=actor_of(request))
            except ClientError as error:
                text = f"Submission {submission_id} stays: {error.detail}."
                self.message_user(request, text, messages.WARNING)

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        """Tell whether what judges again may be offered."""
        by_role = bool(rights_of(request).judged_contest_ids)
        return by_role or request.user.has_perm("code_execution.rerun_codesubmission")

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the code beside its runs."""
        submission = self.get_object(request, object_id)
        shown: dict[str, Any] = {}
        if submission is not None and self.has_view_permission(request, submission):
            shown = {
                "code": highlighted(submission.code, submission.language),
                "runs": submission.test_results or [],
                "judgements": _judgements(submission),
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    @admin.display(description="time", ordering="execution_time_ms")
    def time(self, submission: CodeSubmission) -> str | None:
        """Show the time in seconds."""
        return display_duration(submission.execution_time_ms)

    @admin.display(description="memory", ordering="memory_usage_bytes")
    def memory(self, submission: CodeSubmission) -> str | None:
        """Show the peak of memory in MiB."""
        return display_memory(submission.memory_usage_bytes)

    @admin.action(description="Run again...", permissions=["rerun"])
    def run_again(
        self, request: HttpRequest, queryset: QuerySet[CodeSubmission]
    ) -> HttpResponse | None:
        """Judge submissions anew; the old results are void at once."""
        ids = list(queryset.values_list("pk", flat=True)[: RERUN_MAX + 1])
        if not is_confirmed(request) or len(ids) > RERUN_MAX:
            return self._ask_about_rerun(request, queryset)
        count = 0
        for submission_id in ids:
            try:
                services.rerun_submission(submission_id=submission_id, actor=actor_of(request))
            except ClientError as error:
                text = f"Submission {submission_id} is left alone: {error.detail}"
                self.message_user(request, text, messages.WARNING)
            else:
                count += 1
        self.message_user(request, f"{count} submissions are being judged again.", messages.SUCCESS)
        return None

    @admin.action(description="Rejudge, to compare first...", permissions=["rerun"])
    def rejudge(
        self, request: HttpRequest, queryset: QuerySet[CodeSubmission]
    ) -> HttpResponse | None:
        """Judge submissions beside the results in force."""
        chosen = queryset.order_by().values("pk")
        rows = CodeSubmission.objects.filter(pk__in=chosen, purpose__in=rejudging.REJUDGED_PURPOSES)
        url = reverse("admin:code_execution_codesubmission_changelist")
        return start_rejudging(self, request, rows, back_url=url, hidden=selection(request))

    @admin.action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[CodeSubmission]) -> HttpResponse:
        """Download one line for each submission."""
        submissions = queryset.select_related("user", "contest", "problem", "participant__user")
        rows = (
            (
                each.pk,
                each.user.get_username(),
                each.participant and each.participant.display_name,
                each.contest and each.contest.title,
                each.problem and each.problem.title,
                each.purpose,
                each.language,
                each.status,
                each.verdict,
                each.score,
                each.contest_time_ms,
                each.created_at,
            )
            for each in submissions.defer(*LONG_FIELDS, "participant__cells").iterator(
                chunk_size=EXPORT_BATCH_ROWS
            )
        )
        return csv_response("submissions.csv", EXPORTED, rows)

    def _ask_about_rerun(
        self, request: HttpRequest, queryset: QuerySet[CodeSubmission]
    ) -> HttpResponse:
        count = queryset.count()
        is_possible = count <= RERUN_MAX
        effects = [
            f"{count} submissions are selected.",
            (
                "Their results are void at once, and the board shows them as pending until they are"
                " judged."
            ),
        ]
        if not is_possible:
            effects = [f"{count} submissions are too many; rejudge them instead."]
        question = Question(
            title="Run submissions again",
            effects=effects,
            button="Run again",
            back_url=reverse("admin:code_execution_codesubmission_changelist"),
            is_possible=is_possible,
            hidden=selection(request),
        )
        return ask(request, self, question)


def start_rejudging(
    page: admin.ModelAdmin[Any],
    request: HttpRequest,
    submissions: QuerySet[CodeSubmission],
    *,
    back_url: str,
    hidden: Any = None,
) -> HttpResponse:
    """Ask with the counts, then start a rejudging and go to its page."""
    form = RejudgingForm(request.POST if is_confirmed(request) else None)
    if is_confirmed(request) and form.is_valid():
        try:
            started = rejudging.start(
                submissions=submissions,
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
            )
        except ClientError as error:
            page.message_user(request, error.detail, messages.ERROR)
            return redirect(back_url)
        return redirect("admin:code_execution_rejudging_change", started.pk)
    scope = rejudging.scope_of(submissions)
    effects = [f"{scope.taken} submissions are judged once more, beside the results in force."]
    for count, why in (
        (scope.unfinished, "still being judged"),
        (scope.being_rejudged, "in another rejudging"),
        (scope.finalized, "in contests whose results are final"),
    ):
        if count:
            effects.append(f"{count} are left alone: they are {why}.")
    effects.append("Nothing changes until the differences are looked at and applied.")
    question = Question(
        title="Rejudge submissions",
        effects=effects,
        button="Start the rejudging",
        back_url=back_url,
        form=form,
        is_possible=scope.taken > 0,
        hidden=hidden or {},
    )
    return ask(request, page, question)


def _judgements(submission: CodeSubmission) -> list[dict[str, Any]]:
    """Give every judging of a submission, each with the tests on which it differs."""
    rows = submission.judgements.select_related("rejudging").order_by("-created_at")
    in_force = _verdicts(submission.judgement)
    return [
        {
            "row": row,
            "is_in_force": row.pk == submission.judgement_id,
            "differs_on": _differs_on(in_force, _verdicts(row)),
        }
        for row in rows
    ]


def _verdicts(judgement: Judgement | None) -> dict[int, Any]:
    results = (judgement and judgement.test_results) or []
    return {each["test_case_number"]: each.get("verdict") for each in results}


def _differs_on(in_force: dict[int, Any], other: dict[int, Any]) -> list[str]:
    return [
        f"{number}: {in_force.get(number) or '-'} / {verdict or '-'}"
        for number, verdict in other.items()
        if in_force.get(number) != verdict
    ]
