"""Staged rejudgings: what they would change, and the decision."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from typing_extensions import override

from apps.code_execution import rejudging
from apps.code_execution.comparison import LINES_MAX, Comparison, compare
from apps.code_execution.models import Rejudging
from apps.contests.admin.scope import ContestScopedAdmin, rights_of
from apps.core.confirmation import Question, ask, is_confirmed
from apps.core.errors import ClientError
from apps.core.read_only_admin import ReadOnlyAdmin
from apps.users.admin.actors import actor_of

DECISIONS = {"apply": rejudging.apply, "cancel": rejudging.cancel}


@admin.register(Rejudging)
class RejudgingAdmin(ReadOnlyAdmin, ContestScopedAdmin):
    """Staged rejudgings, each with its differences."""

    change_form_template = "admin/code_execution/rejudging.html"
    list_display = ["id", "contest", "problem", "state", "reason", "created_by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["contest", "problem", "created_by"]
    fields = [
        ("contest", "problem"),
        "reason",
        ("state", "created_by", "created_at"),
        ("decided_by", "decided_at"),
    ]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to delete: what was decided stays known."""
        return False

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the decision."""
        view = self.admin_site.admin_view(self.decide_view)
        return [
            path(
                "<int:rejudging_id>/decide/<str:decision>/",
                view,
                name="code_execution_rejudging_decide",
            ),
            *super().get_urls(),
        ]

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the differences beside what is known."""
        row = self.get_object(request, object_id)
        comparison = None
        if row is not None and self.has_view_permission(request, row):
            comparison = compare(row)
        context = {
            **(extra_context or {}),
            "comparison": comparison,
            "lines_max": LINES_MAX,
            "title": f"Rejudging {object_id}",
            "may_decide": row is not None and self._may_decide(request, row),
        }
        return super().change_view(request, object_id, form_url, context)

    def decide_view(self, request: HttpRequest, rejudging_id: int, decision: str) -> HttpResponse:
        """Apply or cancel, after asking.

        Raises:
            PermissionDenied: The user may not decide about it, or not so.
        """
        row: Rejudging = get_object_or_404(self.get_queryset(request), pk=rejudging_id)
        if decision not in DECISIONS or not self._may_decide(request, row):
            raise PermissionDenied
        url = reverse("admin:code_execution_rejudging_change", args=[row.pk])
        if not is_confirmed(request):
            return ask(request, self, _question(row, decision, url))
        try:
            decided = DECISIONS[decision](rejudging=row, actor=actor_of(request))
        except ClientError as error:
            self.message_user(request, error.detail, messages.ERROR)
        else:
            self.message_user(request, f"The rejudging is {decided.state}.", messages.SUCCESS)
        return redirect(url)

    def _may_decide(self, request: HttpRequest, row: Rejudging) -> bool:
        if row.state not in {Rejudging.State.JUDGING, Rejudging.State.READY}:
            return False
        if request.user.has_perm("code_execution.rerun_codesubmission"):
            return True
        return row.contest_id in rights_of(request).judged_contest_ids


def _question(row: Rejudging, decision: str, url: str) -> Question:
    comparison = compare(row)
    if decision == "apply":
        return Question(
            title=f"Apply {row}",
            effects=_effects(comparison),
            button="Apply: put the new results in force",
            back_url=url,
            is_possible=row.state == Rejudging.State.READY,
        )
    left = comparison.total - comparison.judged
    return Question(
        title=f"Cancel {row}",
        effects=[
            f"All {comparison.total} submissions keep the results in force.",
            f"{left} are not judged yet; results that still come are ignored.",
        ],
        button="Cancel the rejudging",
        back_url=url,
    )


def _effects(comparison: Comparison) -> list[str]:
    if comparison.judged < comparison.total:
        left = comparison.total - comparison.judged
        return [f"{left} of {comparison.total} submissions are still being judged."]
    moved = [each for each in comparison.affected if each.old_rank != each.new_rank]
    return [
        (
            f"{comparison.total} submissions get the new judgement;"
            f" for {comparison.changed} of them it is another result."
        ),
        (
            f"{len(comparison.affected)} participants have another total or rank afterwards;"
            f" {len(moved)} another rank."
        ),
    ]
