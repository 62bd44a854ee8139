"""Test data in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import TestData


class TestDataTakenError(Exception):
    """Another transaction has stored the same in the meantime."""


class TestDataRepository:
    """Reads and writes test data."""

    __test__ = False

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, test_data: TestData) -> None:
        """Store something new.

        Raises:
            TestDataTakenError: it has just been stored.
        """
        self._session.add(test_data)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise TestDataTakenError from error

    async def find(self, hashes: Collection[str]) -> Sequence[TestData]:
        """Return what is kept under these hashes, without the contents."""
        return (
            await self._session.scalars(select(TestData).where(TestData.sha256.in_(hashes)))
        ).all()

    async def contents(self, hashes: Collection[str]) -> dict[str, bytes]:
        """Return what has these hashes, as far as it is kept."""
        query = select(TestData.sha256, TestData.content).where(TestData.sha256.in_(hashes))
        return dict((await self._session.execute(query)).all())

    async def note_use(self, hashes: Collection[str], *, now: datetime) -> None:
        """Write down that these are in use."""
        await self._session.execute(
            update(TestData).where(TestData.sha256.in_(hashes)).values(last_used_at=now)
        )

    async def delete_unused(self, *, since: datetime) -> int:
        """Delete what has not been used since; tell how many."""
        deleted = await self._session.scalars(
            delete(TestData).where(TestData.last_used_at < since).returning(TestData.sha256)
        )
        return len(deleted.all())
