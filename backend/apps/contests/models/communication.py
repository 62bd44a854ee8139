"""What jury and participants say to each other."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from typing_extensions import override

from apps.contests.models.contest import Contest, ContestProblem
from apps.contests.models.participant import ContestParticipant

CLARIFICATION_CHARS_MAX = 8 * 1024


class Clarification(models.Model):
    """A question of a participant, an answer of the jury, or an announcement to all.

    With `from_participant` it is a question. From the jury it goes to `to_participant`, or to all
    without one; with `reply_to` it is an answer, else an announcement.
    Source of the shape: ICPC Contest API, clarifications.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="clarifications")
    problem = models.ForeignKey(
        ContestProblem,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="clarifications",
    )
    from_participant = models.ForeignKey(
        ContestParticipant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="questions",
    )
    to_participant = models.ForeignKey(
        ContestParticipant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="answers",
    )
    reply_to = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    text = models.TextField(validators=[MaxLengthValidator(CLARIFICATION_CHARS_MAX)])
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["contest", "-created_at"], name="clarification_by_contest"),
        ]

    @override
    def __str__(self) -> str:
        return f"Clarification {self.pk}"
