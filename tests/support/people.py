"""Accounts for tests."""

from django.contrib.auth.models import Group

from apps.users.domain import MANAGERS_GROUP
from apps.users.models import User

PASSWORD = "a long enough passphrase"


def make_user(username: str, **fields: object) -> User:
    """Make a participant."""
    return User.objects.create_user(username, f"{username}@example.org", PASSWORD, **fields)


def make_manager(username: str) -> User:
    """Make a contest manager as the documents say: staff, in the group, no superuser."""
    user = make_user(username, is_staff=True)
    user.groups.add(Group.objects.get(name=MANAGERS_GROUP))
    return user
