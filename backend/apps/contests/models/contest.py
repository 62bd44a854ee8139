"""Contests, the problems they set, and who runs them."""

import zoneinfo
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.urls import reverse
from typing_extensions import override

from apps.contests.formats import (
    DEFAULT_CONFIG,
    DEFAULT_FORMAT,
    FORMATS,
    ContestFormat,
    FormatConfigError,
    format_of,
)
from apps.contests.timing import Schedule
from apps.problems.domain import KIB, POINTS_MAX, STATEMENT_CHARS_MAX
from apps.problems.models import Problem

CODE_BYTES_MAX = 100 * KIB


def check_time_zone(name: str) -> None:
    """Accept names of the IANA database.

    Raises:
        ValidationError: It is no such name.
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError("Use a name such as Europe/Vienna, or UTC.") from None


def default_format_config() -> dict[str, Any]:
    """Give the config of the default format."""
    return dict(DEFAULT_CONFIG)


class Contest(models.Model):
    """A timed set of problems; without times it runs as long as it is active.

    Its state follows from these rows and the clock: see `schedule`.
    """

    class Access(models.TextChoices):
        """Who may enter by themselves."""

        OPEN = "open", "Everybody"
        CODE = "code", "Who knows the access code"
        PRIVATE = "private", "Only who is on the list"

    class Feedback(models.TextChoices):
        """What participants see of their own results while the contest runs."""

        FULL = "full", "The verdict of every test"
        VERDICT = "verdict", "The verdict and the score"
        SAMPLES = "samples", "The samples' verdicts only"

    class BoardAccess(models.TextChoices):
        """Who sees the scoreboard while the contest runs; afterwards everybody does."""

        PUBLIC = "public", "Everybody"
        PARTICIPANTS = "participants", "Participants"
        JURY = "jury", "The jury only"

    title = models.CharField(max_length=200)
    description = models.TextField(
        blank=True, default="", validators=[MaxLengthValidator(STATEMENT_CHARS_MAX)]
    )
    external_id = models.CharField(
        max_length=64, blank=True, default="", help_text="Its id in an ICPC contest archive."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    is_active = models.BooleanField(default=True, help_text="Takes entries and submissions.")
    is_published = models.BooleanField(default=True, help_text="Others than the jury see it.")

    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    freeze_time = models.DateTimeField(
        null=True, blank=True, help_text="From then on the scoreboard hides new verdicts."
    )
    unfrozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    finalized_at = models.DateTimeField(null=True, blank=True, editable=False)
    window_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60 * 24 * 366)],
        help_text="How long each participant has from their own start; empty: until the end.",
    )
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[check_time_zone], help_text="Shown beside times."
    )
    allows_virtual = models.BooleanField(
        default=True, help_text="After the end, participants may take it again by their own clock."
    )
    allows_practice = models.BooleanField(
        default=True, help_text="After the end, submissions are judged without counting."
    )

    access = models.CharField(max_length=16, choices=Access.choices, default=Access.OPEN)
    access_code = models.CharField(max_length=64, blank=True, default="")
    registration_opens_at = models.DateTimeField(null=True, blank=True)
    registration_closes_at = models.DateTimeField(null=True, blank=True)
    max_participants = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    has_waiting_list = models.BooleanField(
        default=False, help_text="Who comes when it is full waits for a place."
    )

    format = models.CharField(
        max_length=16,
        choices=[(each.id, each.title) for each in FORMATS.values()],
        default=DEFAULT_FORMAT,
    )
    format_config = models.JSONField(
        default=default_format_config, blank=True, help_text="What the format may be told."
    )
    board_access = models.CharField(
        max_length=16, choices=BoardAccess.choices, default=BoardAccess.PUBLIC
    )
    feedback = models.CharField(max_length=16, choices=Feedback.choices, default=Feedback.FULL)

    allowed_languages = models.JSONField(
        default=list, blank=True, help_text='Such as ["cpp", "python"]; empty: all.'
    )
    submissions_max = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Per participant and problem; empty: no limit.",
    )
    cooldown_s = models.PositiveIntegerField(
        "cool-down (s)",
        default=0,
        validators=[MaxValueValidator(24 * 3600)],
        help_text="Between two submissions of a participant to one problem.",
    )
    code_bytes_max = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(CODE_BYTES_MAX)],
        help_text="Size of a program; empty: the platform's limit.",
    )

    # The newest versions of the stored boards; a row of a board carries that of its last change.
    # What changes a board beside its rows, such as a name or a problem, starts a new edition.
    board_version = models.PositiveBigIntegerField(default=0, editable=False)
    public_board_version = models.PositiveBigIntegerField(default=0, editable=False)
    board_edition = models.PositiveBigIntegerField(default=0, editable=False)
    # How many participants there are, those included who have left since the boards were last
    # computed from nothing: enough to tell whether the contest is large.
    board_row_count = models.PositiveIntegerField(default=0, editable=False)
    # When verdicts were last brought to the boards; in a large contest those of the next moment
    # leave stale cells.
    boards_written_at = models.DateTimeField(null=True, editable=False)
    # The stored ranks follow the true board at once, or every few seconds in a large contest.
    ranked_at = models.DateTimeField(null=True, editable=False)
    has_stale_ranks = models.BooleanField(default=False, editable=False)

    problems: "models.ManyToManyField[Problem, ContestProblem]" = models.ManyToManyField(
        Problem, through="ContestProblem", related_name="contests", blank=True
    )

    class Meta:
        # Teams that read the database by SQL were promised these names.
        db_table = "code_execution_contest"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="contest_ends_after_its_start",
                condition=models.Q(start_time__isnull=True)
                | models.Q(end_time__isnull=True)
                | models.Q(end_time__gt=models.F("start_time")),
                violation_error_message="The contest has to end after its start.",
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~models.Q(external_id=""),
                name="contest_is_imported_once",
                violation_error_message="Another contest has this id in an archive.",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the address of its page for everybody, the scoreboard."""
        return reverse("scoreboard", args=[self.pk])

    @property
    def rules(self) -> ContestFormat:
        """The contest's format with its config.

        Raises:
            FormatConfigError: The config does not fit the format.
        """
        return format_of(self.format, self.format_config)

    @override
    def clean(self) -> None:
        """Refuse a config that the format does not know.

        Raises:
            ValidationError: The config does not fit.
        """
        try:
            _ = self.rules
        except FormatConfigError as error:
            raise ValidationError({"format_config": str(error)}) from error

    @property
    def schedule(self) -> Schedule:
        """The contest's times, from which its phase follows."""
        minutes = self.window_minutes
        return Schedule(
            is_active=self.is_active,
            start=self.start_time,
            end=self.end_time,
            freeze=self.freeze_time,
            unfrozen=self.unfrozen_at,
            finalized=self.finalized_at,
            window=None if minutes is None else timedelta(minutes=minutes),
        )

    @property
    def is_open_knowledge(self) -> bool:
        """Whether everybody may know that there is this contest."""
        return self.is_published and self.access != self.Access.PRIVATE

    def has_started(self, now: datetime) -> bool:
        """Tell whether the start has passed; without one it always has."""
        return self.start_time is None or self.start_time <= now


class ContestProblem(models.Model):
    """A problem as one contest sets it: its place, label, colour, and what it is worth there."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="contest_problems")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="contest_problems")
    order = models.PositiveIntegerField(default=0)
    label = models.CharField(
        max_length=8, blank=True, default="", help_text="Such as A; empty: by its place."
    )
    color = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Use a form such as #ff0000.")],
    )
    points = models.PositiveIntegerField(default=100, validators=[MaxValueValidator(POINTS_MAX)])

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "problem"], name="contest_has_a_problem_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.problem} in {self.contest}"


class ContestRole(models.Model):
    """What a person may do in one contest beyond taking part."""

    class Role(models.TextChoices):
        """The roles, the mightiest first."""

        MANAGER = "manager", "Manager: everything"
        JUDGE = "judge", "Judge: sees everything, answers, rejudges"
        TESTER = "tester", "Tester: sees problems early, submits without counting"

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="roles")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contest_roles"
    )
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        ordering = ["contest", "role", "user"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "user"], name="user_has_one_contest_role"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
