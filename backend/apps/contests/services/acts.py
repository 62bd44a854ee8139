"""What managers do with a contest at large: each act is one step, noted in the audit trail."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.contests.models import (
    Contest,
    ContestGroup,
    ContestParticipant,
    ContestProblem,
    ContestRole,
)
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.signals import rules_changed
from apps.contests.timing import Phase
from apps.core.errors import ContestPhaseError, InvalidFieldsError
from apps.users.models import User

EXTENSION_MAX = timedelta(days=7)
TITLE_CHARS_MAX = 200
RUNNING = frozenset({Phase.RUNNING, Phase.FROZEN})
# A copy has a life of its own.
NOT_CLONED = frozenset({
    "id",
    "title",
    "external_id",
    "created_at",
    "created_by",
    "is_published",
    "unfrozen_at",
    "finalized_at",
    "board_version",
    "public_board_version",
    "board_edition",
    "board_row_count",
    "boards_written_at",
    "ranked_at",
    "has_stale_ranks",
})
CLOCK_FIELDS = (
    "start_time",
    "end_time",
    "freeze_time",
    "registration_opens_at",
    "registration_closes_at",
)


@transaction.atomic
def clone(*, contest: Contest, title: str, start_time: datetime | None, actor: User) -> Contest:
    """Make a contest with the same rules, problems, roles and groups, and nobody in it.

    It is not published. With `start_time` all its times move along; without one it has the same.

    Raises:
        InvalidFieldsError: The title is empty or too long, or there is no start to move.
    """
    if not 0 < len(title.strip()) <= TITLE_CHARS_MAX:
        raise InvalidFieldsError({"title": [f"Give 1 to {TITLE_CHARS_MAX} characters."]})
    fields = contest._meta.concrete_fields  # noqa: SLF001 - Django documents it
    copied = {
        field.attname: getattr(contest, field.attname)
        for field in fields
        if field.name not in NOT_CLONED
    }
    copied |= _moved_times(contest, start_time)
    made = Contest.objects.create(
        title=title.strip(), created_by=actor, is_published=False, **copied
    )
    ContestProblem.objects.bulk_create(
        ContestProblem(
            contest=made,
            problem_id=each.problem_id,
            order=each.order,
            label=each.label,
            color=each.color,
            points=each.points,
        )
        for each in contest.contest_problems.all()
    )
    ContestRole.objects.bulk_create(
        ContestRole(contest=made, user_id=each.user_id, role=each.role)
        for each in contest.roles.all()
    )
    ContestGroup.objects.bulk_create(
        ContestGroup(contest=made, name=each.name, is_hidden=each.is_hidden)
        for each in contest.groups.all()
    )
    source = {"contest": contest.pk, "title": contest.title}
    audit.record(
        actor=actor, act="contest.clone", of=made, contest_id=made.pk, after={"copy_of": source}
    )
    return made


@transaction.atomic
def publish(*, contest: Contest, is_published: bool, actor: User) -> Contest:
    """Show a contest to others than its jury, or hide it; give the row.

    Raises:
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    act = "contest.publish" if is_published else "contest.unpublish"
    return _change(contest, act, actor, is_published=is_published)


@transaction.atomic
def extend(*, contest: Contest, by: timedelta, now: datetime, actor: User) -> Contest:
    """Let a contest end later, for everybody; give the row.

    The freeze moves along, unless it has come: what is hidden stays so.

    Raises:
        InvalidFieldsError: It would be no longer, or by more than a week.
        ContestPhaseError: It has no end, or has ended.
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    if not timedelta(0) < by <= EXTENSION_MAX:
        text = f"Extend by more than nothing and at most {EXTENSION_MAX.days} days."
        raise InvalidFieldsError({"minutes": [text]})
    if contest.end_time is None:
        raise ContestPhaseError("The contest has no end that could move.")
    if contest.schedule.has_ended(now):
        raise ContestPhaseError("The contest has ended; set its times on its page to reopen it.")
    changed: dict[str, Any] = {"end_time": contest.end_time + by}
    if contest.freeze_time is not None and contest.freeze_time > now:
        changed["freeze_time"] = contest.freeze_time + by
    return _change(contest, "contest.extend", actor, **changed)


@transaction.atomic
def end(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Let a running contest end now, but for who has extra time; give the row.

    What a freeze hides stays hidden. One that has not come by then never comes: nothing is to
    vanish from a board after the end.

    Raises:
        ContestPhaseError: It does not run.
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    if contest.schedule.phase(now) not in RUNNING:
        raise ContestPhaseError("Only a contest that runs can be ended.")
    changed: dict[str, Any] = {"end_time": now}
    if contest.freeze_time is not None and contest.freeze_time > now:
        changed["freeze_time"] = None
    return _change(contest, "contest.end", actor, **changed)


@transaction.atomic
def close(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """End a running contest now, and switch off one that is to come; give the row.

    Raises:
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    if contest.schedule.phase(now) in RUNNING:
        return end(contest=contest, now=now, actor=actor)
    if not contest.has_started(now):
        return _change(contest, "contest.close", actor, is_active=False)
    return contest


@transaction.atomic
def freeze(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Hide verdicts on what comes from now on from others; give the row.

    Raises:
        ContestPhaseError: It does not run, is frozen already, or has a clock for each participant.
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    if contest.schedule.phase(now) is not Phase.RUNNING:
        raise ContestPhaseError("Only a contest that runs and is not frozen can be frozen.")
    if contest.window_minutes is not None:
        text = "Here everybody's clock runs by itself; set the freeze on the contest's page."
        raise ContestPhaseError(text)
    return _change(contest, "contest.freeze", actor, freeze_time=now)


@transaction.atomic
def unfreeze(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Show everybody the true board after the end; give the row.

    Raises:
        ContestPhaseError: Somebody still has time, or nothing is frozen.
        ContestFinalError: It has been finalised.
    """
    contest = _lock(contest)
    _check_over(contest, now)
    if not contest.schedule.is_frozen(now):
        raise ContestPhaseError("Nothing is frozen.")
    return _change(contest, "contest.unfreeze", actor, unfrozen_at=now)


@transaction.atomic
def finalize(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Make the results final and public: nothing about the contest changes afterwards.

    The caller has made sure that nothing is being judged; give the row.

    Raises:
        ContestPhaseError: Somebody still has time.
        ContestFinalError: It has been finalised already.
    """
    contest = _lock(contest)
    _check_over(contest, now)
    changed: dict[str, Any] = {"finalized_at": now}
    if contest.schedule.is_frozen(now):
        changed["unfrozen_at"] = now
    return _change(contest, "contest.finalize", actor, **changed)


def last_end(contest: Contest) -> datetime | None:
    """Say when the last participant's time in the contest is over; `None` if never."""
    if contest.end_time is None:
        return None
    return contest.end_time + most_extra_time(contest)


def most_extra_time(contest: Contest) -> timedelta:
    """Say how much longer than all others somebody may submit."""
    entrants = contest.participants.exclude(kind=ContestParticipant.Kind.VIRTUAL)
    extra = entrants.aggregate(most=Max("extra_time_s"))["most"]
    return timedelta(seconds=extra or 0)


def _lock(contest: Contest) -> Contest:
    locked = lock_contest(contest.pk)
    check_not_final(locked)
    return locked


def _check_over(contest: Contest, now: datetime) -> None:
    end = last_end(contest)
    if end is None:
        raise ContestPhaseError("The contest has no end; end it, or set one first.")
    if now < end:
        raise ContestPhaseError(f"Somebody still has time, until {end:%Y-%m-%d %H:%M:%S} UTC.")


def _change(contest: Contest, act: str, actor: User, **values: Any) -> Contest:
    """Store new values with their entry in the audit trail, and have the boards follow."""
    before = {name: getattr(contest, name) for name in values}
    for name, value in values.items():
        setattr(contest, name, value)
    contest.save(update_fields=list(values))
    old, new = audit.changes(before, values)
    if new:
        audit.record(actor=actor, act=act, of=contest, contest_id=contest.pk, before=old, after=new)
        rules_changed.send(sender=Contest, contest=contest)
    return contest


def _moved_times(contest: Contest, start_time: datetime | None) -> dict[str, datetime]:
    if start_time is None:
        return {}
    if contest.start_time is None:
        raise InvalidFieldsError({"start_time": ["The contest has no start that could move."]})
    by = start_time - contest.start_time
    times = {name: getattr(contest, name) for name in CLOCK_FIELDS}
    return {name: value + by for name, value in times.items() if value is not None}
