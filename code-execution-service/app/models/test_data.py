"""Inputs, expected outputs and problems' own programs, each kept once under its SHA-256."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, UtcDateTime


class TestData(Base):
    """Some bytes that submissions refer to by hash."""

    __test__ = False
    __tablename__ = "test_data"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """Told at most once a day, so that using something costs no write."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
