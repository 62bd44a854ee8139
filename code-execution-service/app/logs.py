"""Where log lines go: the console, and `logs/app.log` (contract S001-O09)."""

import logging.config
import re
from pathlib import Path

from typing_extensions import override

MAX_FILE_BYTES = 10 * 1024 * 1024
KEPT_FILES = 5

# WebSockets carry their token in the address, which the server writes to its log.
_TOKEN = re.compile(r"([?&](?:access_)?token=)[^&\s\"']*", re.IGNORECASE)


class SecretiveFormatter(logging.Formatter):
    """Writes lines without the tokens in them."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Write a record, with its traceback."""
        return _TOKEN.sub(r"\1***", super().format(record))


def configure_logging(directory: Path) -> None:
    """Send every logger's lines to the console and to a file that is rolled over in time."""
    directory.mkdir(parents=True, exist_ok=True)
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": SecretiveFormatter,
                "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
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
