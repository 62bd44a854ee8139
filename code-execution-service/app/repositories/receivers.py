"""What is known of the backend as a receiver of events, in the database."""

from datetime import datetime

from sqlalchemy import Exists, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.retries import DisabledFor
from app.models import Receiver

BACKEND = "backend"


def receiver_is_disabled() -> Exists:
    """Make the condition that nothing is to be sent."""
    return exists().where(Receiver.name == BACKEND, Receiver.disabled_at.is_not(None))


class ReceiverRepository:
    """Reads and writes the one receiver."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self) -> Receiver:
        """Return the receiver."""
        return (await self._session.scalars(select(Receiver).where(Receiver.name == BACKEND))).one()

    async def is_disabled(self) -> bool:
        """Tell whether nothing is to be sent."""
        return bool(await self._session.scalar(select(receiver_is_disabled())))

    async def note_failure(self, *, since: datetime, now: datetime) -> None:
        """Write down that it fails now, and since when."""
        await self._change(failing_since=since, failed_at=now)

    async def note_success(self) -> None:
        """Write down that it no longer fails, if it did."""
        await self._session.execute(
            update(Receiver)
            .where(Receiver.name == BACKEND, Receiver.failing_since.is_not(None))
            .values(failing_since=None, failed_at=None)
        )

    async def disable(self, reason: DisabledFor, *, now: datetime) -> bool:
        """Send nothing from now on; false when that was so already."""
        changed = await self._session.execute(
            update(Receiver)
            .where(Receiver.name == BACKEND, Receiver.disabled_at.is_(None))
            .values(disabled_at=now, disabled_for=reason)
            .returning(Receiver.name)
        )
        return changed.scalar() is not None

    async def enable(self) -> None:
        """Send again, and forget that it failed."""
        await self._change(failing_since=None, failed_at=None, disabled_at=None, disabled_for=None)

    async def _change(self, **values: object) -> None:
        await self._session.execute(
            update(Receiver).where(Receiver.name == BACKEND).values(**values)
        )
