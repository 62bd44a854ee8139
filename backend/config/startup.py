"""Starting a process of the backend: a broken configuration is one sentence, not a traceback."""

import logging
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

USAGE_EXIT_CODE = 2
SECRET_KEY_CHARS_MIN = 50
"""Source: Django's check security.W009."""


def load_settings_or_exit() -> None:
    """Load the settings, or say in one sentence what is wrong with them and end the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.SECRET_KEY  # noqa: B018 - the first read of any setting loads the module
    except ImproperlyConfigured as error:
        exit_with_error(error)


def start_tracing_or_exit(name: str) -> None:
    """Send traces if that is asked for, or say in one sentence why it can't be."""
    # Imported late, as all of the apps.
    from apps.core import tracing  # noqa: PLC0415

    try:
        tracing.turn_on_if_asked(name)
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


def warn_of_weak_settings() -> None:
    """Say which settings are fit for development only, where it is not that."""
    if settings.DEBUG:
        return
    weak = {
        "HTTPS_ONLY is false: passwords and cookies may travel unencrypted; set it to true as soon"
        " as a proxy in front ends TLS": not settings.HTTPS_ONLY,
        f"SECRET_KEY has less than {SECRET_KEY_CHARS_MIN} characters: make a longer one, such as"
        " `openssl rand -base64 48` prints": len(settings.SECRET_KEY) < SECRET_KEY_CHARS_MIN,
        "CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET is true: whoever reads one webhook can write"
        " others; set it to false": settings.CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET,
    }
    for sentence in (each for each, is_weak in weak.items() if is_weak):
        logger.warning("%s", sentence)


def exit_with_error(error: ImproperlyConfigured) -> None:
    """Print the sentence and end the process.

    Raises:
        SystemExit: Always.
    """
    sys.stderr.write(f"error: {error}\n")
    raise SystemExit(USAGE_EXIT_CODE) from None


if __name__ == "__main__":
    load_settings_or_exit()
