"""The account."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from apps.users.domain import MANAGERS_GROUP, Role, roles_of


class User(AbstractUser):
    """A person or machine that can sign in; names and addresses differ in more than case."""

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="users_username_is_unique"),
            models.UniqueConstraint(
                Lower("email"), name="users_email_is_unique", condition=~models.Q(email="")
            ),
        ]

    @cached_property
    def roles(self) -> list[Role]:
        """The roles of the user, the mightiest first."""
        is_manager = self.is_staff or self.groups.filter(name=MANAGERS_GROUP).exists()
        return roles_of(is_superuser=self.is_superuser, is_manager=is_manager)

    @property
    def is_contest_manager(self) -> bool:
        """Whether the user may see and change everything about contests."""
        return not {Role.ADMIN, Role.MANAGER}.isdisjoint(self.roles)
