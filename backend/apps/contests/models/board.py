"""The stored scoreboards: one row for each participant, kept up with verdicts."""

from typing import Any

from django.db import models
from typing_extensions import override

from apps.contests.domain import NO_SCORE


class BoardRow(models.Model):
    """What a participant has reached; boards are ordered by score, penalty, tie-break, time.

    `cells` maps a problem's id to the cell that the contest's format made of the attempts at it.
    `version` is the board's at the last change of the row.
    """

    final_score = models.DecimalField(max_digits=12, decimal_places=2, default=NO_SCORE)
    penalty = models.BigIntegerField(default=0)
    tie_break = models.BigIntegerField(default=0)
    last_improved_at = models.DateTimeField(null=True, blank=True)
    cells: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True
    )
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class PublicStanding(BoardRow):
    """What others may know of a participant: during a freeze, without the newer verdicts."""

    participant = models.OneToOneField(
        "contests.ContestParticipant", on_delete=models.CASCADE, related_name="public_standing"
    )
    contest = models.ForeignKey("contests.Contest", on_delete=models.CASCADE, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["contest", "version"], name="public_standing_by_version"),
        ]

    @override
    def __str__(self) -> str:
        return f"Public standing of {self.participant}"


class StaleCell(models.Model):
    """A cell of a contest's boards that something has come for, which they do not show yet.

    Many are added at a time and each is soon deleted: no constraint ties them to what they name,
    and whoever takes them leaves out what has been deleted meanwhile.
    """

    contest = models.ForeignKey(
        "contests.Contest", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    participant = models.ForeignKey(
        "contests.ContestParticipant",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    problem = models.ForeignKey(
        "problems.Problem",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    @override
    def __str__(self) -> str:
        return f"Problem {self.problem_id} of participant {self.participant_id}"
