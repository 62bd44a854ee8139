"""Entering contests and submitting to them, as clients do."""

from typing import Any

from rest_framework.test import APIClient

from apps.contests.models import Contest

CONTESTS = "/api/code-execution/contests/"
SUBMISSIONS = "/api/code-execution/submissions/"


def join(client: APIClient, contest: Contest, **body: Any) -> Any:
    """Join a contest."""
    return client.post(f"{CONTESTS}{contest.pk}/join/", body)


def submit(client: APIClient, contest: Contest, **fields: Any) -> Any:
    """Submit a small program."""
    body = {"code": "print(3)", "language": "python", "contest": contest.pk, **fields}
    return client.post(SUBMISSIONS, body)


def states(contest: Contest) -> dict[str, str]:
    """Say of each participant, by the account, in which state they are."""
    rows = contest.participants.select_related("user").order_by("joined_at", "id")
    return {row.user.username: row.state for row in rows}
