"""Judgements (one judging of a submission; a rejudge makes a new one) and their runs."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, Id, UtcDateTime
from app.domain.verdicts import Verdict


class Judgement(Base):
    """One judging of a submission."""

    __tablename__ = "judgements"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        Id, ForeignKey("code_submissions.id", ondelete="CASCADE"), index=True
    )
    verdict: Mapped[Verdict] = mapped_column(String(8))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)

    runs: Mapped[list["Run"]] = relationship(
        order_by="Run.position", lazy="raise", cascade="all, delete-orphan"
    )


class Run(Base):
    """One test case of one judgement; without a verdict where it was skipped."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    judgement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("judgements.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    test_case_id: Mapped[str] = mapped_column(String(64))
    is_sample: Mapped[bool]
    verdict: Mapped[Verdict | None] = mapped_column(String(8))
    score: Mapped[float] = mapped_column(server_default="0")
    judge_message: Mapped[str | None] = mapped_column(Text)
    wall_time_ms: Mapped[int]
    cpu_time_ms: Mapped[int]
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    exit_code: Mapped[int | None]
    signal: Mapped[int | None]
    output: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
