"""A contest's control page: its clock, queue, questions and board, and the way to every act."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.code_execution import rejudging
from apps.code_execution.admin.contest_acts import ACTS, BY_NAME, Act
from apps.code_execution.admin.submissions import start_rejudging
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.scoring import mend_board
from apps.contests.admin import ContestAdmin
from apps.contests.admin.participant_import import import_view
from apps.contests.admin.scope import rights_of
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import acts, clarifications
from apps.core.confirmation import Question, ask, is_confirmed, selection
from apps.core.errors import ClientError
from apps.users.admin.actors import actor_of

ROWS_MAX = 10
FAILING_MAX = 20


@admin.register(Contest)
class ControlledContestAdmin(ContestAdmin):
    """Contests, each with its control page."""

    change_form_template = "admin/code_execution/contest.html"
    list_display = [*ContestAdmin.list_display, "control"]
    actions = [*ContestAdmin.actions, "close", "recompute_ranking"]

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the control page and its acts."""

        def route(address: str, view: Any, name: str) -> URLPattern:
            guarded = self.admin_site.admin_view(view)
            found: URLPattern = path(address, guarded, name=f"contests_contest_{name}")
            return found

        return [
            route("<int:contest_id>/import/", self.import_view, "import"),
            route("<int:contest_id>/control/", self.control_view, "control"),
            route("<int:contest_id>/control/rejudge/", self.rejudge_view, "rejudge"),
            route("<int:contest_id>/control/<str:name>/", self.act_view, "act"),
            *super().get_urls(),
        ]

    @admin.display(description="control page")
    def control(self, contest: Contest) -> SafeString:
        """Link to the control page."""
        url = reverse("admin:contests_contest_control", args=[contest.pk])
        return format_html('<a href="{}">Control</a>', url)

    @admin.action(description="Close the selected contests...", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Contest]) -> HttpResponse | None:
        """End contests now."""
        if not is_confirmed(request):
            entrants = ContestParticipant.objects.filter(contest__in=queryset.order_by()).count()
            question = Question(
                title="Close contests",
                effects=[
                    (
                        f"{len(queryset)} contests with {entrants} participants end now; those that"
                        " have not started are switched off."
                    )
                ],
                button="Close",
                back_url=reverse("admin:contests_contest_changelist"),
                hidden=selection(request),
            )
            return ask(request, self, question)
        count = 0
        for contest in queryset:
            if self.has_change_permission(request, contest):
                acts.close(contest=contest, now=timezone.now(), actor=actor_of(request))
                count += 1
        self.message_user(request, f"Closed {count} contests.", messages.SUCCESS)
        return None

    @admin.action(description="Recompute the ranking", permissions=["change"])
    def recompute_ranking(self, request: HttpRequest, queryset: QuerySet[Contest]) -> None:
        """Compute scores and ranks anew; what is final stays."""
        actor = actor_of(request)
        changeable = [each for each in queryset if self.has_change_permission(request, each)]
        changed = sum(mend_board(contest=contest, actor=actor) for contest in changeable)
        text = f"Ranked {len(changeable)} contests; {changed} totals or ranks are other ones."
        self.message_user(request, text, messages.SUCCESS)

    def control_view(self, request: HttpRequest, contest_id: int) -> HttpResponse:
        """Show how a contest is, and what can be done."""
        contest = self._contest(request, contest_id)
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Control: {contest}",
            "contest": contest,
            "now": now,
            "phase": contest.schedule.phase(now),
            "acts": [act for act in ACTS if self._may(request, act, contest, now)],
            "may_manage": self.has_change_permission(request, contest),
            "may_judge": self._is_jury(request, contest),
            **_state_of(contest),
        }
        return TemplateResponse(request, "admin/code_execution/control.html", context)

    def act_view(self, request: HttpRequest, contest_id: int, name: str) -> HttpResponse:
        """Ask, then do.

        Raises:
            Http404: There is no such act.
            PermissionDenied: The user may not do it, or not now.
        """
        contest = self._contest(request, contest_id)
        now = timezone.now()
        if name not in BY_NAME:
            raise Http404
        act = BY_NAME[name]
        if not self._may(request, act, contest, now):
            raise PermissionDenied
        url = reverse("admin:contests_contest_control", args=[contest.pk])
        form = act.form(request.POST if is_confirmed(request) else None) if act.form else None
        if not is_confirmed(request) or (form is not None and not form.is_valid()):
            question = Question(
                title=f"{act.title}: {contest}",
                effects=act.effects(contest, now),
                button=act.title,
                back_url=url,
                form=form,
            )
            return ask(request, self, question)
        said = form.cleaned_data if form is not None else {}
        try:
            changed = act.run(contest, said, now, actor_of(request))
        except ClientError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect(url)
        self.message_user(request, act.done, messages.SUCCESS)
        return redirect("admin:contests_contest_control", changed.pk)

    def rejudge_view(self, request: HttpRequest, contest_id: int) -> HttpResponse:
        """Rejudge the whole contest, or one of its problems (`?problem=`).

        Raises:
            PermissionDenied: The user is not of the jury.
        """
        contest = self._contest(request, contest_id)
        if not self._is_jury(request, contest):
            raise PermissionDenied
        problem = request.GET.get("problem", "")
        submissions = rejudging.submissions_to_rejudge(
            rights_of(request),
            contest_id=contest.pk,
            problem_id=int(problem) if problem.isdecimal() else None,
        )
        url = reverse("admin:contests_contest_control", args=[contest.pk])
        return start_rejudging(self, request, submissions, back_url=url)

    def import_view(self, request: HttpRequest, contest_id: int) -> HttpResponse:
        """Import accounts and participants from a table."""
        return import_view(self, request, self._contest(request, contest_id))

    def _contest(self, request: HttpRequest, contest_id: int) -> Contest:
        contest: Contest = get_object_or_404(self.get_queryset(request), pk=contest_id)
        return contest

    def _may(self, request: HttpRequest, act: Act, contest: Contest, now: datetime) -> bool:
        if contest.schedule.phase(now) not in act.phases:
            return False
        if act.name in {"publish", "unpublish"} and contest.is_published == (act.name == "publish"):
            return False
        if act.name == "unfreeze" and not contest.schedule.is_frozen(now):
            return False
        if act.is_for_judges:
            return self._is_jury(request, contest)
        if act.name == "clone":
            return self.has_add_permission(request)
        return self.has_change_permission(request, contest)

    def _is_jury(self, request: HttpRequest, contest: Contest) -> bool:
        by_role = contest.pk in rights_of(request).judged_contest_ids
        return by_role or request.user.has_perm("code_execution.rerun_codesubmission")


def _state_of(contest: Contest) -> dict[str, Any]:
    """Give what the control page shows of a contest."""
    unfinished = Judgement.objects.filter(submission__contest=contest, finished_at=None)
    participants = contest.participants.select_related("user", "public_standing")
    questions = clarifications.unanswered(contest)
    by_state = participants.order_by().values_list("state").annotate(count=Count("pk"))
    by_status = contest.submissions.order_by().values_list("status").annotate(count=Count("pk"))
    return {
        "problems": contest.contest_problems.select_related("problem").defer("problem__statement"),
        "board": participants.exclude(rank=None).order_by("rank", "joined_at")[:ROWS_MAX],
        "participant_counts": sorted(by_state),
        "submission_counts": sorted(by_status),
        "waiting": unfinished.filter(delivered_at=None).count(),
        "judging": unfinished.exclude(delivered_at=None).count(),
        "failing": unfinished.exclude(last_error="").order_by("due_at")[:FAILING_MAX],
        "questions": questions[:ROWS_MAX],
        "question_count": questions.count(),
        "newest": CodeSubmission.objects
        .filter(contest=contest)
        .select_related("user", "problem")
        .only("user__username", "problem__title", "verdict", "status", "language", "created_at")[
            :ROWS_MAX
        ],
        "rejudgings": contest.rejudgings.all()[:ROWS_MAX],
        "last_end": acts.last_end(contest),
    }
