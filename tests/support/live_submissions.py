"""Submissions whose streams are followed, and what is told of them."""

from typing import Any

from apps.code_execution.documents import parse_result
from apps.code_execution.models import CodeSubmission
from apps.code_execution.results import apply_result
from tests.support.contests import make_event
from tests.support.webhooks import deliver_progress

SUBMISSIONS = "/api/code-execution/submissions/"
EVENTS = f"{SUBMISSIONS}events"


def events_of(submission: CodeSubmission) -> str:
    """Give the path of its stream."""
    return f"{SUBMISSIONS}{submission.pk}/events"


def finish(submission: CodeSubmission, **fields: Any) -> None:
    """Have it judged."""
    event = make_event(submission, **fields)
    apply_result(result=parse_result(event, id_key="submission_id"))


def report(submission: CodeSubmission, **fields: Any) -> None:
    """Have the execution service say how far it is."""
    answer = deliver_progress(submission, **fields)
    assert answer.status_code == 204, answer.content
