"""Tables of contests, participants, problems and what belongs to a problem."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.utils import timezone
from typing_extensions import override

from apps.contests.domain import LANGUAGES, NO_SCORE, reason_not_to_submit

MIB = 1024 * 1024
TEST_CASE_CHARS_MAX = MIB
STATEMENT_CHARS_MAX = 256 * 1024
POINTS_MAX = 1_000_000
FILE_BYTES_MAX = 256 * 1024
PROBLEM_FILES_MAX = 16
MULTIPLIER_MAX = 20
LANGUAGE_CHOICES = [(language, language) for language in LANGUAGES]
# What the execution service takes, but for the programs themselves.
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
FILE_NAME = rf"^(?![Mm]ain\.){_SEGMENT}(/{_SEGMENT})?\Z"


def check_file_content(text: str) -> None:
    """Bound a file.

    Raises:
        ValidationError: It is too large.
    """
    if len(text.encode()) > FILE_BYTES_MAX:
        raise ValidationError(f"A file may have {FILE_BYTES_MAX} bytes.")


def _multiplier_field() -> "models.FloatField[float | None, float | None]":
    return models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MULTIPLIER_MAX)],
        help_text="Empty: the language's own.",
    )


class Contest(models.Model):
    """A timed set of problems; without times it runs as long as it is active."""

    title = models.CharField(max_length=200)
    description = models.TextField(
        blank=True, default="", validators=[MaxLengthValidator(STATEMENT_CHARS_MAX)]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    max_participants = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    problems: "models.ManyToManyField[Problem, ContestProblem]" = models.ManyToManyField(
        "Problem", through="ContestProblem", related_name="contests", blank=True
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
        ]

    @override
    def __str__(self) -> str:
        return self.title

    def reason_not_to_submit(self, now: datetime) -> str | None:
        """Say why the contest takes no submissions now; `None` if it does."""
        return reason_not_to_submit(
            is_active=self.is_active,
            start_time=self.start_time,
            end_time=self.end_time,
            now=now,
        )

    def has_started(self, now: datetime) -> bool:
        """Tell whether the start has passed; without one it always has."""
        return self.start_time is None or self.start_time <= now


class Problem(models.Model):
    """A task with limits and test cases; a program's output must equal the expected one."""

    class Checker(models.TextChoices):
        """How an output is compared with the expected one."""

        EXACT = "exact", "Equal, apart from trailing whitespace"

    title = models.CharField(max_length=200)
    statement = models.TextField(
        help_text="Markdown.", validators=[MaxLengthValidator(STATEMENT_CHARS_MAX)]
    )
    time_limit_ms = models.PositiveIntegerField(
        "time limit (ms of CPU time)",
        default=2_000,
        validators=[MinValueValidator(50), MaxValueValidator(60_000)],
    )
    memory_limit_bytes = models.PositiveBigIntegerField(
        "memory limit (bytes)",
        default=256 * MIB,
        validators=[MinValueValidator(16 * MIB), MaxValueValidator(2048 * MIB)],
    )
    checker = models.CharField(max_length=16, choices=Checker.choices, default=Checker.EXACT)
    allows_compile_options = models.BooleanField(
        default=True, help_text="Participants may choose a standard and the optimisation."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    @override
    def __str__(self) -> str:
        return self.title


class TestCase(models.Model):
    """One input with its expected output; participants see the samples."""

    __test__ = False

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="test_cases")
    position = models.PositiveIntegerField(default=0, help_text="Tests run in this order.")
    input = models.TextField(
        blank=True, default="", validators=[MaxLengthValidator(TEST_CASE_CHARS_MAX)]
    )
    expected_output = models.TextField(
        blank=True, default="", validators=[MaxLengthValidator(TEST_CASE_CHARS_MAX)]
    )
    is_sample = models.BooleanField(default=False)
    points = models.PositiveIntegerField(default=1, validators=[MaxValueValidator(POINTS_MAX)])

    class Meta:
        ordering = ["position", "id"]

    @override
    def __str__(self) -> str:
        return f"{'Sample' if self.is_sample else 'Test'} {self.position}"


class ProblemLanguage(models.Model):
    """What a problem allows programs in one language, where that is not the language's usual."""

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="languages")
    language = models.CharField(max_length=16, choices=LANGUAGE_CHOICES)
    time_multiplier = _multiplier_field()
    memory_multiplier = _multiplier_field()

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem", "language"], name="problem_has_a_language_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.language


class ProblemFile(models.Model):
    """A file that lies beside every program for a problem, such as a header or data to read.

    One for the program's language wins over one of the same name for all languages.
    """

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="files")
    language = models.CharField(
        max_length=16,
        choices=LANGUAGE_CHOICES,
        blank=True,
        default="",
        help_text="Empty: for every language.",
    )
    name = models.CharField(
        max_length=129,
        validators=[
            RegexValidator(
                FILE_NAME,
                "Use letters, digits, '_', '-' and '.', in one folder at most. "
                "A name with 'main.' is the program's own.",
            )
        ],
    )
    content = models.TextField(blank=True, default="", validators=[check_file_content])

    class Meta:
        ordering = ["name", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem", "language", "name"], name="problem_has_a_file_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ContestProblem(models.Model):
    """A problem as one contest sets it: its place and what it is worth there."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="contest_problems")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="contest_problems")
    order = models.PositiveIntegerField(default=0)
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


class ContestParticipant(models.Model):
    """One user in one contest. `last_improved_at` is when the score last grew; it breaks ties."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="participations"
    )
    joined_at = models.DateTimeField(default=timezone.now)
    has_submitted = models.BooleanField(default=False)
    final_score = models.DecimalField(max_digits=12, decimal_places=2, default=NO_SCORE)
    rank = models.PositiveIntegerField(null=True, blank=True)
    last_improved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "code_execution_contestparticipant"
        ordering = ["rank", "joined_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contest", "user"], name="user_joins_a_contest_once"),
        ]
        indexes = [models.Index(fields=["contest", "rank"], name="participant_by_rank")]

    @override
    def __str__(self) -> str:
        return f"{self.user} in {self.contest}"
