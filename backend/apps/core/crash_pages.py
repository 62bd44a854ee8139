"""Django's page of a crash, which it shows with DEBUG, without secrets."""

from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter
from typing_extensions import override


class RedactedReporter(ExceptionReporter):
    """Hides what log lines hide: Django itself leaves addresses and local variables as they are."""

    @override
    def get_traceback_data(self) -> dict[str, Any]:
        """Gather what the page says; a variable whose name tells of a secret has no value."""
        data = super().get_traceback_data()
        for frame in data["frames"]:
            frame["vars"] = [
                (name, self.filter.cleanse_setting(name, value)) for name, value in frame["vars"]
            ]
        return data

    @override
    def get_traceback_html(self) -> SafeString:
        """Write the page."""
        return _redacted(super().get_traceback_html())

    @override
    def get_traceback_text(self) -> SafeString:
        """Write the same for who takes no HTML."""
        return _redacted(super().get_traceback_text())


def _redacted(page: SafeString) -> SafeString:
    return mark_safe(settings.REDACTOR.redact(page))  # noqa: S308 - Django has escaped all of it
