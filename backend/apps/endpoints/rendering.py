"""What an endpoint is sent: what its owner could read at that moment, and no more."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework.renderers import JSONRenderer

from apps.code_execution.reading import find_submission
from apps.code_execution.serializers import SubmissionSummarySerializer
from apps.contests.models import Clarification, Contest
from apps.contests.services.rights import Rights
from apps.core.errors import SubmissionNotFoundError
from apps.endpoints.event_types import MOMENTS, OF_SUBMISSIONS, EventType
from apps.endpoints.models import Endpoint, EndpointEvent

Data = dict[str, Any]


def body_of(event: EndpointEvent, endpoint: Endpoint, *, now: datetime) -> bytes | None:
    """Give the body as Standard Webhooks has it; `None`: it is not for the owner, or is gone."""
    rights = Rights(endpoint.owner, now)
    data = _data_of(event, endpoint, rights, now) if endpoint.owner.is_active else None
    if data is None:
        return None
    rendered: bytes = JSONRenderer().render({
        "type": event.type,
        "timestamp": event.occurred_at,
        "data": data,
    })
    return rendered


def _data_of(
    event: EndpointEvent, endpoint: Endpoint, rights: Rights, now: datetime
) -> Data | None:
    if event.type == EventType.PING:
        return {"endpoint": endpoint.pk}
    if event.type in OF_SUBMISSIONS:
        return _submission(event, endpoint, rights)
    contest = Contest.objects.filter(pk=event.contest_id or 0).first()
    if contest is None or not _is_in_charge(endpoint, rights, contest):
        return None
    shown: Data = {"contest": _contest(contest, now)}
    if event.type == EventType.CONTEST_ANNOUNCEMENT:
        said = (
            Clarification.objects.filter(pk=event.subject_id or 0).select_related("problem").first()
        )
        return None if said is None else {**shown, "announcement": _announcement(said)}
    return shown


def _submission(event: EndpointEvent, endpoint: Endpoint, rights: Rights) -> Data | None:
    try:
        submission, disclosure = find_submission(rights, event.subject_id or 0, has_program=False)
    except SubmissionNotFoundError:
        return None
    is_of_scope: dict[str, Callable[[], bool]] = {
        Endpoint.Scope.OWN: lambda: (
            submission.user_id == endpoint.owner_id
            or submission.participant_id in rights.participant_ids
        ),
        Endpoint.Scope.CONTEST: lambda: (
            submission.contest is not None and _is_in_charge(endpoint, rights, submission.contest)
        ),
        Endpoint.Scope.ALL: lambda: rights.is_global_manager,
    }
    if not is_of_scope[endpoint.scope]():
        return None
    context = {"disclosure": disclosure}
    shown = dict(SubmissionSummarySerializer(submission, context=context).data)
    return {
        "submission": shown,
        "path": f"/api/code-execution/submissions/{submission.pk}/",
    }


def _is_in_charge(endpoint: Endpoint, rights: Rights, contest: Contest) -> bool:
    """Tell whether the owner still manages what the endpoint is told of."""
    if endpoint.scope == Endpoint.Scope.ALL:
        return rights.is_global_manager
    is_its_own = endpoint.contest_id == contest.pk
    return is_its_own and rights.visibility(contest).may_manage


def _contest(contest: Contest, now: datetime) -> Data:
    return {
        "id": contest.pk,
        "title": contest.title,
        "phase": contest.schedule.phase(now).value,
        **{name: getattr(contest, name) for name in MOMENTS.values()},
        "path": f"/api/code-execution/contests/{contest.pk}/",
    }


def _announcement(said: Clarification) -> Data:
    return {
        "id": said.pk,
        "problem": None if said.problem is None else said.problem.problem_id,
        "reply_to": said.reply_to_id,
        "text": said.text,
        "created_at": said.created_at,
    }
