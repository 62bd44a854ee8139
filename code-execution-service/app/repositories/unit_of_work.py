"""A transaction with the repositories that work in it."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.database import reader_sessions, step_sessions, writer_sessions
from app.errors import DatabaseUnavailableError, NoDatabaseError
from app.repositories.contests import ContestRepository
from app.repositories.events import EventRepository
from app.repositories.jobs import JobRepository
from app.repositories.judge_submissions import JudgeSubmissionRepository
from app.repositories.judge_workers import JudgeWorkerRepository
from app.repositories.operations import OperationsRepository
from app.repositories.receivers import ReceiverRepository
from app.repositories.submissions import SubmissionRepository
from app.repositories.test_data import TestDataRepository

logger = logging.getLogger(__name__)


class UnitOfWork:
    """The repositories of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.contests = ContestRepository(session)
        self.submissions = SubmissionRepository(session)
        self.jobs = JobRepository(session)
        self.events = EventRepository(session)
        self.receivers = ReceiverRepository(session)
        self.judge_submissions = JudgeSubmissionRepository(session)
        self.judge_workers = JudgeWorkerRepository(session)
        self.test_data = TestDataRepository(session)
        self.operations = OperationsRepository(session)


class Transactions:
    """Opens transactions: committed when the block ends, rolled back when it raises.

    Without a database every one of them raises `NoDatabaseError`.
    """

    def __init__(self, engine: AsyncEngine | None) -> None:
        self._writer = writer_sessions(engine) if engine else None
        self._steps = step_sessions(engine) if engine else None
        self._reader = reader_sessions(engine) if engine else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that may write.

        Raises:
            NoDatabaseError: there is none.
            DatabaseUnavailableError: it does not answer, or refuses to work.
        """
        if self._writer is None:
            raise NoDatabaseError
        with _database_expected():
            async with self._writer() as session, session.begin():
                yield UnitOfWork(session)

    @asynccontextmanager
    async def write_at_once(self) -> AsyncIterator[UnitOfWork]:
        """Open what is written by one statement, or by some that need not be a transaction.

        On SQLite it is one all the same.

        Raises:
            NoDatabaseError: there is none.
            DatabaseUnavailableError: it does not answer, or refuses to work.
        """
        if self._steps is None:
            raise NoDatabaseError
        with _database_expected():
            async with self._steps() as session, session.begin():
                yield UnitOfWork(session)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that only reads.

        Raises:
            NoDatabaseError: there is none.
            DatabaseUnavailableError: it does not answer, or refuses to work.
        """
        if self._reader is None:
            raise NoDatabaseError
        with _database_expected():
            async with self._reader() as session:
                yield UnitOfWork(session)


@contextmanager
def _database_expected() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, NoFreeConnectionError) as error:
        # The driver's first line is all that may reach a log, by a traceback either: what follows
        # repeats values, programs among them.
        said = error.orig if isinstance(error, DBAPIError) else error
        logger.warning("the database is not available: %s", str(said).partition("\n")[0])
        raise DatabaseUnavailableError from None
