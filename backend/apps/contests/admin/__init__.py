"""Contests in the admin."""

from apps.contests.admin import audit, clarifications, participants
from apps.contests.admin.contests import ContestAdmin

__all__ = ["ContestAdmin", "audit", "clarifications", "participants"]
