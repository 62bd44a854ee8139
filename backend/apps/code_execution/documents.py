"""What the execution service tells, read with care: every value has a type and a limit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.code_execution.domain import (
    BYTES_PER_MIB,
    INT32_MAX,
    INT64_MAX,
    REFERENCE_CHARS_MAX,
    TERMINAL_STATUSES,
    TEST_TEXT_CHARS_MAX,
    TEXT_CHARS_MAX,
    Stage,
    Status,
    Verdict,
    clean_text,
)

TEST_RESULTS_MAX = 1000
LANGUAGES_MAX = 100


class ResultError(Exception):
    """A document from outside is not what it should be; the text says why, field by field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLanguage:
    """What the execution service tells about a language.

    Of each kind of compile options one may be chosen; the first is taken where none is.
    """

    name: str
    time_multiplier: float
    memory_multiplier: float
    compile_options: dict[str, list[str]]

    def reason_against(self, chosen: Sequence[str]) -> str | None:
        """Say why these compile options can't be chosen together; `None` if they can."""
        allowed = [option for kind in self.compile_options.values() for option in kind if option]
        for option in chosen:
            if option not in allowed:
                known = f"Use one of {', '.join(allowed)}." if allowed else "There are none."
                return f"{self.name} has no compile option '{option}'. {known}"
        for kind, options in self.compile_options.items():
            found = [option for option in options if option in chosen]
            if len(found) > 1:
                return f"Choose one of {' and '.join(found)}: both are {kind}."
        return None


def parse_languages(document: object) -> dict[str, PublishedLanguage]:
    """Read the execution service's list of languages, by id.

    Raises:
        ResultError: It is no such list.
    """
    if not isinstance(document, list) or len(document) > LANGUAGES_MAX:
        raise ResultError(f"languages are a list of at most {LANGUAGES_MAX}")
    try:
        return {str(each["id"]): _language(each) for each in document}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultError(f"an entry is not a language: {error!r}") from error


def _language(document: Mapping[str, Any]) -> PublishedLanguage:
    return PublishedLanguage(
        name=str(document["name"]),
        time_multiplier=float(document["time_multiplier"]),
        memory_multiplier=float(document["memory_multiplier"]),
        compile_options={
            str(kind): [str(option) for option in options]
            for kind, options in document["compile_options"].items()
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the execution service tells about one submission; every text is fit for a database.

    `test_results` is in test-case order; `None` when there was nothing to test against.
    """

    microservice_id: int
    user_id: int
    status: Status
    reference: str | None = None
    verdict: Verdict | None = None
    output: str | None = None
    error_output: str | None = None
    exit_code: int | None = None
    execution_time_ms: int | None = None
    memory_usage_bytes: int | None = None
    test_results: list[dict[str, Any]] | None = field(default=None)
    completed_at: datetime | None = None


def parse_result(document: object, *, id_key: str) -> Result:
    """Read a result; `id_key` is where the service's own id of the submission stands.

    Keys that are not known are ignored; texts are cut to what is kept of them.

    Raises:
        ResultError: A key is missing, or a value has the wrong type or is out of bounds.
    """
    if not isinstance(document, Mapping):
        raise ResultError("a result is an object")
    reader = Reader(document)
    execution_time_ms = reader.find_integer("execution_time_ms", minimum=0)
    memory_bytes = reader.find_integer("memory_usage_bytes", minimum=0)
    status = Status(reader.get_choice("status", tuple(Status)))
    result = Result(
        microservice_id=reader.get_integer(id_key, minimum=1),
        user_id=reader.get_integer("user_id", minimum=1),
        status=status,
        reference=reader.find_text("reference", REFERENCE_CHARS_MAX),
        verdict=reader.find_verdict("verdict"),
        output=reader.find_text("output", TEXT_CHARS_MAX),
        error_output=reader.find_text("error_output", TEXT_CHARS_MAX) or None,
        exit_code=reader.find_integer("exit_code", minimum=-INT32_MAX, maximum=INT32_MAX),
        execution_time_ms=(
            reader.find_display("execution_time", _DURATION, 1000)
            if execution_time_ms is None
            else execution_time_ms
        ),
        memory_usage_bytes=(
            reader.find_display("memory_usage", _MEMORY, BYTES_PER_MIB)
            if memory_bytes is None
            else memory_bytes
        ),
        test_results=reader.find_test_results("test_results"),
        completed_at=reader.find_time("completed_at"),
    )
    if status in TERMINAL_STATUSES and result.completed_at is None:
        raise ResultError("completed_at is missing")
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far judging is; `attempt` counts how often the execution service has begun it."""

    microservice_id: int
    reference: str | None
    attempt: int
    stage: Stage
    tests_done: int
    tests_total: int


def parse_progress(document: object) -> Progress:
    """Read how far judging is; keys that are not known are ignored.

    Raises:
        ResultError: A key is missing, or a value has the wrong type or is out of bounds.
    """
    if not isinstance(document, Mapping):
        raise ResultError("progress is an object")
    reader = Reader(document)
    progress = Progress(
        microservice_id=reader.get_integer("submission_id", minimum=1),
        reference=reader.find_text("reference", REFERENCE_CHARS_MAX),
        attempt=reader.get_integer("attempt", minimum=0, maximum=INT32_MAX),
        stage=Stage(reader.get_choice("stage", tuple(Stage))),
        tests_done=reader.get_integer("tests_done", minimum=0, maximum=INT32_MAX),
        tests_total=reader.get_integer("tests_total", minimum=0, maximum=INT32_MAX),
    )
    if progress.tests_done > progress.tests_total:
        raise ResultError("tests_done is more than tests_total")
    return progress


# The display forms, for senders that know no other: `0.045s` and `8.2MB`.
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")


_MEMORY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)MB")


class Reader:
    """Takes values of the right type and size from a document; `find_` may find nothing."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def get_integer(self, key: str, *, minimum: int, maximum: int = INT64_MAX) -> int:
        """Give an integer that has to be there.

        Raises:
            ResultError: It is none.
        """
        value = self.find_integer(key, minimum=minimum, maximum=maximum)
        if value is None:
            raise ResultError(f"{key} is missing")
        return value

    def find_integer(self, key: str, *, minimum: int, maximum: int = INT64_MAX) -> int | None:
        """Give an integer within these bounds.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if value is None:
            return None
        if type(value) is not int or not minimum <= value <= maximum:
            raise ResultError(f"{key} is not an integer from {minimum} to {maximum}")
        return value

    def get_choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Give a text that is one of these.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if not isinstance(value, str) or value not in choices:
            raise ResultError(f"{key} is not one of {', '.join(choices)}")
        return value

    def get_boolean(self, key: str) -> bool:
        """Give true or false.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if not isinstance(value, bool):
            raise ResultError(f"{key} is not true or false")
        return value

    def get_text(self, key: str, chars_max: int) -> str:
        """Give a text that has to be there, cut to a length.

        Raises:
            ResultError: It is none.
        """
        text = self.find_text(key, chars_max)
        if text is None:
            raise ResultError(f"{key} is missing")
        return text

    def get_time(self, key: str) -> datetime:
        """Give a moment that has to be there.

        Raises:
            ResultError: It is none.
        """
        moment = self.find_time(key)
        if moment is None:
            raise ResultError(f"{key} is missing")
        return moment

    def find_verdict(self, key: str) -> Verdict | None:
        """Give a verdict."""
        if self._document.get(key) is None:
            return None
        return Verdict(self.get_choice(key, tuple(Verdict)))

    def find_text(self, key: str, chars_max: int) -> str | None:
        """Give a text fit for a database, cut to a length.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise ResultError(f"{key} is not a text")
        return clean_text(value, chars_max)

    def find_share(self, key: str) -> float | None:
        """Give a number from 0 to 1.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= 1:
            raise ResultError(f"{key} is not a number from 0 to 1")
        return float(value)

    def find_display(self, key: str, form: re.Pattern[str], factor: int) -> int | None:
        """Give the number in a display form, times a factor."""
        match = form.fullmatch(self.find_text(key, REFERENCE_CHARS_MAX) or "")
        return round(float(match[1]) * factor) if match else None

    def find_time(self, key: str) -> datetime | None:
        """Give an aware UTC moment; one without a zone is in UTC.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ResultError(f"{key} is not an ISO 8601 time") from None

    def find_test_results(self, key: str) -> list[dict[str, Any]] | None:
        """Give the results of tests.

        Raises:
            ResultError: It is none.
        """
        value = self._document.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > TEST_RESULTS_MAX:
            raise ResultError(f"{key} is not a list of at most {TEST_RESULTS_MAX}")
        return [_test_result(each, number) for number, each in enumerate(value, start=1)]


def _test_result(document: object, number: int) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise ResultError("an entry of test_results is not an object")
    reader = Reader(document)
    verdict = reader.find_verdict("verdict")
    is_passed = document.get("passed")
    if not isinstance(is_passed, bool):
        raise ResultError("passed is not true or false")
    return {
        "test_case_id": reader.find_text("test_case_id", REFERENCE_CHARS_MAX),
        "test_case_number": number,
        "is_sample": document.get("is_sample") is True,
        "verdict": None if verdict is None else str(verdict),
        "passed": is_passed,
        "is_skipped": document.get("is_skipped") is True,
        "score": reader.find_share("score"),
        "execution_time_ms": reader.find_integer("execution_time_ms", minimum=0),
        "cpu_time_ms": reader.find_integer("cpu_time_ms", minimum=0),
        "memory_usage_bytes": reader.find_integer("memory_usage_bytes", minimum=0),
        "exit_code": reader.find_integer("exit_code", minimum=-INT32_MAX, maximum=INT32_MAX),
        "signal": reader.find_integer("signal", minimum=0, maximum=INT32_MAX),
        "output": reader.find_text("output", TEST_TEXT_CHARS_MAX),
        "error": reader.find_text("error", TEST_TEXT_CHARS_MAX),
        "judge_message": reader.find_text("judge_message", TEST_TEXT_CHARS_MAX),
    }
