"""Where log lines go: the console, and `logs/app.log` (contract S001-O09)."""

import logging.config
from pathlib import Path

MAX_FILE_BYTES = 10 * 1024 * 1024
KEPT_FILES = 5


def configure_logging(directory: Path) -> None:
    """Send every logger's lines to the console and to a file that is rolled over in time."""
    directory.mkdir(parents=True, exist_ok=True)
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "formatter": "line",
                "filename": str(directory / "app.log"),
                "maxBytes": MAX_FILE_BYTES,
                "backupCount": KEPT_FILES,
                "delay": True,
            },
        },
        "root": {"level": "INFO", "handlers": ["console", "file"]},
        "loggers": {"httpx": {"level": "WARNING"}, "alembic": {"level": "WARNING"}},
    })
