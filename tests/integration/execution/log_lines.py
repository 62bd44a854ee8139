"""What the service writes into its log."""

import logging
from collections.abc import Mapping

from app.logs.context import REQUEST_FACTS
from app.logs.lines import TextFormatter
from app.logs.redaction import Redactor


class Lines(logging.Handler):
    """Keeps every line as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(TextFormatter(Redactor([])))
        self.written: list[str] = []
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))
        self.records.append(record)

    def requests(self) -> list[Mapping[str, object]]:
        return [vars(each)[REQUEST_FACTS] for each in self.records if each.msg == "request"]
