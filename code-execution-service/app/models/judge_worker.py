"""Who judges: one row per process, which tells again and again that it is there."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, UtcDateTime


class JudgeWorker(Base):
    """A process that judges submissions; the row goes away when it is stopped, not when it dies."""

    __tablename__ = "judge_workers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(String(100))
    """The machine or container, as `REPLICA_NAME` says."""
    pid: Mapped[int]
    lanes: Mapped[int]
    """How many submissions it judges side by side."""
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
