"""Noting what endpoints may be told of, and finding out whom to tell.

Results are noted in their own transaction, by one insert, and only if some endpoint wants to be
told. Everything else follows from rows that stand in the database with their time, so nothing
but the sweep has to think of it: it looks a day back, and a key makes each event the same.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Clarification, Contest, ContestParticipant
from apps.endpoints.event_types import MOMENTS, OF_SUBMISSIONS, EventType
from apps.endpoints.models import Endpoint, EndpointDelivery, EndpointEvent

# Each process asks so often which events anybody wants; so an endpoint hears of results that come
# this long after its registration, or later.
REMEMBERED_S = 5.0
LOOKED_BACK = timedelta(days=1)
ADDRESSED_AT_ONCE_MAX = 200
TOLD_PURPOSES = frozenset({CodeSubmission.Purpose.CONTEST, CodeSubmission.Purpose.PRACTICE})


@dataclass(slots=True)
class _Wanted:
    """The types that some endpoint wants, and until when this process believes that."""

    types: frozenset[str] = frozenset()
    until_s: float = 0.0


_wanted = _Wanted()


def wanted_types() -> frozenset[str]:
    """Give the types that some endpoint wants to be told of, as of a few seconds ago."""
    now_s = time.monotonic()
    if now_s >= _wanted.until_s:
        lists = Endpoint.objects.filter(disabled_at=None).values_list("event_types", flat=True)
        _wanted.types = frozenset(chain.from_iterable(lists))
        _wanted.until_s = now_s + REMEMBERED_S
    return _wanted.types


def forget_wanted_types() -> None:
    """Ask the database again: endpoints have changed."""
    _wanted.until_s = 0.0


def note_judged(judgements: Sequence[Judgement]) -> None:
    """Note results that have just been put in force, in their transaction."""
    wanted = wanted_types() & OF_SUBMISSIONS
    if not wanted:
        return
    now = timezone.now()
    events = (_event_of_result(each, now) for each in judgements)
    _store(each for each in events if each is not None and each.type in wanted)


def note_contest_events(*, now: datetime) -> None:
    """Note what the clock, and people, have done to contests since they were last looked at."""
    wanted = wanted_types()
    events = [*_moments(wanted, now), *_announcements(wanted, now)]
    if not events:
        return
    keys = [each.key for each in events]
    known = set(EndpointEvent.objects.filter(key__in=keys).values_list("key", flat=True))
    _store(each for each in events if each.key not in known)


def address(*, now: datetime) -> None:
    """Make deliveries of the events that have none yet, for whoever is to be told."""
    waiting = EndpointEvent.objects.filter(addressed_at=None).order_by("occurred_at")
    events = list(waiting[:ADDRESSED_AT_ONCE_MAX])
    if not events:
        return
    people = _people_of(events)
    contest_ids = {each.contest_id for each in events if each.contest_id is not None}
    everybody = set(chain.from_iterable(people.values()))
    endpoints = Endpoint.objects.filter(
        Q(scope=Endpoint.Scope.ALL)
        | Q(scope=Endpoint.Scope.CONTEST, contest__in=contest_ids)
        | Q(scope=Endpoint.Scope.OWN, owner__in=everybody),
        disabled_at=None,
    )
    found = list(endpoints)
    with transaction.atomic():
        EndpointDelivery.objects.bulk_create(
            (
                EndpointDelivery(event=event, endpoint=each, next_attempt_at=now, created_at=now)
                for event in events
                for each in found
                if _is_for(each, event, people.get(event.pk, frozenset()))
            ),
            ignore_conflicts=True,
        )
        EndpointEvent.objects.filter(pk__in=[each.pk for each in events]).update(addressed_at=now)


def _is_for(endpoint: Endpoint, event: EndpointEvent, people: frozenset[int]) -> bool:
    """Tell whether an endpoint asked for it; what its owner may know is looked at when sending."""
    if event.type not in endpoint.event_types or endpoint.active_since > event.occurred_at:
        return False
    if endpoint.scope == Endpoint.Scope.OWN:
        return endpoint.owner_id in people
    return endpoint.scope == Endpoint.Scope.ALL or endpoint.contest_id == event.contest_id


def _people_of(events: Iterable[EndpointEvent]) -> dict[object, frozenset[int]]:
    """Say by event whose submission it is about: its user's, and that of the whole team."""
    ids = {each.pk: each.subject_id for each in events if each.type in OF_SUBMISSIONS}
    rows = CodeSubmission.objects.filter(pk__in=ids.values())
    submissions = {each.pk: each for each in rows.only("user_id", "participant_id")}
    participant_ids = {each.participant_id for each in submissions.values()}
    accounts = ContestParticipant.objects.filter(pk__in=participant_ids)
    teams: dict[int | None, set[int]] = {
        participant_id: {user_id} for participant_id, user_id in accounts.values_list("pk", "user")
    }
    seats = ContestParticipant.members.through.objects.filter(
        contestparticipant__in=participant_ids
    )
    for participant_id, user_id in seats.values_list("contestparticipant_id", "user_id"):
        teams.setdefault(participant_id, set()).add(user_id)
    return {
        event_id: frozenset({found.user_id, *teams.get(found.participant_id, ())})
        for event_id, submission_id in ids.items()
        if (found := submissions.get(submission_id or 0)) is not None
    }


def _event_of_result(judgement: Judgement, now: datetime) -> EndpointEvent | None:
    submission = judgement.submission
    if submission.purpose not in TOLD_PURPOSES:
        return None
    is_first = judgement.rejudging_id is None
    kind = EventType.SUBMISSION_COMPLETED if is_first else EventType.SUBMISSION_REJUDGED
    return EndpointEvent(
        type=kind,
        key=f"{kind}:{judgement.pk}",
        contest_id=submission.contest_id,
        subject_id=submission.pk,
        occurred_at=now,
    )


def _moments(wanted: frozenset[str], now: datetime) -> Iterator[EndpointEvent]:
    fields = {kind: name for kind, name in MOMENTS.items() if kind in wanted}
    has_come = Q()
    for name in fields.values():
        has_come |= Q(**{f"{name}__gt": now - LOOKED_BACK, f"{name}__lte": now})
    if not fields:
        return
    rows = Contest.objects.filter(has_come, is_active=True).only("pk", *MOMENTS.values())
    for contest in rows:
        for kind, name in fields.items():
            at: datetime | None = getattr(contest, name)
            if at is not None and now - LOOKED_BACK < at <= now:
                yield EndpointEvent(
                    type=kind,
                    key=f"{kind}:{contest.pk}:{at.isoformat()}",
                    contest_id=contest.pk,
                    occurred_at=at,
                )


def _announcements(wanted: frozenset[str], now: datetime) -> Iterator[EndpointEvent]:
    kind = EventType.CONTEST_ANNOUNCEMENT
    if kind not in wanted:
        return
    to_all = Clarification.objects.filter(from_participant=None, to_participant=None)
    recent = to_all.filter(created_at__gt=now - LOOKED_BACK, created_at__lte=now)
    for said_id, contest_id, at in recent.values_list("pk", "contest_id", "created_at"):
        yield EndpointEvent(
            type=kind,
            key=f"{kind}:{said_id}",
            contest_id=contest_id,
            subject_id=said_id,
            occurred_at=at,
        )


def _store(events: Iterable[EndpointEvent]) -> None:
    EndpointEvent.objects.bulk_create(events, ignore_conflicts=True)
