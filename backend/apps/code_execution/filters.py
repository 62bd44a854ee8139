"""How the list of submissions can be narrowed."""

from django_filters import rest_framework as filters

from apps.code_execution.models import CodeSubmission


class SubmissionFilter(filters.FilterSet):
    """By where they belong and how they did."""

    class Meta:
        model = CodeSubmission
        fields = ("contest", "problem", "user", "status", "language", "verdict", "is_correct")
