import logging
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.retries import DisabledFor
from app.errors import DatabaseUnavailableError
from app.models.judge_submission import JudgeSubmission
from app.repositories.unit_of_work import Transactions

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def transactions(settings: Settings) -> AsyncIterator[Transactions]:
    engine = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    yield Transactions(engine)
    await engine.dispose()


async def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(
    transactions: Transactions,
) -> None:
    async with transactions.read() as reader:
        assert not await reader.receivers.is_disabled()
        async with transactions.write() as writer:
            await writer.receivers.disable(DisabledFor.GONE, now=datetime.now(tz=UTC))
        assert not await reader.receivers.is_disabled()

    async with transactions.read() as later:
        assert await later.receivers.is_disabled()


async def test_what_the_database_refuses_is_told_without_the_values(
    transactions: Transactions, caplog: pytest.LogCaptureFixture
) -> None:
    code = "print('of a participant')"
    row = JudgeSubmission(
        user_id=None, question_id="q1", language="python", code=code, test_results=[], summary={}
    )

    with (
        caplog.at_level(logging.WARNING, logger="app.repositories.unit_of_work"),
        pytest.raises(DatabaseUnavailableError) as refusal,
    ):
        async with transactions.write() as work:
            await work.judge_submissions.add(row)

    assert "user_id" in caplog.text
    assert code not in caplog.text
    assert code not in "".join(traceback.format_exception(refusal.value))
