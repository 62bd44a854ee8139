"""The account, and the API tokens that act for it."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from typing_extensions import override

from apps.users.domain import MANAGERS_GROUP, Role, roles_of
from apps.users.token_text import SHOWN_CHARS

TOKEN_NAME_CHARS_MAX = 100


class User(AbstractUser):
    """A person or machine that can sign in; names and addresses differ in more than case."""

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="users_username_is_unique"),
            models.UniqueConstraint(
                Lower("email"), name="users_email_is_unique", condition=~models.Q(email="")
            ),
        ]

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the account; a new password ends what the old one let in, API tokens too."""
        is_password_new = getattr(self, "_password", None) is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_password_new:
                self.api_tokens.all().delete()

    @cached_property
    def roles(self) -> list[Role]:
        """The roles of the user, the mightiest first."""
        is_manager = self.is_staff or self.groups.filter(name=MANAGERS_GROUP).exists()
        return roles_of(is_superuser=self.is_superuser, is_manager=is_manager)

    @property
    def is_contest_manager(self) -> bool:
        """Whether the user may see and change everything about contests."""
        return not {Role.ADMIN, Role.MANAGER}.isdisjoint(self.roles)


class ApiToken(models.Model):
    """A credential that acts for its user, within its scopes; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=TOKEN_NAME_CHARS_MAX)
    scopes = models.JSONField()
    # SHA-256 in hexadecimal digits. The text has 178 random bits, so nobody finds it by trying.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=SHOWN_CHARS, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API token"

    @override
    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"
