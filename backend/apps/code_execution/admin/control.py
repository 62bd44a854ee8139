"""A contest's control page: its clock, queue, questions and board, and every act on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
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

from apps.code_execution import finalizing, rejudging
from apps.code_execution.admin.submissions import start_rejudging
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.scoring import mend_board
from apps.contests.admin import ContestAdmin
from apps.contests.admin.participant_import import import_view
from apps.contests.admin.scope import actor_of, rights_of
from apps.contests.models import Contest, ContestParticipant
from apps.contests.models.communication import CLARIFICATION_CHARS_MAX
from apps.contests.services import acts, clarifications
from apps.contests.timing import Phase
from apps.core.confirmation import Question, ask, is_confirmed, selection
from apps.core.errors import ClientError
from apps.users.models import User

ROWS_MAX = 10
FAILING_MAX = 20
MINUTES_MAX = acts.EXTENSION_MAX // timedelta(minutes=1)
Effects = Callable[[Contest, datetime], list[str]]


class ExtensionForm(forms.Form):
    """By how much."""

    minutes = forms.IntegerField(min_value=1, max_value=MINUTES_MAX)


class CloneForm(forms.Form):
    """What the copy is called, and when it starts."""

    title = forms.CharField(max_length=acts.TITLE_CHARS_MAX)
    start_time = forms.SplitDateTimeField(
        required=False,
        widget=AdminSplitDateTime,
        help_text="In UTC; all other times move along. Empty: the same times.",
    )


class AnnouncementForm(forms.Form):
    """What all participants are told."""

    text = forms.CharField(
        max_length=CLARIFICATION_CHARS_MAX, widget=forms.Textarea(attrs={"rows": 6, "cols": 80})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that one does to a contest, after a page that says what it affects."""

    name: str
    title: str
    effects: Effects
    run: Callable[[Contest, dict[str, Any], datetime, User], Contest]
    phases: frozenset[Phase] = frozenset(set(Phase) - {Phase.FINALIZED})
    form: type[forms.Form] | None = None
    is_for_judges: bool = False
    done: str = "Done."


def _participants(contest: Contest) -> int:
    return contest.participants.filter(state=ContestParticipant.State.REGISTERED).count()


def _publish(contest: Contest, is_published: bool, actor: User) -> Contest:  # noqa: FBT001
    return acts.publish(contest=contest, is_published=is_published, actor=actor)


def _announce(contest: Contest, said: dict[str, Any], now: datetime, actor: User) -> Contest:
    clarifications.announce(contest=contest, author=actor, text=said["text"], problem_id=None)
    return contest


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


RUNNING = frozenset({Phase.RUNNING, Phase.FROZEN})
OVER = frozenset({Phase.ENDED, Phase.UNFROZEN})
ACTS: Sequence[Act] = (
    Act(
        name="publish",
        title="Publish",
        effects=lambda contest, now: [
            "Everybody who may enter sees the contest in lists.",
            (
                f"{contest.contest_problems.count()} problems are set; they stay hidden until the"
                " start."
            ),
        ],
        run=lambda contest, said, now, actor: _publish(contest, True, actor),  # noqa: FBT003
        done="The contest is published.",
    ),
    Act(
        name="unpublish",
        title="Hide",
        effects=lambda contest, now: [
            "Only the jury sees the contest.",
            f"{_participants(contest)} participants lose sight of it.",
        ],
        run=lambda contest, said, now, actor: _publish(contest, False, actor),  # noqa: FBT003
        done="The contest is hidden.",
    ),
    Act(
        name="extend",
        title="Extend",
        form=ExtensionForm,
        phases=RUNNING | {Phase.BEFORE},
        effects=lambda contest, now: [
            (
                f"The end moves for all {_participants(contest)} participants; it is at"
                f" {_when(contest.end_time)}."
            ),
            "The freeze moves along, unless it has come: what is hidden stays so.",
        ],
        run=lambda contest, said, now, actor: acts.extend(
            contest=contest, by=timedelta(minutes=said["minutes"]), now=now, actor=actor
        ),
        done="The contest ends later.",
    ),
    Act(
        name="freeze",
        title="Freeze now",
        phases=frozenset({Phase.RUNNING}),
        effects=lambda contest, now: [
            (
                "Verdicts on what is submitted from now on are hidden from all but its participant"
                " and the jury."
            ),
            f"{_participants(contest)} participants see a frozen board.",
        ],
        run=lambda contest, said, now, actor: acts.freeze(contest=contest, now=now, actor=actor),
        done="The board is frozen.",
    ),
    Act(
        name="unfreeze",
        title="Unfreeze",
        phases=OVER,
        effects=lambda contest, now: [
            f"Everybody sees the true board of {_participants(contest)} participants.",
        ],
        run=lambda contest, said, now, actor: acts.unfreeze(contest=contest, now=now, actor=actor),
        done="The board is open.",
    ),
    Act(
        name="finalize",
        title="Finalise",
        phases=OVER,
        effects=lambda contest, now: [
            f"The results of {_participants(contest)} participants become final and public.",
            (
                "Afterwards nothing about the contest changes: no rejudging, no disqualification,"
                " no other times. This can't be undone."
            ),
        ],
        run=lambda contest, said, now, actor: finalizing.finalize(
            contest=contest, now=now, actor=actor
        ),
        done="The results are final.",
    ),
    Act(
        name="clone",
        title="Clone",
        phases=frozenset(Phase),
        form=CloneForm,
        effects=lambda contest, now: [
            (
                f"A new contest gets the rules, {contest.contest_problems.count()} problems,"
                f" {contest.roles.count()} roles and {contest.groups.count()} groups of this one."
            ),
            "Nobody takes part in it, and it is not published.",
        ],
        run=lambda contest, said, now, actor: acts.clone(contest=contest, actor=actor, **said),
        done="This is the copy.",
    ),
    Act(
        name="announce",
        title="Announce",
        phases=frozenset(Phase),
        form=AnnouncementForm,
        is_for_judges=True,
        effects=lambda contest, now: [f"All {_participants(contest)} participants can read it."],
        run=_announce,
        done="The announcement is out.",
    ),
)
BY_NAME = {act.name: act for act in ACTS}


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
