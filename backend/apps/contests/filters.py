"""How lists of contests and problems can be narrowed; no filter tells what a list would not."""

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from apps.contests.domain import ID_MAX
from apps.contests.models import Clarification, Contest
from apps.contests.permissions import rights_of
from apps.problems.models import Problem


class IdFilter(filters.NumberFilter):
    """By an id as a plain number, as a list of choices would tell which ones there are."""

    field_class = forms.IntegerField

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=ID_MAX)


class ContestFilter(filters.FilterSet):
    """By activity, and by a part of the title."""

    title = filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Contest
        fields = ("is_active", "title")


def visible_contests(request: Request | None) -> QuerySet[Contest]:
    """Give the contests that a filter may name; the OpenAPI document is made without a request."""
    return rights_of(request).visible_contests() if request else Contest.objects.none()


class ProblemFilter(filters.FilterSet):
    """By the contest that sets it."""

    contest = filters.ModelChoiceFilter(method="in_contest", queryset=visible_contests)

    class Meta:
        model = Problem
        fields = ("contest",)

    @extend_schema_field(OpenApiTypes.INT)
    def in_contest(
        self, problems: QuerySet[Problem], name: str, contest: Contest
    ) -> QuerySet[Problem]:
        """Give the contest's problems, unless which those are is not to be known yet."""
        is_open = rights_of(self.request).visibility(contest).may_see_problems
        return problems.filter(contests=contest) if is_open else problems.none()


class ClarificationFilter(filters.FilterSet):
    """By whether a question is answered."""

    is_answered = filters.BooleanFilter(method="of_questions")

    class Meta:
        model = Clarification
        fields = ()

    def of_questions(
        self,
        rows: QuerySet[Clarification],
        name: str,
        value: bool,  # noqa: FBT001 - its package calls it so
    ) -> QuerySet[Clarification]:
        """Give questions that the jury has answered, or those that wait for it."""
        questions = rows.filter(from_participant__isnull=False)
        return questions.exclude(replies=None) if value else questions.filter(replies=None)
