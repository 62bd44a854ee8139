"""What the process writes down of what it does."""

from app.logs.configuration import configure_logging

__all__ = ["configure_logging"]
