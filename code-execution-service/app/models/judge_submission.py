"""What `POST /submit` leaves behind, in the columns that contract S000-D02 prescribes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, ZonelessUtcDateTime

_Json = JSON().with_variant(JSONB(), "postgresql")


class JudgeSubmission(Base):
    """One call of `POST /submit`; other teams read this table by SQL, so its columns are theirs."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    submission_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    user_id: Mapped[str] = mapped_column(String(255))
    question_id: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(50))
    code: Mapped[str] = mapped_column(Text)
    test_results: Mapped[list[dict[str, Any]]] = mapped_column(_Json)
    summary: Mapped[dict[str, Any]] = mapped_column(_Json)
    execution_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime | None] = mapped_column(
        ZonelessUtcDateTime, server_default=func.current_timestamp()
    )
