"""Tables of submissions and their judgements."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from typing_extensions import override

from apps.code_execution.domain import Status, Verdict
from apps.contests.models import LANGUAGE_CHOICES, Contest, Problem

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


class CodeSubmission(models.Model):
    """A program that one user handed in, with what the newest judgement found.

    `microservice_submission_id` is the execution service's id of the newest judgement, and
    `submitted_at` when it took it. `test_results` is in test-case order.
    """

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
    code = models.TextField()
    language = models.CharField(max_length=16, choices=LANGUAGE_CHOICES)
    compile_options = models.JSONField(default=list, blank=True)
    input_data = models.TextField(blank=True, default="")
    status = _status_field()
    verdict = _verdict_field()
    # Null is what the API shows when there is none; an empty output is something else.
    output = models.TextField(null=True, blank=True)  # noqa: DJ001
    error_output = models.TextField(null=True, blank=True)  # noqa: DJ001
    exit_code = models.IntegerField(null=True, blank=True)
    execution_time_ms = models.PositiveBigIntegerField(null=True, blank=True)
    memory_usage_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    test_results = models.JSONField(null=True, blank=True)
    score = _score_field()
    is_correct = models.BooleanField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="submission_newest"),
            models.Index(fields=["user", "-created_at"], name="submission_by_user"),
            models.Index(fields=["contest", "-created_at"], name="submission_by_contest"),
            models.Index(fields=["status", "-created_at"], name="submission_by_status"),
            models.Index(
                fields=["contest", "user", "problem", "score"], name="submission_for_standing"
            ),
        ]
        permissions = [("rerun_codesubmission", "Can run submissions again")]

    @override
    def __str__(self) -> str:
        return f"Submission {self.pk}"


class Judgement(models.Model):
    """One judging of a submission, and the order for it to the execution service.

    It is made in the transaction that makes (or resets) the submission, so none is lost: while
    `finished_at` is empty, `due_at` says when somebody has to look after it next, be it to hand
    it over or to ask for its result. Whoever does so moves `due_at` ahead first, by conditional
    update, which keeps others away. The id is the idempotency key of the hand-over.
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
    status = _status_field()
    verdict = _verdict_field()
    score = _score_field()
    is_correct = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(finished_at__isnull=True), name="judgement_due"
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
