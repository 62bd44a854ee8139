"""Participants as others see them: who is there, and what they have reached."""

from django.db.models import F, Q, QuerySet

from apps.contests.models import Contest, ContestParticipant
from apps.contests.visibility import Visibility
from apps.core.errors import BoardHiddenError

Kind = ContestParticipant.Kind
SHOWN_KINDS = (Kind.OFFICIAL, Kind.UNOFFICIAL, Kind.VIRTUAL)


def on_board(contest: Contest) -> QuerySet[ContestParticipant]:
    """Give the participants whom everybody may see who may see the contest."""
    in_hidden_groups = contest.groups.filter(is_hidden=True, participants__isnull=False)
    return contest.participants.filter(
        kind__in=SHOWN_KINDS, state=ContestParticipant.State.REGISTERED
    ).exclude(pk__in=in_hidden_groups.values("participants"))


def list_participants(contest: Contest, visibility: Visibility) -> QuerySet[ContestParticipant]:
    """Give the participants that a viewer may know of, by the time they joined."""
    rows = contest.participants.all()
    if not visibility.may_judge:
        is_shown = Q(pk__in=on_board(contest).order_by().values("pk"))
        rows = rows.filter(is_shown | Q(pk__in=visibility.viewer.participant_ids))
    return rows.select_related("user", "public_standing", "organization").order_by(
        "joined_at", "id"
    )


def list_by_rank(contest: Contest, visibility: Visibility) -> QuerySet[ContestParticipant]:
    """Give them as the board that the viewer may see ranks them; those without a rank come last.

    Raises:
        BoardHiddenError: They may see no board.
    """
    if not visibility.may_see_board:
        raise BoardHiddenError
    rank = "rank" if visibility.sees_true_board else "public_standing__rank"
    rows = list_participants(contest, visibility)
    return rows.order_by(F(rank).asc(nulls_last=True), "joined_at", "id")
