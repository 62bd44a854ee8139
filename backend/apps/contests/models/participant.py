"""Who takes part: individuals and teams in one model."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from typing_extensions import override

from apps.contests.models.board import BoardRow
from apps.contests.models.contest import Contest


class Organization(models.Model):
    """What participants come from, such as a university."""

    name = models.CharField(max_length=200)
    formal_name = models.CharField(max_length=300, blank=True, default="")
    country = models.CharField(
        max_length=3,
        blank=True,
        default="",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", "Use a code of three letters, such as AUT.")],
        help_text="ISO 3166-1 alpha-3.",
    )
    external_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "country"], name="organization_is_there_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ContestGroup(models.Model):
    """A part of a contest's participants, such as a region; a hidden one is not on the board."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=64, blank=True, default="")
    is_hidden = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "name"], name="contest_has_a_group_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ContestParticipant(BoardRow):
    """A person or a team in one contest, with what they have truly reached, freeze or not.

    `user` is the account that stands for a team; `members` may submit for it too.
    """

    class Kind(models.TextChoices):
        """How the participation counts; only official ones are ranked."""

        OFFICIAL = "official", "Official"
        UNOFFICIAL = "unofficial", "Out of competition"
        VIRTUAL = "virtual", "Virtual"
        JURY = "jury", "Jury and testers"

    class State(models.TextChoices):
        """Where a participation is in its life."""

        REGISTERED = "registered", "Registered"
        WAITING = "waiting", "On the waiting list"
        DISQUALIFIED = "disqualified", "Disqualified"

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="participations"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.OFFICIAL)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REGISTERED)
    # Of the true standing, in large contests some seconds late. Without an index, so that many
    # new ranks cost little.
    rank = models.PositiveIntegerField(null=True, blank=True)
    joined_at = models.DateTimeField(default=timezone.now)
    has_submitted = models.BooleanField(default=False)

    name = models.CharField(
        max_length=200, blank=True, default="", help_text="Shown; empty: the account's name."
    )
    is_team = models.BooleanField(default=False)
    members: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="team_participations"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    groups: "models.ManyToManyField[ContestGroup, Any]" = models.ManyToManyField(
        ContestGroup, blank=True, related_name="participants"
    )
    label = models.CharField(max_length=32, blank=True, default="", help_text="Such as a seat.")
    external_id = models.CharField(max_length=64, blank=True, default="")

    started_at = models.DateTimeField(
        null=True, blank=True, help_text="Their own start; empty: the contest's."
    )
    extra_time_s = models.PositiveIntegerField(
        "extra time (s)", default=0, validators=[MaxValueValidator(7 * 24 * 3600)]
    )
    disqualified_at = models.DateTimeField(null=True, blank=True)
    disqualification_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "code_execution_contestparticipant"
        ordering = ["rank", "joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "user", "kind"], name="user_joins_a_contest_once_per_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["contest", "version"], name="participant_by_version"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.display_name} in {self.contest}"

    @property
    def display_name(self) -> str:
        """The name for boards and lists."""
        return self.name or self.user.get_username()

    @property
    def is_ranked(self) -> bool:
        """Whether the participant has a rank."""
        return self.kind == self.Kind.OFFICIAL and self.state == self.State.REGISTERED

    @property
    def extra_time(self) -> timedelta:
        """What is added to their end."""
        return timedelta(seconds=self.extra_time_s)
