"""`python manage.py seed_demo`."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from typing_extensions import override

from apps.contests.demo import MANAGER, PARTICIPANT, Demo, seed

_OWNER_ONLY = 0o600


class Command(BaseCommand):
    """Makes a contest with two problems, a manager and a participant; what is there stays."""

    help = "Make a demo contest with two problems, a manager and a participant."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and keep the passwords in a file that only the owner can read."""
        path = settings.DATA_DIR / "demo-credentials.env"
        # One transaction: without the file nobody would know the passwords.
        with transaction.atomic():
            demo = seed()
            if demo.manager_password is None and demo.participant_password is None:
                self.stdout.write(f"The demo is there already; its accounts are in {path}.")
                return
            text = _credentials(demo)
            _write(path, text)
        self.stdout.write(f"{text}(kept in {path})")


def _credentials(demo: Demo) -> str:
    values = {
        "MANAGER_USERNAME": MANAGER,
        "MANAGER_PASSWORD": demo.manager_password or "",
        "PARTICIPANT_USERNAME": PARTICIPANT,
        "PARTICIPANT_PASSWORD": demo.participant_password or "",
        "CONTEST_ID": demo.contest_id,
        "PROBLEM_ID": demo.problem_id,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
