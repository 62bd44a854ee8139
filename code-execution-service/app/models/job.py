"""The queue: one row per submission that waits for a worker or is being judged."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id, UtcDateTime


class Job(Base):
    """Work for a judge worker. The row goes away in the transaction that stores the judgement.

    A worker owns the job while `lease_token` is its own and the lease has not run out.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_turn", "priority", "turn_at", "id"),
        Index("ix_jobs_user", "user_id", "priority"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        Id, ForeignKey("code_submissions.id", ondelete="CASCADE"), unique=True
    )
    user_id: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[int] = mapped_column(SmallInteger)
    turn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The order among those of the same priority: see `turn_of`."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When a worker may claim it: at once for a new job, at the lease's end for a claimed one."""
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(64))
