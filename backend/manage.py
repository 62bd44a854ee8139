#!/usr/bin/env python3
"""Django's command line: `python manage.py help`."""

import sys

from config.startup import load_settings_or_exit


def main() -> None:
    """Run the command that the arguments name."""
    load_settings_or_exit()
    # Imported late: Django's management reads the settings, and a broken `.env` is reported first.
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
