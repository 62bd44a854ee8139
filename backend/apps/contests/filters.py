"""How lists of contests and problems can be narrowed."""

from django_filters import rest_framework as filters

from apps.contests.models import Contest
from apps.problems.models import Problem


class ContestFilter(filters.FilterSet):
    """By activity, and by a part of the title."""

    title = filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Contest
        fields = ("is_active", "title")


class ProblemFilter(filters.FilterSet):
    """By the contest that sets it."""

    contest = filters.ModelChoiceFilter(field_name="contests", queryset=Contest.objects.all())

    class Meta:
        model = Problem
        fields = ("contest",)
