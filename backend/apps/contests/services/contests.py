"""Making, changing and closing contests."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.contests.formats import FormatConfigError
from apps.contests.models import Contest, ContestParticipant, ContestProblem
from apps.contests.services.problems import problems_shown_in_full
from apps.contests.services.rights import Rights
from apps.contests.services.waiting_list import fill_places
from apps.contests.signals import rules_changed
from apps.core.errors import ContestFinalError, InvalidFieldsError
from apps.users.models import User

# What no audit entry repeats.
SECRET_FIELDS = frozenset({"access_code"})
DELETED_AT_ONCE_MAX = 200
# What a contest says of each problem that it sets.
SET_FIELDS = ("order", "points", "label", "color")
TAKES_A_PLACE = Q(
    participants__kind=ContestParticipant.Kind.OFFICIAL,
    participants__state=ContestParticipant.State.REGISTERED,
)


def list_contests(rights: Rights) -> QuerySet[Contest]:
    """Give the contests that somebody may know of, with their problems and `participant_count`.

    That is how many of the places for participants are taken.
    """
    return (
        rights
        .visible_contests()
        .annotate(participant_count=Count("participants", filter=TAKES_A_PLACE))
        .prefetch_related(
            Prefetch(
                "contest_problems",
                ContestProblem.objects.select_related("problem").defer("problem__statement"),
            )
        )
        # Grouping by contest drops the model's own order.
        .order_by("-created_at", "-id")
    )


@transaction.atomic
def save_contest(
    *,
    contest: Contest,
    fields: Mapping[str, Any],
    problems: Sequence[Mapping[str, Any]] | None,
    rights: Rights,
    actor: User,
) -> Contest:
    """Store a new or changed contest; `problems`, if given, replace those that it sets.

    Raises:
        InvalidFieldsError: It ends before it starts, its format does not know the config, or it
            sets a problem twice, or one that the actor does not know in full.
        ContestFinalError: It has been finalised.
    """
    is_new = contest.pk is None
    if not is_new:
        # As it is now: its boards' versions may have moved on since the caller read it.
        contest = lock_contest(contest.pk)
    check_not_final(contest)
    before = {} if is_new else state_of(contest)
    for name, value in fields.items():
        setattr(contest, name, value)
    _check(contest)
    contest.created_by = contest.created_by or (actor if is_new else None)
    contest.save()
    if problems is not None:
        _replace_problems(contest, problems, rights)
    old, new = audit.changes(before, state_of(contest))
    act = "contest.create" if is_new else "contest.change"
    audit.record(actor=actor, act=act, of=contest, contest_id=contest.pk, before=old, after=new)
    if not is_new:
        fill_places(contest, timezone.now())
        rules_changed.send(sender=Contest, contest=contest)
    return contest


@transaction.atomic
def delete_contest(*, contest: Contest, actor: User) -> None:
    """Delete a contest; its submissions stay, but for those of accounts that came with it."""
    account_ids = list(imported_accounts(contest).values_list("pk", flat=True))
    audit.record(
        actor=actor,
        act="contest.delete",
        of=contest,
        contest_id=contest.pk,
        before={"imported_accounts": len(account_ids)},
    )
    contest.delete()
    # In pieces, as all that hangs on them is read before it is deleted.
    for start in range(0, len(account_ids), DELETED_AT_ONCE_MAX):
        piece = account_ids[start : start + DELETED_AT_ONCE_MAX]
        User.objects.filter(pk__in=piece).delete()


def imported_accounts(contest: Contest) -> QuerySet[User]:
    """Give the accounts that an import has made for the contest's teams, and that are for no more.

    Nobody can sign in with them, or ever has, and they are in no other contest.
    """
    teams = contest.participants.exclude(external_id="").values("user")
    elsewhere = ContestParticipant.objects.exclude(contest=contest).filter(user__in=teams)
    return User.objects.filter(
        pk__in=teams,
        is_active=False,
        is_staff=False,
        last_login=None,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
        team_participations=None,
        contest_roles=None,
    ).exclude(pk__in=elsewhere.values("user"))


def check_not_final(contest: Contest) -> None:
    """Return if the contest may still change.

    Raises:
        ContestFinalError: It has been finalised.
    """
    if contest.finalized_at is not None:
        raise ContestFinalError


def lock_contest(contest_id: int) -> Contest:
    """Keep others from changing the contest, its participants and their ranks until the commit."""
    return Contest.objects.select_for_update(no_key=True).get(pk=contest_id)


def _check(contest: Contest) -> None:
    if contest.start_time and contest.end_time and contest.end_time <= contest.start_time:
        raise InvalidFieldsError({"end_time": ["The contest has to end after its start."]})
    try:
        _ = contest.rules
    except FormatConfigError as error:
        raise InvalidFieldsError({"format_config": [str(error)]}) from error


def state_of(contest: Contest) -> dict[str, Any]:
    """Give what an audit entry compares: the fields, the problems with their points, the roles."""
    fields = {
        field.attname: getattr(contest, field.attname)
        for field in contest._meta.concrete_fields  # noqa: SLF001 - Django documents it
        if field.attname not in SECRET_FIELDS
    }
    problems = contest.contest_problems.order_by("order", "id")
    return fields | {
        "problems": list(problems.values("problem", "order", "points", "label")),
        "roles": dict(contest.roles.values_list("user__username", "role")),
        "groups": list(contest.groups.values_list("name", flat=True)),
    }


def _replace_problems(
    contest: Contest, problems: Sequence[Mapping[str, Any]], rights: Rights
) -> None:
    """Set these problems in place of the contest's own.

    Who sets a problem sees its tests, so it has to be one that they know already.

    Raises:
        InvalidFieldsError: A problem is there twice, or they do not know it.
    """
    ids = [item["problem"].pk for item in problems]
    if len(set(ids)) != len(ids):
        raise InvalidFieldsError({"problems": ["A contest sets a problem once."]})
    known = problems_shown_in_full(rights).filter(pk__in=ids).values_list("pk", flat=True)
    unknown = sorted(set(ids) - set(known))
    if unknown:
        text = f"Only who may change problem {unknown[0]} can set it in a contest."
        raise InvalidFieldsError({"problems": [text]})
    contest.contest_problems.exclude(problem__in=ids).delete()
    for item in problems:
        ContestProblem.objects.update_or_create(
            contest=contest,
            problem=item["problem"],
            defaults={name: item[name] for name in SET_FIELDS if name in item},
        )
