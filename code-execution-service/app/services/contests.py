"""The contests that the contract's microservice endpoints keep."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.errors import ContestNotFoundError
from app.models import Contest
from app.repositories.unit_of_work import Transactions, UnitOfWork


class ContestService:
    """Creates, finds, changes and deletes contests."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, *, title: str, description: str, is_active: bool) -> Contest:
        """Create a contest."""
        contest = Contest(
            title=title,
            description=description,
            is_active=is_active,
            created_at=datetime.now(tz=UTC),
        )
        async with self._transactions.write() as work:
            await work.contests.add(contest)
        return contest

    async def get(self, contest_id: int) -> Contest:
        """Return a contest.

        Raises:
            ContestNotFoundError: there is none with this id.
        """
        async with self._transactions.read() as work:
            return await _get(work, contest_id)

    async def list(self, *, is_active: bool | None, skip: int, limit: int) -> Sequence[Contest]:
        """Return contests, the newest first."""
        async with self._transactions.read() as work:
            return await work.contests.list(is_active=is_active, skip=skip, limit=limit)

    async def update(
        self,
        contest_id: int,
        *,
        title: str | None,
        description: str | None,
        is_active: bool | None,
    ) -> Contest:
        """Change what is given, leave the rest.

        Raises:
            ContestNotFoundError: there is none with this id.
        """
        async with self._transactions.write() as work:
            contest = await _get(work, contest_id)
            contest.title = contest.title if title is None else title
            contest.description = contest.description if description is None else description
            contest.is_active = contest.is_active if is_active is None else is_active
        return contest

    async def delete(self, contest_id: int) -> None:
        """Delete a contest; its submissions stay and lose their contest.

        Raises:
            ContestNotFoundError: there is none with this id.
        """
        async with self._transactions.write() as work:
            contest = await _get(work, contest_id)
            await work.contests.delete(contest)


async def _get(work: UnitOfWork, contest_id: int) -> Contest:
    contest = await work.contests.find(contest_id)
    if contest is None:
        raise ContestNotFoundError
    return contest
