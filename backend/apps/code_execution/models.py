"""Tables of submissions and their judgements."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from typing_extensions import override

from apps.code_execution.domain import Stage, Status, Verdict
from apps.contests.models import Contest, ContestParticipant
from apps.problems.models import LANGUAGE_CHOICES, Problem

STATUS_CHOICES = [(str(status), status.value.capitalize()) for status in Status]
VERDICT_CHOICES = [
    (Verdict.AC.value, "Accepted"),
    (Verdict.WA.value, "Wrong answer"),
    (Verdict.TLE.value, "Time limit exceeded"),
    (Verdict.MLE.value, "Memory limit exceeded"),
    (Verdict.OLE.value, "Output limit exceeded"),
    (Verdict.RTE.value, "Run-time error"),
    (Verdict.CE.value, "Compilation error"),
    (Verdict.IE.value, "Internal error"),
]


def _status_field() -> models.CharField[str, str]:
    return models.CharField(max_length=16, choices=STATUS_CHOICES, default=Status.PENDING.value)


def _verdict_field() -> models.CharField[str | None, str | None]:
    return models.CharField(max_length=3, choices=VERDICT_CHOICES, null=True, blank=True)


def _score_field() -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)


class Outcome(models.Model):
    """What judging a program found."""

    status = _status_field()
    verdict = _verdict_field()
    # Null is what the API shows when there is none; an empty output is something else.
    output = models.TextField(null=True, blank=True)  # noqa: DJ001
    error_output = models.TextField(null=True, blank=True)  # noqa: DJ001
    exit_code = models.IntegerField(null=True, blank=True)
    execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    memory_usage_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    score = _score_field()
    is_correct = models.BooleanField(null=True, blank=True)
    group_scores = models.JSONField(
        default=dict, blank=True, help_text="Points by the name of the test group."
    )
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class CodeSubmission(Outcome):
    """A program that one user handed in, with what the judgement in force found.

    `microservice_submission_id` is the execution service's id of the newest judgement, and
    `submitted_at` when it took it. `contest_time_ms` counts from the participant's own start.
    From `judging_attempt` on are how far judging is, which means something while it is running.
    """

    class Purpose(models.TextChoices):
        """What it is judged for; only contest submissions count."""

        CONTEST = "contest", "Contest"
        PRACTICE = "practice", "Practice"
        TRIAL = "trial", "Trial run"
        REFERENCE = "reference", "Reference of a problem"

    microservice_submission_id = models.PositiveBigIntegerField(null=True, blank=True, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions"
    )
    contest = models.ForeignKey(
        Contest, on_delete=models.SET_NULL, null=True, blank=True, related_name="submissions"
    )
    problem = models.ForeignKey(
        Problem, on_delete=models.SET_NULL, null=True, blank=True, related_name="submissions"
    )
    participant = models.ForeignKey(
        ContestParticipant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="submissions",
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.CONTEST)
    contest_time_ms = models.BigIntegerField(null=True, blank=True)
    external_id = models.CharField(max_length=64, blank=True, default="")
    judgement = models.ForeignKey(
        "Judgement",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The one in force.",
    )
    code = models.TextField()
    language = models.CharField(max_length=16, choices=LANGUAGE_CHOICES)
    compile_options = models.JSONField(default=list, blank=True)
    input_data = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    judging_attempt = models.PositiveIntegerField(null=True, blank=True)
    judging_stage = models.CharField(
        max_length=16, blank=True, default="", choices=[(each.value, each.value) for each in Stage]
    )
    tests_done = models.PositiveIntegerField(null=True, blank=True)
    tests_total = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="submission_newest"),
            models.Index(fields=["user", "-created_at"], name="submission_by_user"),
            models.Index(fields=["contest", "-created_at"], name="submission_by_contest"),
            models.Index(fields=["status", "-created_at"], name="submission_by_status"),
            models.Index(fields=["participant", "problem"], name="submission_for_cell"),
            models.Index(fields=["contest", "participant", "problem"], name="submission_for_board"),
            models.Index(fields=["problem", "-created_at"], name="submission_by_problem"),
            models.Index(fields=["created_at"], condition=Q(purpose="trial"), name="trial_by_age"),
        ]
        permissions = [("rerun_codesubmission", "Can run submissions again")]

    @override
    def __str__(self) -> str:
        return f"Submission {self.pk}"

    @property
    def progress(self) -> "CodeSubmission | None":
        """Itself, while it says how far judging is."""
        return self if self.status == Status.RUNNING and self.judging_stage else None

    @property
    def test_results(self) -> Any:
        """The results of the tests, in their order; `None` while there are none."""
        return self.judgement and self.judgement.test_results


class Rejudging(models.Model):
    """A staged act: judge submissions beside their old results, look at it, apply or cancel."""

    class State(models.TextChoices):
        """Where it is; the last two are final."""

        JUDGING = "judging", "Being judged"
        READY = "ready", "Judged, waits for a decision"
        APPLIED = "applied", "Applied"
        CANCELLED = "cancelled", "Cancelled"

    contest = models.ForeignKey(
        Contest, on_delete=models.SET_NULL, null=True, blank=True, related_name="rejudgings"
    )
    problem = models.ForeignKey(
        Problem, on_delete=models.SET_NULL, null=True, blank=True, related_name="rejudgings"
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.JUDGING)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    @override
    def __str__(self) -> str:
        return f"Rejudging {self.pk}"


class Judgement(Outcome):
    """One judging of a submission, and the order for it to the execution service.

    It is made in the transaction that makes (or resets) the submission, so none is lost: while
    `finished_at` is empty, `due_at` says when somebody has to look after it next, be it to hand
    it over or to ask for its result. Whoever does so moves `due_at` ahead first, by conditional
    update, which keeps others away. The id is the idempotency key of the hand-over.
    One of a rejudging leaves the submission as it is until that is applied. `test_results` is in
    test-case order. `request_id` is of the request that asked for it, for all lines about it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(
        CodeSubmission, on_delete=models.CASCADE, related_name="judgements"
    )
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True, default="")
    delivered_at = models.DateTimeField(null=True, blank=True)
    microservice_submission_id = models.PositiveBigIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rejudging = models.ForeignKey(
        Rejudging, on_delete=models.SET_NULL, null=True, blank=True, related_name="judgements"
    )
    test_results = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(finished_at__isnull=True), name="judgement_due"
            ),
            # Fresh ones come first; a large rejudging has many thousands that are due before them.
            models.Index(
                fields=["due_at"],
                condition=Q(finished_at__isnull=True, rejudging__isnull=True),
                name="judgement_due_fresh",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(finished_at__isnull=True),
                name="submission_has_one_open_judgement",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"Judgement of submission {self.submission_id}"


class ExecutionService(Judgement):
    """No rows of its own: it gives the admin's page about the service its place and permission."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "Execution service"


class Delivery(CodeSubmission):
    """No rows of its own: events that the execution service sends, which has them in its tables.

    It gives them a place in the admin, permissions, and a name in the audit trail.
    """

    class Meta:
        proxy = True
        default_permissions = ("view",)
        permissions = [("resend_delivery", "Can have results sent again")]
        verbose_name_plural = "Deliveries"

    @override
    def __str__(self) -> str:
        return f"Event {self.pk}" if self.pk else "Events"
