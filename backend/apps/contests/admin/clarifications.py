"""What jury and participants say to each other."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.contests.admin.scope import ContestFilter, ContestScopedAdmin, rights_of
from apps.contests.models import Clarification
from apps.contests.models.communication import CLARIFICATION_CHARS_MAX
from apps.contests.services import clarifications
from apps.core.confirmation import Question, ask, is_confirmed
from apps.users.admin.actors import actor_of


class AnswerForm(forms.Form):
    """An answer of the jury."""

    text = forms.CharField(
        label="Answer",
        max_length=CLARIFICATION_CHARS_MAX,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
    )
    is_to_all = forms.BooleanField(
        label="To all participants",
        required=False,
        help_text="They read the question too, and not who asked. Else the asker alone reads it.",
    )


class AnsweredFilter(admin.SimpleListFilter):
    """Whether the jury has answered."""

    title = "questions"
    parameter_name = "questions"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what waits."""
        return [("open", "To be answered"), ("answered", "Answered")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow to questions."""
        if self.value() is None:
            return queryset
        questions = queryset.filter(from_participant__isnull=False)
        return questions.filter(has_answer=self.value() == "answered")


@admin.register(Clarification)
class ClarificationAdmin(ContestScopedAdmin):
    """Questions, answers and announcements; nobody rewrites what was said."""

    list_display = ["created_at", "contest", "problem", "kind", "short_text", "to_do"]
    list_display_links = ["created_at", "short_text"]
    list_filter = [AnsweredFilter, ContestFilter]
    list_select_related = ["contest", "problem__problem", "problem__contest"]
    search_fields = ["text"]
    fields = [
        ("contest", "problem"),
        "from_participant",
        "to_participant",
        "reply_to",
        "author",
        "text",
        "created_at",
    ]
    show_full_result_count = False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Clarification]:
        """Tell along which are answered."""
        answers = Clarification.objects.filter(reply_to=OuterRef("pk"))
        rows: QuerySet[Clarification] = super().get_queryset(request)
        return rows.annotate(has_answer=Exists(answers))

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody add by hand: juries answer, and announce on a contest's control page."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody rewrite what was said."""
        return False

    @override
    def get_urls(self) -> list[URLPattern]:
        """Add the answer."""
        view = self.admin_site.admin_view(self.answer_view)
        return [
            path("<int:question_id>/answer/", view, name="contests_clarification_answer"),
            *super().get_urls(),
        ]

    @admin.display(description="kind")
    def kind(self, row: Clarification) -> str:
        """Tell what it is."""
        if row.from_participant_id is not None:
            return "question"
        if row.reply_to_id is None:
            return "announcement"
        return "answer" if row.to_participant_id else "answer to all"

    @admin.display(description="text")
    def short_text(self, row: Clarification) -> str:
        """Show how it begins."""
        limit = 80
        return row.text if len(row.text) <= limit else f"{row.text[:limit]}..."

    @admin.display(description="to do")
    def to_do(self, row: Clarification) -> SafeString | str:
        """Link to the answer that is due."""
        if row.from_participant_id is None:
            return ""
        word = "Answer again" if getattr(row, "has_answer", False) else "Answer"
        url = reverse("admin:contests_clarification_answer", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, word)

    def answer_view(self, request: HttpRequest, question_id: int) -> HttpResponse:
        """Answer a question.

        Raises:
            PermissionDenied: The user is not of the contest's jury.
        """
        question = get_object_or_404(self.get_queryset(request), pk=question_id)
        if not rights_of(request).visibility(question.contest).may_judge:
            raise PermissionDenied
        form = AnswerForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            asker = question.from_participant
            page = Question(
                title="Answer a question",
                effects=[
                    (
                        f"{asker.display_name if asker else 'Somebody'} asks in"
                        f" {question.contest}, about {question.problem or 'the contest at large'}:"
                    ),
                    question.text,
                ],
                button="Send the answer",
                back_url=reverse("admin:contests_clarification_changelist"),
                form=form,
            )
            return ask(request, self, page)
        clarifications.answer(
            contest=question.contest,
            question_id=question.pk,
            author=actor_of(request),
            **form.cleaned_data,
        )
        self.message_user(request, "The answer is sent.", messages.SUCCESS)
        return redirect("admin:contests_contest_control", question.contest_id)
