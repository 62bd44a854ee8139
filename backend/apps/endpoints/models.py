"""Endpoints, what they are told, and how that went."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from typing_extensions import override

from apps.contests.models import Contest
from apps.core.outgoing import BODY_BYTES_MAX, ERROR_CHARS_MAX, URL_CHARS_MAX
from apps.endpoints.event_types import EventType

DESCRIPTION_CHARS_MAX = 200
KEY_CHARS_MAX = 120
PREFIX_CHARS = 11
EVENT_TYPE_CHOICES = [(each.value, each.value) for each in EventType]


class Endpoint(models.Model):
    """An address of another team that is told of events, as far as its owner may know of them."""

    class Scope(models.TextChoices):
        """What it is told of."""

        OWN = "own", "The owner's own submissions"
        CONTEST = "contest", "One contest"
        ALL = "all", "Everything"

    class Disabled(models.TextChoices):
        """Why it is told nothing."""

        BY_HAND = "by_hand", "Somebody has switched it off"
        GONE = "gone", "It answered 410: it wants no more"
        FAILING = "failing", "Nothing but failures for days"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="endpoints"
    )
    scope = models.CharField(max_length=16, choices=Scope.choices, default=Scope.OWN)
    contest = models.ForeignKey(
        Contest, on_delete=models.CASCADE, null=True, blank=True, related_name="endpoints"
    )
    url = models.CharField(max_length=URL_CHARS_MAX)
    event_types: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    description = models.CharField(max_length=DESCRIPTION_CHARS_MAX, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    active_since = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_for = models.CharField(max_length=16, choices=Disabled.choices, blank=True, default="")
    # Nothing but failures in between.
    failing_since = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="endpoint_of_a_contest_names_it",
                condition=models.Q(scope="contest", contest__isnull=False)
                | (~models.Q(scope="contest") & models.Q(contest__isnull=True)),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"Endpoint {self.pk}"


class EndpointSecret(models.Model):
    """A secret that signs what an endpoint is sent; the newest has no `expires_at`."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    prefix = models.CharField(max_length=PREFIX_CHARS)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    @override
    def __str__(self) -> str:
        return f"{self.prefix}..."


class EndpointEvent(models.Model):
    """Something that endpoints may be told of, stored in the transaction of what it tells.

    It names what it is about by numbers, as that may be gone. `key` is what makes it the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=EVENT_TYPE_CHOICES)
    key = models.CharField(max_length=KEY_CHARS_MAX, unique=True)
    contest_id = models.PositiveBigIntegerField(null=True, blank=True)
    subject_id = models.PositiveBigIntegerField(null=True, blank=True)
    occurred_at = models.DateTimeField(default=timezone.now, db_index=True)
    addressed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was found out whom to tell."
    )

    class Meta:
        ordering = ["-occurred_at"]
        indexes = [
            models.Index(
                fields=["occurred_at"],
                condition=models.Q(addressed_at=None),
                name="endpoint_events_to_address",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.webhook_id

    @property
    def webhook_id(self) -> str:
        """Its id on the wire, the same over attempts and endpoints."""
        return f"evt_{self.id.hex}"


class EndpointDelivery(models.Model):
    """One event for one endpoint.

    While it is `waiting`, `next_attempt_at` says when to send it; whoever sends it puts that off
    first, so that nobody else does.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"
        WITHHELD = "withheld", "Not for its owner any more"

    event = models.ForeignKey(EndpointEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "endpoint deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="endpoint_gets_it_once"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-created_at"], name="deliveries_of_endpoint"),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="waiting"),
                name="endpoint_deliveries_due",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class EndpointAttempt(models.Model):
    """One try to deliver; without a `status` there was no answer."""

    delivery = models.ForeignKey(
        EndpointDelivery, on_delete=models.CASCADE, related_name="attempt_log"
    )
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=ERROR_CHARS_MAX, blank=True, default="")
    response = models.CharField(max_length=BODY_BYTES_MAX, blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]

    @override
    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}: {self.status or self.error}"


class SenderTurn(models.Model):
    """Whose turn it is to send: one row, so that senders never take all of Celery's workers."""

    id: "models.PositiveSmallIntegerField[Any, Any]" = models.PositiveSmallIntegerField(
        primary_key=True, default=1
    )
    until = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"until {self.until}"
