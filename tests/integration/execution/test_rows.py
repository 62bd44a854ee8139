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
from app.domain.judging import SubmissionStatus
from app.models import Contest, Delivery, Submission, SubmissionTestCase
from app.repositories.rows import Change, Parts, Removal, addition, write_together

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


async def test_in_place_of_a_row_nothing_is_written_unless_it_was_as_expected(
    session: AsyncSession,
) -> None:
    (old,) = await write_together(session, addition(Contest(title="old", created_at=NOW)))
    assert old is not None
    new = addition(Contest(title="new", created_at=NOW))

    refused = await write_together(
        session, new, in_place_of=Removal(Contest, old, {"title": "another"})
    )
    done = await write_together(session, new, in_place_of=Removal(Contest, old, {"title": "old"}))
    again = await write_together(session, new, in_place_of=Removal(Contest, old, {"title": "old"}))

    assert (refused, again) == ([None], [None])
    assert dict((await session.execute(select(Contest.id, Contest.title))).all()) == {
        done[0]: "new"
    }


async def test_a_row_is_written_with_its_parts(session: AsyncSession) -> None:
    submission = Submission(
        user_id=1,
        code="print(1)",
        language="python",
        status=SubmissionStatus.PENDING,
        created_at=NOW,
    )
    texts = ["1 2\n", "", '"quoted" \\ \t é 😀', "x" * 100_000]
    parts = [
        SubmissionTestCase(
            position=position,
            external_id=str(position),
            input=text,
            expected_output=text,
            is_sample=position == 1,
            group_name=None,
        )
        for position, text in enumerate(texts)
    ]

    (whole,) = await write_together(session, addition(submission, Parts("submission_id", parts)))

    query = select(SubmissionTestCase).order_by(SubmissionTestCase.position)
    stored = (await session.scalars(query)).all()
    assert [each.input for each in stored] == texts
    assert [each.is_sample for each in stored] == [False, True, False, False]
    assert {(each.submission_id, each.group_name) for each in stored} == {(whole, None)}
