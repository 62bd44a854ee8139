"""Tables of problems and what belongs to them."""

import hashlib
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
from typing_extensions import override

from apps.core.uploads import FileUpload
from apps.problems.domain import (
    FILE_BYTES_MAX,
    FILE_NAME,
    LANGUAGES,
    MIB,
    MULTIPLIER_MAX,
    POINTS_MAX,
    PROGRAM_BYTES_MAX,
    SHORT_NAME,
    STATEMENT_CHARS_MAX,
    TEST_DATA_BYTES_MAX,
)
from apps.problems.rules import checker_options_fault

LANGUAGE_CHOICES = [(language, language) for language in LANGUAGES]


def check_file_content(text: str) -> None:
    """Bound a file.

    Raises:
        ValidationError: It is too large.
    """
    if len(text.encode()) > FILE_BYTES_MAX:
        raise ValidationError(f"A file may have {FILE_BYTES_MAX} bytes.")


def _language_field() -> "models.CharField[str, str]":
    return models.CharField(max_length=16, choices=LANGUAGE_CHOICES)


def _multiplier_field() -> "models.FloatField[float | None, float | None]":
    return models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MULTIPLIER_MAX)],
        help_text="Empty: the language's own.",
    )


class Problem(models.Model):
    """A task with limits and test cases, and with the checker that says which outputs are right."""

    class StatementFormat(models.TextChoices):
        """What the statement is written in; only Markdown is rendered."""

        MARKDOWN = "markdown", "Markdown"
        LATEX = "latex", "LaTeX (shown as it is)"

    class Checker(models.TextChoices):
        """How an output is judged."""

        EXACT = "exact", "Equal, apart from trailing whitespace"
        TOKENS = "tokens", "Equal tokens, numbers within a tolerance"
        SORTED_LINES = "sorted_lines", "Equal lines in any order"
        PROGRAM = "program", "A program of the problem's own"
        INTERACTOR = "interactor", "A program that talks with it"

    title = models.CharField(max_length=200)
    # Null where there is none, so that the others can be unique.
    short_name = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        validators=[
            RegexValidator(SHORT_NAME, "Use small letters, digits, '-' and '_', at most 64.")
        ],
        help_text="Its name in packages and archives, such as hello-world.",
    )
    statement = models.TextField(
        help_text="Markdown with LaTeX maths between $ signs.",
        validators=[MaxLengthValidator(STATEMENT_CHARS_MAX)],
    )
    statement_format = models.CharField(
        max_length=16, choices=StatementFormat.choices, default=StatementFormat.MARKDOWN
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
    checker_options = models.JSONField(
        default=dict,
        blank=True,
        help_text="For tokens: case_sensitive, space_sensitive, float_absolute, float_relative.",
    )
    allows_compile_options = models.BooleanField(
        default=True, help_text="Participants may choose a standard and the optimisation."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="problems",
        help_text="May change it beside the managers.",
    )
    metadata = models.JSONField(
        default=dict, blank=True, help_text="Author, source, license and the like, from a package."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    @override
    def __str__(self) -> str:
        return self.title

    @override
    def clean(self) -> None:
        """Look whether the checker has such options.

        Raises:
            ValidationError: It has not.
        """
        fault = checker_options_fault(self.checker, self.checker_options)
        if fault is not None:
            raise ValidationError({"checker_options": fault})


class TestDataManager(models.Manager["TestData"]):
    """Keeps every content once."""

    def keep(self, content: bytes) -> "TestData":
        """Give the row of this content, new or old."""
        sha256 = hashlib.sha256(content).hexdigest()
        row, _created = self.defer("content").get_or_create(
            sha256=sha256, defaults={"content": content, "size_bytes": len(content)}
        )
        return row


class TestData(models.Model):
    """The input or the answer of test cases, known by its SHA-256; it never changes."""

    __test__ = False

    sha256 = models.CharField(primary_key=True, max_length=64)
    size_bytes = models.PositiveIntegerField(validators=[MaxValueValidator(TEST_DATA_BYTES_MAX)])
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TestDataManager()

    class Meta:
        verbose_name_plural = "test data"

    @override
    def __str__(self) -> str:
        return self.sha256


class TestGroup(models.Model):
    """Test cases that are scored together: a subtask.

    A group whose required groups are not all full is worth nothing, and its tests are not run.
    """

    __test__ = False

    class Scoring(models.TextChoices):
        """How the tests of a group make its points."""

        ALL = "all", "All or nothing"
        MIN = "min", "The worst test's share"
        SUM = "sum", "Each test its own points"

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="test_groups")
    name = models.CharField(max_length=64)
    position = models.PositiveIntegerField(default=0)
    points = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(POINTS_MAX)],
        help_text="What the group is worth; not used where each test has its own points.",
    )
    scoring = models.CharField(max_length=8, choices=Scoring.choices, default=Scoring.ALL)
    stop_at_first_failure = models.BooleanField(default=True)
    requires: "models.ManyToManyField[TestGroup, Any]" = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="required_by"
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "name"], name="problem_has_a_group_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class TestCase(models.Model):
    """One input with its answer; participants see the samples."""

    __test__ = False

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="test_cases")
    group = models.ForeignKey(
        TestGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="test_cases"
    )
    position = models.PositiveIntegerField(default=0, help_text="Tests run in this order.")
    name = models.CharField(
        max_length=200, blank=True, default="", help_text="Its name in a package."
    )
    input_data = models.ForeignKey(TestData, on_delete=models.PROTECT, related_name="+")
    expected_data = models.ForeignKey(TestData, on_delete=models.PROTECT, related_name="+")
    is_sample = models.BooleanField(default=False)
    points = models.PositiveIntegerField(default=1, validators=[MaxValueValidator(POINTS_MAX)])

    class Meta:
        ordering = ["position", "id"]

    @override
    def __str__(self) -> str:
        return f"{'Sample' if self.is_sample else 'Test'} {self.position}"

    @property
    def input(self) -> str:
        """The input as a text; what is no UTF-8 is replaced."""
        return _text_of(self.input_data)

    @property
    def expected_output(self) -> str:
        """The answer as a text; what is no UTF-8 is replaced."""
        return _text_of(self.expected_data)


class ProblemLanguage(models.Model):
    """What a problem allows programs in one language, where that is not the language's usual."""

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="languages")
    language = _language_field()
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


class ProblemProgram(models.Model):
    """A program that judges outputs: a checker, or an interactor that talks with programs."""

    class Role(models.TextChoices):
        """What it does."""

        CHECKER = "checker", "Checks outputs"
        INTERACTOR = "interactor", "Talks with programs"

    class Protocol(models.TextChoices):
        """How it is called, and what its exit code means."""

        ICPC = "icpc", "ICPC output validator (42 right, 43 wrong)"
        TESTLIB = "testlib", "testlib (0 right, 1 wrong)"

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="programs")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.CHECKER)
    protocol = models.CharField(max_length=16, choices=Protocol.choices, default=Protocol.ICPC)
    language = _language_field()
    source = models.TextField(validators=[MaxLengthValidator(PROGRAM_BYTES_MAX)])
    files = models.JSONField(
        default=dict, blank=True, help_text="Names with texts, such as testlib.h."
    )
    arguments = models.JSONField(default=list, blank=True, help_text="A list of texts.")

    class Meta:
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "role"], name="problem_has_a_program_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.problem}"


class ReferenceSubmission(models.Model):
    """A program whose verdict is known: judging it tells whether the problem is judged right.

    `expected` is a list of verdicts, any of which is right.
    """

    problem = models.ForeignKey(
        Problem, on_delete=models.CASCADE, related_name="reference_submissions"
    )
    name = models.CharField(max_length=200, help_text="Its path in a package.")
    language = _language_field()
    code = models.TextField(validators=[MaxLengthValidator(PROGRAM_BYTES_MAX)])
    expected = models.JSONField(default=list, help_text='Such as ["AC"].')

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem", "name"], name="problem_has_a_reference_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class PackageFile(models.Model):
    """A file of the problem's package that the platform keeps as it is, to give it back.

    Such as an input validator, an attachment, or the statement in another language.
    """

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="package_files")
    path = models.CharField(max_length=200)
    data = models.ForeignKey(TestData, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["problem", "path"], name="problem_has_a_path_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.path


class PackageUpload(FileUpload):
    """A problem package that somebody handed in, to be looked at and then made a problem."""

    problem = models.ForeignKey(
        Problem, on_delete=models.SET_NULL, null=True, related_name="+", help_text="What it became."
    )

    class Meta(FileUpload.Meta):
        abstract = False
        verbose_name = "problem package to import"
        verbose_name_plural = "problem packages to import"


def _text_of(data: TestData) -> str:
    return bytes(data.content).decode(errors="replace")
