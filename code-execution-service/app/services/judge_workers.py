"""Which processes judge, as they say themselves."""

import logging
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.errors import DatabaseUnavailableError, NoJudgeWorkerError
from app.models import JudgeWorker
from app.repositories.unit_of_work import Transactions
from app.services.stop import Stop

logger = logging.getLogger(__name__)

BEAT_S = 10.0
SILENT_AFTER = timedelta(seconds=35)
"""Three beats missed: it has died, hangs, or can't reach the database."""
FORGOTTEN_AFTER = timedelta(hours=1)


class JudgeWorkers:
    """Lets this process say that it judges, and tells who does."""

    def __init__(self, *, transactions: Transactions, place: str, version: str) -> None:
        self._transactions = transactions
        self._place = place
        self._version = version

    async def take_part(self, stop: Stop, *, lanes: int) -> None:
        """Say again and again that this process judges, until told to stop."""
        now = datetime.now(tz=UTC)
        worker = JudgeWorker(
            id=secrets.token_hex(16),
            place=self._place,
            pid=os.getpid(),
            lanes=lanes,
            version=self._version,
            started_at=now,
            seen_at=now,
        )
        place: str | None = self._place  # who comes back takes the place of who has died there
        while True:
            if await self._beat(worker, place):
                place = None
            if await stop.comes_within(BEAT_S):
                break
        await self._leave(worker)

    async def known(self) -> Sequence[JudgeWorker]:
        """Return who judges, and who did until they fell silent within the last hour.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        async with self._transactions.read() as work:
            return await work.judge_workers.list()

    async def check(self) -> None:
        """Return if somebody judges.

        Raises:
            NoJudgeWorkerError: nobody has been heard of lately.
            DatabaseUnavailableError: the database does not answer.
        """
        if not any(is_there(worker) for worker in await self.known()):
            raise NoJudgeWorkerError

    async def check_here(self) -> None:
        """Return if somebody judges at this place.

        Raises:
            NoJudgeWorkerError: nobody has been heard of lately.
            DatabaseUnavailableError: the database does not answer.
        """
        if not any(each.place == self._place and is_there(each) for each in await self.known()):
            raise NoJudgeWorkerError(f"No judge worker at {self._place} has been heard of")

    async def _beat(self, worker: JudgeWorker, place: str | None) -> bool:
        worker.seen_at = datetime.now(tz=UTC)
        try:
            async with self._transactions.write() as work:
                await work.judge_workers.note(worker)
                await work.judge_workers.forget_silent(since=worker.seen_at - FORGOTTEN_AFTER)
                if place is not None:
                    await work.judge_workers.forget_silent(
                        since=worker.seen_at - SILENT_AFTER, place=place
                    )
        except DatabaseUnavailableError as error:
            logger.warning("can't say that this process judges: %s", error)
            return False
        return True

    async def _leave(self, worker: JudgeWorker) -> None:
        try:
            async with self._transactions.write() as work:
                await work.judge_workers.forget(worker.id)
        except DatabaseUnavailableError as error:
            logger.warning("can't say that this process has ended: %s", error)


def is_there(worker: JudgeWorker) -> bool:
    """Tell whether it has been heard of lately."""
    return worker.seen_at > datetime.now(tz=UTC) - SILENT_AFTER
