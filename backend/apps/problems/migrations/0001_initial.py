"""Take the problems over from the app `contests`: their tables are there already."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import apps.problems.models

LANGUAGES = [
    (language, language)
    for language in ("python", "javascript", "java", "cpp", "c", "csharp", "go", "rust")
]


def _id():
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def _problem(related_name):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="problems.problem",
    )


def _multiplier():
    return models.FloatField(
        blank=True,
        help_text="Empty: the language's own.",
        null=True,
        validators=[
            django.core.validators.MinValueValidator(1),
            django.core.validators.MaxValueValidator(20),
        ],
    )


def _points():
    return models.PositiveIntegerField(
        default=1, validators=[django.core.validators.MaxValueValidator(1000000)]
    )


def _text():
    return models.TextField(
        blank=True,
        default="",
        validators=[django.core.validators.MaxLengthValidator(1048576)],
    )


class Migration(migrations.Migration):

    initial = True
    dependencies = [("contests", "0003_rename_tables_of_problems")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Problem",
                    fields=[
                        ("id", _id()),
                        ("title", models.CharField(max_length=200)),
                        (
                            "statement",
                            models.TextField(
                                help_text="Markdown.",
                                validators=[django.core.validators.MaxLengthValidator(262144)],
                            ),
                        ),
                        (
                            "time_limit_ms",
                            models.PositiveIntegerField(
                                default=2000,
                                validators=[
                                    django.core.validators.MinValueValidator(50),
                                    django.core.validators.MaxValueValidator(60000),
                                ],
                                verbose_name="time limit (ms of CPU time)",
                            ),
                        ),
                        (
                            "memory_limit_bytes",
                            models.PositiveBigIntegerField(
                                default=268435456,
                                validators=[
                                    django.core.validators.MinValueValidator(16777216),
                                    django.core.validators.MaxValueValidator(2147483648),
                                ],
                                verbose_name="memory limit (bytes)",
                            ),
                        ),
                        (
                            "checker",
                            models.CharField(
                                choices=[("exact", "Equal, apart from trailing whitespace")],
                                default="exact",
                                max_length=16,
                            ),
                        ),
                        (
                            "allows_compile_options",
                            models.BooleanField(
                                default=True,
                                help_text="Participants may choose a standard and the optimisation.",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={"ordering": ["id"]},
                ),
                migrations.CreateModel(
                    name="TestCase",
                    fields=[
                        ("id", _id()),
                        (
                            "position",
                            models.PositiveIntegerField(
                                default=0, help_text="Tests run in this order."
                            ),
                        ),
                        ("input", _text()),
                        ("expected_output", _text()),
                        ("is_sample", models.BooleanField(default=False)),
                        ("points", _points()),
                        ("problem", _problem("test_cases")),
                    ],
                    options={"ordering": ["position", "id"]},
                ),
                migrations.CreateModel(
                    name="ProblemLanguage",
                    fields=[
                        ("id", _id()),
                        ("language", models.CharField(choices=LANGUAGES, max_length=16)),
                        ("time_multiplier", _multiplier()),
                        ("memory_multiplier", _multiplier()),
                        ("problem", _problem("languages")),
                    ],
                    options={
                        "ordering": ["language"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("problem", "language"), name="problem_has_a_language_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProblemFile",
                    fields=[
                        ("id", _id()),
                        (
                            "language",
                            models.CharField(
                                blank=True,
                                choices=LANGUAGES,
                                default="",
                                help_text="Empty: for every language.",
                                max_length=16,
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                max_length=129,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^(?![Mm]ain\\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?\\Z",
                                        "Use letters, digits, '_', '-' and '.', in one folder at most. A name with 'main.' is the program's own.",
                                    )
                                ],
                            ),
                        ),
                        (
                            "content",
                            models.TextField(
                                blank=True,
                                default="",
                                validators=[apps.problems.models.check_file_content],
                            ),
                        ),
                        ("problem", _problem("files")),
                    ],
                    options={
                        "ordering": ["name", "language"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("problem", "language", "name"),
                                name="problem_has_a_file_once",
                            )
                        ],
                    },
                ),
            ]
        )
    ]
