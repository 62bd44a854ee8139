"""Participants as others see them: who is there, and what they have reached."""

from django.db.models import Case, DecimalField, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Rank

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
    """Give the participants that a viewer may know of, by the time they joined.

    `shown_rank` is from the board that they may see, and `None` for who is not ranked there.
    """
    rows = contest.participants.all()
    if not visibility.may_judge:
        is_shown = Q(pk__in=on_board(contest).order_by().values("pk"))
        rows = rows.filter(is_shown | Q(pk__in=visibility.viewer.participant_ids))
    rows = rows.select_related("user", "public_standing", "organization")
    rank = _rank(contest, visibility)
    return rows.annotate(shown_rank=rank).order_by("joined_at", "id")


def list_by_rank(contest: Contest, visibility: Visibility) -> QuerySet[ContestParticipant]:
    """Give them as the board that the viewer may see ranks them; those without a rank come last.

    Raises:
        BoardHiddenError: They may see no board.
    """
    if not visibility.may_see_board:
        raise BoardHiddenError
    rows = list_participants(contest, visibility)
    return rows.order_by(F("shown_rank").asc(nulls_last=True), "joined_at", "id")


def _rank(contest: Contest, visibility: Visibility) -> Combinable:
    """Rank by the rows of the board: the public one stores no ranks, and the stored may be late."""
    if not visibility.may_see_board:
        return Value(None, IntegerField())
    known = contest.participants if visibility.may_judge else on_board(contest)
    ranked = known.filter(kind=Kind.OFFICIAL, state=ContestParticipant.State.REGISTERED)
    is_ranked = Q(pk__in=ranked.order_by().values("pk"))
    board = "" if visibility.sees_true_board else "public_standing__"
    place = Window(
        Rank(),
        partition_by=Case(When(is_ranked, then=1), default=0),
        order_by=[
            _reached(f"{board}final_score").desc(),
            _reached(f"{board}penalty"),
            _reached(f"{board}tie_break"),
        ],
    )
    return Case(When(is_ranked, then=place), default=None)


def _reached(name: str) -> Coalesce:
    """Give a number of a board; there is no public row before the participant's first result."""
    return Coalesce(name, 0, output_field=DecimalField())
