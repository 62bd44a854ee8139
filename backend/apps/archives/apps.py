"""Django's entry of the app."""

from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    """Whole contests in and out; it has no tables of its own."""

    default = True
    name = "apps.archives"
