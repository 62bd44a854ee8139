"""`python manage.py create_signing_key`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from typing_extensions import override

from apps.users.keys import create_signing_key


class Command(BaseCommand):
    """Makes the key that signs access tokens, unless there is one."""

    help = "Make the key that signs access tokens, unless there is one."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key and say where."""
        path = settings.JWT_KEY_FILES[0]
        if create_signing_key(path):
            self.stdout.write(f"Made the signing key {path}.")
        else:
            self.stdout.write(f"The signing key {path} exists already.")
