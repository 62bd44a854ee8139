"""What callers hand in, and the rows that are made of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from app import tracing
from app.domain.files import SourceFile
from app.domain.judging import GivenTestCase, SubmissionStatus
from app.domain.judging_rules import DEFAULT_RULES, JudgingRules
from app.domain.language import Language
from app.domain.limits import limits_for
from app.domain.turns import Priority
from app.errors import InvalidRequestError
from app.logs import context
from app.models import Job, Submission, SubmissionFile, SubmissionTestCase
from app.services import judging_rules

MAX_CODE_BYTES = 100 * 1024  # contract S001-Q01


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """What a caller asks for.

    Limits that are `None` are the service's defaults, multipliers that are `None` the language's.
    """

    code: str
    language: str
    user_id: int
    contest_id: int | None
    input_data: str
    reference: str | None
    cpu_time_limit_ms: int | None
    memory_limit_bytes: int | None
    time_multiplier: float | None
    memory_multiplier: float | None
    compile_options: tuple[str, ...]
    files: tuple[SourceFile, ...]
    test_cases: tuple[GivenTestCase, ...]
    rules: JudgingRules
    contents: Mapping[str, bytes]
    """What came along of the test data that the rules refer to."""
    is_executed_at_once: bool
    priority: Priority

    def fingerprint(self) -> str:
        """Return a hash that is the same for the same request.

        Only what was asked for counts, so that a field which a later version adds changes nothing.
        """
        asked = _fields(self)
        del asked["contents"]  # the rules have their hashes
        del asked["priority"]  # says when, not what
        asked["rules"] = None if self.rules == DEFAULT_RULES else asdict(self.rules)
        asked["files"] = [_fields(file) for file in self.files]
        asked["test_cases"] = [_given(case) for case in self.test_cases]
        asked = {name: value for name, value in asked.items() if value}
        text = json.dumps(asked, sort_keys=True, default=bytes.hex)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def hashes(self) -> frozenset[str]:
        """What of the kept test data it refers to."""
        return self.rules.hashes.union(*(case.hashes for case in self.test_cases))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A submission that is to be stored and queued once, however often it comes."""

    request: NewSubmission
    idempotency_key: str | None
    """The same for the same order; without one, each is a new one."""
    request_id: str | None = None
    """Of the request that somebody in front has it from; `None` for the one that is served."""


def check_code(code: str) -> None:
    """Return if somebody may hand in such a source text.

    Raises:
        InvalidRequestError: it is empty or too long.
    """
    if not code.strip():
        raise InvalidRequestError("Code is required")
    size_bytes = len(code.encode())
    if size_bytes > MAX_CODE_BYTES:
        raise InvalidRequestError(
            f"Code has {size_bytes} bytes; the limit is {MAX_CODE_BYTES} bytes (100 KiB)"
        )


def row_of(order: Order, language: Language, *, now: datetime) -> Submission:
    """Make the row of a submission, with those of its test cases and files."""
    request = order.request
    limits = limits_for(
        language,
        cpu_time_ms=request.cpu_time_limit_ms,
        memory_bytes=request.memory_limit_bytes,
        time_multiplier=request.time_multiplier,
        memory_multiplier=request.memory_multiplier,
    )
    return Submission(
        contest_id=request.contest_id,
        user_id=request.user_id,
        reference=request.reference,
        code=request.code,
        language=language.id,
        input_data=request.input_data,
        cpu_time_limit_ms=limits.cpu_time_ms,
        memory_limit_bytes=limits.memory_bytes,
        compile_options=list(request.compile_options),
        judging_rules=judging_rules.to_document(request.rules),
        priority=request.priority,
        status=SubmissionStatus.PENDING,
        webhook_sent=False,
        created_at=now,
        executed_at=None,
        idempotency_key=order.idempotency_key,
        request_hash=request.fingerprint() if order.idempotency_key else None,
        request_id=order.request_id or context.request_id(),
        traceparent=tracing.traceparent(),
        test_cases=[
            SubmissionTestCase(
                position=position,
                external_id=case.id,
                input=case.input or "",
                input_sha256=case.input_sha256,
                expected_output=case.expected_output or "",
                expected_output_sha256=case.expected_output_sha256,
                is_sample=case.is_sample,
                group_name=case.group,
            )
            for position, case in enumerate(request.test_cases)
        ],
        files=[SubmissionFile(name=file.name, content=file.content) for file in request.files],
    )


def job_of(submission: Submission, *, turn_at: datetime, now: datetime) -> Job:
    """Make the row by which a submission that is stored waits for a judge."""
    return Job(
        submission_id=submission.id,
        user_id=submission.user_id,
        priority=submission.priority,
        turn_at=turn_at,
        created_at=now,
        available_at=now,
        attempts=0,
        lease_token=None,
    )


def _fields(value: NewSubmission | SourceFile | GivenTestCase) -> dict[str, Any]:
    """Return what the value consists of; unlike `asdict`, without copying it."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _given(case: GivenTestCase) -> dict[str, Any]:
    return {name: value for name, value in _fields(case).items() if value is not None}
