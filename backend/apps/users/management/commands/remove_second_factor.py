"""`manage.py remove_second_factor`: lets somebody in who has lost app and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.users import second_factor
from apps.users.models import User


class Command(BaseCommand):
    """For the last superuser; superusers remove those of others in the admin."""

    help = "Remove the second factor of an account, so that the password is enough again."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Name the account."""
        parser.add_argument("username")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Remove it.

        Raises:
            CommandError: There is no such account, or it has no second factor.
        """
        name = options["username"]
        user = User.objects.filter(username__iexact=name).first()
        if user is None:
            raise CommandError(f"There is no account {name}.")
        if not second_factor.remove(user=user, actor=None):
            raise CommandError(f"{user} has no second factor.")
        self.stdout.write(f"{user} signs in with the password alone now.")
