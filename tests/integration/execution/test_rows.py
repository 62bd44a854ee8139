"""Changes that are made together, by one statement or by several."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url, writer_sessions
from app.models import Contest, Delivery
from app.repositories.rows import Change, addition, write_together

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest_asyncio.fixture
async def session(settings: Settings) -> AsyncIterator[AsyncSession]:
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    async with writer_sessions(database)() as session:
        yield session
    await database.dispose()


async def test_changes_made_together_tell_the_ids_of_their_rows(session: AsyncSession) -> None:
    (old,) = await write_together(session, addition(Contest(title="old", created_at=NOW)))

    changed, new, none = await write_together(
        session,
        Change(Contest, {"title": "changed"}, old),
        addition(Contest(title="new", created_at=NOW)),
        Change(Contest, {"title": "nobody's"}, 4711),
    )

    titles = dict((await session.execute(select(Contest.id, Contest.title))).all())
    assert (changed, none) == (old, None)
    assert titles == {old: "changed", new: "new"}


async def test_changes_made_together_refuse_what_refers_to_nothing(session: AsyncSession) -> None:
    orphan = Delivery(event_id=4711, attempted_at=NOW, duration_ms=1, status_code=200, outcome="")

    with pytest.raises(IntegrityError):
        await write_together(
            session, addition(Contest(title="new", created_at=NOW)), addition(orphan)
        )
