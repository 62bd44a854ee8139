"""Contests in the database."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Contest
from app.repositories.rows import IdempotencyKeyTakenError, insert_row


class ContestRepository:
    """Reads and writes contests."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, contest: Contest) -> None:
        """Store a new contest and give it its id.

        Raises:
            IdempotencyKeyTakenError: its key, the one thing that can clash, is in use.
        """
        try:
            contest.id = await insert_row(self._session, contest)
        except IntegrityError as error:
            raise IdempotencyKeyTakenError from error

    async def find_by_idempotency_key(self, key: str) -> Contest | None:
        """Return the contest that was made with this key."""
        return await self._session.scalar(select(Contest).where(Contest.idempotency_key == key))

    async def find(self, contest_id: int) -> Contest | None:
        """Return the contest, if it exists."""
        return await self._session.get(Contest, contest_id)

    async def known(self, contest_ids: Collection[int]) -> Collection[int]:
        """Return those of the ids that there are contests of."""
        if not contest_ids:
            return ()
        query = select(Contest.id).where(Contest.id.in_(contest_ids))
        return (await self._session.scalars(query)).all()

    async def list(self, *, is_active: bool | None, skip: int, limit: int) -> Sequence[Contest]:
        """Return contests, the newest first."""
        query = select(Contest).order_by(Contest.id.desc()).offset(skip).limit(limit)
        if is_active is not None:
            query = query.where(Contest.is_active == is_active)
        return (await self._session.scalars(query)).all()

    async def delete(self, contest: Contest) -> None:
        """Remove the contest; its submissions stay and lose their contest."""
        await self._session.delete(contest)
