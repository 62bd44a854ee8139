"""Starting a process of the backend: a broken configuration is one sentence, not a traceback."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

USAGE_EXIT_CODE = 2


def load_settings_or_exit() -> None:
    """Load the settings, or say in one sentence what is wrong with them and end the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.SECRET_KEY  # noqa: B018 - the first read of any setting loads the module
    except ImproperlyConfigured as error:
        exit_with_error(error)


def require_signing_key_or_exit() -> None:
    """End the process unless access tokens can be signed; only serving HTTP needs that."""
    # Imported late, as it reads settings that `load_settings_or_exit` has to report on first.
    from apps.users.keys import signing_keys  # noqa: PLC0415

    try:
        signing_keys()
    except ImproperlyConfigured as error:
        exit_with_error(error)


def exit_with_error(error: ImproperlyConfigured) -> None:
    """Print the sentence and end the process.

    Raises:
        SystemExit: Always.
    """
    sys.stderr.write(f"error: {error}\n")
    raise SystemExit(USAGE_EXIT_CODE) from None


if __name__ == "__main__":
    load_settings_or_exit()
