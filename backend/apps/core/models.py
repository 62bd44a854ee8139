"""What the API remembers of requests."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from typing_extensions import override

KEY_CHARS_MAX = 255
SHA256_HEX_CHARS = 64


class IdempotentAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered, for when it comes again.

    It is made in the transaction of what the request did, so there is never one without the other.
    `fingerprint` tells whether a request is the same, and `body` is JSON, or empty; of an answer
    that is not kept there is only the note that it was given.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_CHARS_MAX)
    fingerprint = models.CharField(max_length=SHA256_HEX_CHARS)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, default="")
    is_kept = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="user_uses_a_key_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.key
