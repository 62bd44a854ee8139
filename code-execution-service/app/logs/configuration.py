"""Where log lines go: the console, and `logs/app.log` (contract S001-O09)."""

import logging.config
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from app.logs.lines import JsonFormatter, TextFormatter
from app.logs.redaction import Redactor

LogFormat = Literal["text", "json"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
MAX_FILE_BYTES = 10 * 1024 * 1024
KEPT_FILES = 5
FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}


def configure_logging(
    directory: Path, *, form: LogFormat, level: LogLevel, secrets: Iterable[str]
) -> None:
    """Send every logger's lines to the console and to a file that is rolled over in time."""
    directory.mkdir(parents=True, exist_ok=True)
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": FORMATTERS[form], "redactor": Redactor(secrets)},
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
                "encoding": "utf-8",
                "errors": "backslashreplace",
            },
        },
        "root": {"level": level, "handlers": ["console", "file"]},
        "loggers": {
            name: {"level": "WARNING"}
            # They write every call, some with what is in it.
            for name in ("httpx", "httpcore", "alembic", "asyncio", "aiosqlite", "websockets")
        },
    })
