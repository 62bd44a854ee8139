"""Submissions in the admin, and the control pages of contests."""

from apps.code_execution.admin import (
    control,
    deliveries,
    judgements,
    references,
    rejudgings,
    service,
    submissions,
)
from apps.code_execution.admin.read_only import ReadOnlyAdmin

__all__ = [
    "ReadOnlyAdmin",
    "control",
    "deliveries",
    "judgements",
    "references",
    "rejudgings",
    "service",
    "submissions",
]
