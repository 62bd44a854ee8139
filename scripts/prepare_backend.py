"""Run several of the backend's management commands in one process, which saves their start-up."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend"))

from config.startup import load_settings_or_exit


def main(commands: list[str]) -> None:
    """Run the commands in their order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    load_settings_or_exit()
    # Imported late: Django reads the settings, and a broken `.env` is reported first.
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    for command in commands:
        call_command(command)


if __name__ == "__main__":
    main(sys.argv[1:])
