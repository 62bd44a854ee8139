"""How lists of submissions can be narrowed."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from typing_extensions import override

from apps.code_execution.models import CodeSubmission, Rejudging
from apps.code_execution.reading import without_secret_outcomes
from apps.contests.filters import IdFilter, visible_contests
from apps.contests.permissions import rights_of

OUTCOMES = ("status", "verdict", "is_correct")


class ContestSubmissionFilter(filters.FilterSet):
    """By who tried what."""

    problem = IdFilter()
    participant = IdFilter()

    class Meta:
        model = CodeSubmission
        fields = ("problem", "participant", "language")


class SubmissionFilter(filters.FilterSet):
    """By where they belong and how they did, as far as the caller may know that."""

    contest = filters.ModelChoiceFilter(queryset=visible_contests)
    problem = IdFilter()
    user = IdFilter()

    class Meta:
        model = CodeSubmission
        fields = ("contest", "problem", "user", "purpose", "language", *OUTCOMES)

    @override
    def filter_queryset(self, queryset: QuerySet[CodeSubmission]) -> QuerySet[CodeSubmission]:
        """Leave out what a filter by outcome would give away, and trial runs unless asked for."""
        narrowed: QuerySet[CodeSubmission] = super().filter_queryset(queryset)
        asked: dict[str, Any] = self.form.cleaned_data
        if not asked.get("purpose"):
            narrowed = narrowed.exclude(purpose=CodeSubmission.Purpose.TRIAL)
        if any(asked.get(name) not in {None, ""} for name in OUTCOMES):
            return without_secret_outcomes(rights_of(self.request), narrowed)
        return narrowed


class RejudgingFilter(filters.FilterSet):
    """By what was judged again, and how far it is."""

    contest = IdFilter()
    problem = IdFilter()

    class Meta:
        model = Rejudging
        fields = ("contest", "problem", "state")
