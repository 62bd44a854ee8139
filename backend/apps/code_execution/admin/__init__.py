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

__all__ = [
    "control",
    "deliveries",
    "judgements",
    "references",
    "rejudgings",
    "service",
    "submissions",
]
