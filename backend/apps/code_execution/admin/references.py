"""Problems in the admin, each with a page on its reference submissions."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from typing_extensions import override

from apps.code_execution.references import is_judging, judge_references, reference_outcomes
from apps.problems.admin import ProblemAdmin
from apps.problems.models import Problem
from apps.users.admin.actors import actor_of

PAGE = "problems_problem_references"


@admin.register(Problem)
class JudgedProblemAdmin(ProblemAdmin):
    """Problems whose reference submissions can be judged."""

    change_form_template = "admin/code_execution/problem.html"

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.references_view)
        return [path("<int:problem_id>/references/", view, name=PAGE), *super().get_urls()]

    def references_view(self, request: HttpRequest, problem_id: int) -> HttpResponse:
        """Show what reference submissions should get and what they got; a POST judges them.

        Raises:
            PermissionDenied: The user may not look at the problem, or not have it judged.
        """
        problem = get_object_or_404(Problem, pk=problem_id)
        may_judge = self.has_change_permission(request, problem)
        if not self.has_view_permission(request, problem):
            raise PermissionDenied
        if request.method == "POST":
            if not may_judge:
                raise PermissionDenied
            count = judge_references(problem=problem, user=actor_of(request))
            self.message_user(request, f"{count} programs wait to be judged.", messages.SUCCESS)
            return redirect(f"admin:{PAGE}", problem.pk)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Reference submissions of {problem}",
            "problem": problem,
            "outcomes": reference_outcomes(problem),
            "is_judging": is_judging(problem),
            "may_judge": may_judge,
        }
        return TemplateResponse(request, "admin/code_execution/references.html", context)
