"""Submissions with their test cases and files, and the result of the newest judgement."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, Id, UtcDateTime
from app.domain.judging import SubmissionStatus
from app.domain.verdicts import Verdict

__all__ = ["Submission", "SubmissionFile", "SubmissionStatus", "SubmissionTestCase"]


class Submission(Base):
    """One source text handed in, and what became of it.

    The limits are those of each run, multipliers applied; null in rows from before they were kept
    for every submission.
    """

    __tablename__ = "code_submissions"
    __table_args__ = (Index("ix_code_submissions_user_id_id", "user_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contest_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("contests.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(20))
    input_data: Mapped[str] = mapped_column(Text, default="")
    cpu_time_limit_ms: Mapped[int | None]
    memory_limit_bytes: Mapped[int | None] = mapped_column(BigInteger)
    compile_options: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    judging_rules: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Null: compared exactly, all tests run."""
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    """A `Priority`, for whenever it is queued."""

    status: Mapped[SubmissionStatus] = mapped_column(String(16), index=True)
    verdict: Mapped[Verdict | None] = mapped_column(String(8))
    output: Mapped[str | None] = mapped_column(Text)
    error_output: Mapped[str | None] = mapped_column(Text)
    exit_code: Mapped[int | None]
    execution_time_ms: Mapped[int | None]
    memory_usage_bytes: Mapped[int | None] = mapped_column(BigInteger)

    webhook_sent: Mapped[bool] = mapped_column(default=False)
    webhook_response: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    executed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    idempotency_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    request_hash: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    """Of the request that it came with, for the log lines about it."""
    traceparent: Mapped[str | None] = mapped_column(String(64))
    """Where that request is in a trace; null where there are none."""

    test_cases: Mapped[list["SubmissionTestCase"]] = relationship(
        order_by="SubmissionTestCase.position", lazy="raise", cascade="all, delete-orphan"
    )
    files: Mapped[list["SubmissionFile"]] = relationship(
        order_by="SubmissionFile.name", lazy="raise", cascade="all, delete-orphan"
    )


class SubmissionTestCase(Base):
    """One test case that came with a submission; the expected output never enters the sandbox.

    A text is empty where its hash is given: then it is kept once, as test data.
    """

    __tablename__ = "submission_test_cases"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        Id, ForeignKey("code_submissions.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    external_id: Mapped[str] = mapped_column(String(64))
    input: Mapped[str] = mapped_column(Text, default="")
    input_sha256: Mapped[str | None] = mapped_column(String(64))
    expected_output: Mapped[str] = mapped_column(Text, default="")
    expected_output_sha256: Mapped[str | None] = mapped_column(String(64))
    is_sample: Mapped[bool] = mapped_column(default=False)
    group_name: Mapped[str | None] = mapped_column(String(64))


class SubmissionFile(Base):
    """One file that lies beside a submission's source."""

    __tablename__ = "submission_files"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        Id, ForeignKey("code_submissions.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(129))
    content: Mapped[bytes] = mapped_column(LargeBinary)
