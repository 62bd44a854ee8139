"""Contests of the contract's microservice endpoints; the real ones live in the backend."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id, UtcDateTime


class Contest(Base):
    """A name under which submissions can be grouped."""

    __tablename__ = "contests"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    idempotency_key: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    request_hash: Mapped[str | None] = mapped_column(String(64))
