"""Who somebody is in a contest, and so what they may see and do there."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services.standings import freeze_after
from apps.contests.timing import Window
from apps.contests.visibility import (
    Access,
    BoardAccess,
    Feedback,
    Participation,
    Standpoint,
    Viewer,
    Visibility,
)
from apps.users.models import User

Kind = ContestParticipant.Kind
State = ContestParticipant.State
TIMED_KINDS = frozenset({Kind.OFFICIAL, Kind.UNOFFICIAL, Kind.VIRTUAL})
JURY_ROLES = (ContestRole.Role.MANAGER, ContestRole.Role.JUDGE)


def visibility_of(user: User | AnonymousUser, contest: Contest, now: datetime) -> Visibility:
    """Give the policy for what the user may see of a contest at a moment."""
    return Rights(user, now, contest=contest).visibility(contest)


def viewer_of(user: User | AnonymousUser, contest: Contest, now: datetime) -> Viewer:
    """Say who the user is in a contest."""
    return Rights(user, now, contest=contest).viewer(contest)


def managed_contests(user: User | AnonymousUser, now: datetime) -> QuerySet[Contest]:
    """Give the contests that the user may change."""
    return Rights(user, now).managed_contests()


class Rights:
    """What one person may see in any contest at one moment; their rows are read once.

    With `contest` only that one may be asked for. Global contest managers manage every contest,
    everybody else those in which they have a role.
    """

    def __init__(
        self, user: User | AnonymousUser, now: datetime, *, contest: Contest | None = None
    ) -> None:
        self._user = user if isinstance(user, User) else None
        self._now = now
        self._contest = contest

    @property
    def user_id(self) -> int | None:
        """Who they are; `None` for somebody who is not signed in."""
        return self._user.pk if self._user else None

    @cached_property
    def is_global_manager(self) -> bool:
        """Whether they manage every contest."""
        return self._user is not None and self._user.is_contest_manager

    def viewer(self, contest: Contest) -> Viewer:
        """Say who they are in a contest."""
        participations = self._participations.get(contest.pk, [])
        return Viewer(
            standpoint=self._standpoint(contest.pk),
            user_id=self.user_id,
            participations=tuple(_participation(contest, row) for row in participations),
        )

    def visibility(self, contest: Contest) -> Visibility:
        """Give the policy for a contest."""
        return Visibility(
            schedule=contest.schedule,
            freeze_after=freeze_after(contest),
            is_published=contest.is_published,
            access=Access(contest.access),
            board_access=BoardAccess(contest.board_access),
            feedback=Feedback(contest.feedback),
            viewer=self.viewer(contest),
            now=self._now,
        )

    @property
    def participant_ids(self) -> list[int]:
        """The ids of their participations in all contests."""
        return [row.pk for rows in self._participations.values() for row in rows]

    @property
    def judged_contest_ids(self) -> list[int]:
        """The contests of whose jury they are by a role of theirs."""
        return self._contest_ids_of(JURY_ROLES)

    @property
    def managed_contest_ids(self) -> list[int]:
        """The contests that they manage by a role of theirs."""
        return self._contest_ids_of([ContestRole.Role.MANAGER])

    @property
    def is_jury_somewhere(self) -> bool:
        """Whether they are of the jury of any contest."""
        return self.is_global_manager or bool(self.judged_contest_ids)

    def visible_contests(self) -> QuerySet[Contest]:
        """Give the contests that they may know of, as `Visibility.may_see_contest` says."""
        if self.is_global_manager:
            return Contest.objects.all()
        is_known = ~Q(access=Contest.Access.PRIVATE) | Q(pk__in=self._participations)
        return Contest.objects.filter(Q(is_known, is_published=True) | Q(pk__in=self._roles))

    def contests_with_open_problems(self) -> QuerySet[Contest]:
        """Give those whose problems they may read, as `Visibility.may_see_problems` says."""
        if self.is_global_manager:
            return Contest.objects.all()
        has_started = Q(start_time=None) | Q(start_time__lte=self._now)
        is_over = Q(end_time__lte=self._now) | Q(finalized_at__isnull=False)
        admitted = self._contest_ids_where(_is_admitted)
        is_in = Q(access=Contest.Access.OPEN) | Q(pk__in=admitted)
        is_begun = Q(pk__in=self._contest_ids_where(self._has_own_clock))
        is_open = is_over | (Q(window_minutes=None) & is_in) | is_begun
        return self.visible_contests().filter(
            Q(has_started, is_open, is_active=True) | Q(pk__in=self._roles)
        )

    def managed_contests(self) -> QuerySet[Contest]:
        """Give the contests that they may change."""
        return self._contests_by_role([ContestRole.Role.MANAGER])

    def judged_contests(self) -> QuerySet[Contest]:
        """Give the contests of whose jury they are: as a manager or a judge."""
        return self._contests_by_role(JURY_ROLES)

    @cached_property
    def _roles(self) -> dict[int, str]:
        if self._user is None:
            return {}
        rows = ContestRole.objects.filter(user=self._user)
        if self._contest is not None:
            rows = rows.filter(contest=self._contest)
        return dict(rows.values_list("contest_id", "role"))

    @cached_property
    def _participations(self) -> dict[int, list[ContestParticipant]]:
        if self._user is None:
            return {}
        rows = participations_of(self._user)
        if self._contest is not None:
            rows = rows.filter(contest=self._contest)
        found: defaultdict[int, list[ContestParticipant]] = defaultdict(list)
        for row in rows.only("contest_id", "kind", "state", "started_at", "extra_time_s"):
            found[row.contest_id].append(row)
        return found

    def _standpoint(self, contest_id: int) -> Standpoint:
        if self._user is None:
            return Standpoint.ANONYMOUS
        if self.is_global_manager:
            return Standpoint.MANAGER
        role = self._roles.get(contest_id)
        if role is not None:
            return Standpoint(role)
        is_in = any(_is_admitted(row) for row in self._participations.get(contest_id, []))
        return Standpoint.PARTICIPANT if is_in else Standpoint.STRANGER

    def _contests_by_role(self, roles: Sequence[str]) -> QuerySet[Contest]:
        if self.is_global_manager:
            return Contest.objects.all()
        return Contest.objects.filter(pk__in=self._contest_ids_of(roles))

    def _contest_ids_of(self, roles: Sequence[str]) -> list[int]:
        return [contest_id for contest_id, role in self._roles.items() if role in roles]

    def _contest_ids_where(self, holds: Callable[[ContestParticipant], bool]) -> list[int]:
        return [key for key, rows in self._participations.items() if any(map(holds, rows))]

    def _has_own_clock(self, row: ContestParticipant) -> bool:
        """Tell whether somebody has started the clock of a participation that counts."""
        is_started = row.started_at is not None and row.started_at <= self._now
        return is_started and row.kind in TIMED_KINDS and _is_admitted(row)


def participations_of(user: User) -> QuerySet[ContestParticipant]:
    """Give all participations of a user, alone or in a team."""
    # Two lookups by index, which one condition with `or` over both tables would not be.
    teams = user.team_participations.values_list("pk", flat=True)
    return ContestParticipant.objects.filter(Q(user=user) | Q(pk__in=list(teams))).order_by("pk")


def _participation(contest: Contest, row: ContestParticipant) -> Participation:
    return Participation(id=row.pk, window=_window(contest, row), is_admitted=_is_admitted(row))


def _window(contest: Contest, row: ContestParticipant) -> Window | None:
    if row.kind not in TIMED_KINDS:
        return None
    start = row.started_at
    if row.kind == Kind.VIRTUAL:
        if start is None:
            return None
        return contest.schedule.virtual_window(own_start=start, extra=row.extra_time)
    if contest.window_minutes is not None and start is None:
        return None
    return contest.schedule.window_of(own_start=start, extra=row.extra_time)


def _is_admitted(row: ContestParticipant) -> bool:
    return row.state != State.WAITING
