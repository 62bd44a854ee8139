"""Django's name for this app."""

from django.apps import AppConfig


class PlaygroundConfig(AppConfig):
    """The page at `/`."""

    name = "apps.playground"
