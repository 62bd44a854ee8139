"""The contests that the contract's microservice endpoints keep."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from app.errors import ContestNotFoundError, IdempotencyMismatchError
from app.models import Contest
from app.repositories.rows import IdempotencyKeyTakenError
from app.repositories.unit_of_work import Transactions, UnitOfWork


class ContestService:
    """Creates, finds, changes and deletes contests."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(
        self, *, title: str, description: str, is_active: bool, idempotency_key: str | None
    ) -> Contest:
        """Create a contest; a repeated key returns the one that it created.

        Raises:
            IdempotencyMismatchError: the key came before with another request.
        """
        asked = json.dumps([title, description, is_active])
        request_hash = hashlib.sha256(asked.encode()).hexdigest()
        contest = Contest(
            title=title,
            description=description,
            is_active=is_active,
            created_at=datetime.now(tz=UTC),
            idempotency_key=idempotency_key,
            request_hash=request_hash if idempotency_key else None,
        )
        try:
            async with self._transactions.write() as work:
                await work.contests.add(contest)
        except IdempotencyKeyTakenError:
            assert idempotency_key is not None  # noqa: S101  # only one that is there can be taken
            return await self._find_repeated(idempotency_key, request_hash)
        return contest

    async def _find_repeated(self, idempotency_key: str, request_hash: str) -> Contest:
        async with self._transactions.read() as work:
            earlier = await work.contests.find_by_idempotency_key(idempotency_key)
        if earlier is None:
            raise ContestNotFoundError  # somebody has just deleted it
        if earlier.request_hash != request_hash:
            raise IdempotencyMismatchError
        return earlier

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
