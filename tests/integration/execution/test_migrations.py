import asyncio

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from app.config import SERVICE_DIRECTORY
from app.database import create_database, driver_url
from app.models import Run, SubmissionTestCase
from app.repositories.schema import newest_revision
from tests.integration.execution.conftest import alembic

ROWS_OF_0003 = (
    """
    INSERT INTO code_submissions
        (id, user_id, code, language, input_data, status, webhook_sent, created_at)
    VALUES (1, 7, 'x', 'c', '', 'completed', false, '2026-01-01 00:00:00')
    """,
    """
    INSERT INTO submission_test_cases
        (id, submission_id, position, external_id, input, expected_output, is_sample)
    VALUES (1, 1, 0, 'a', '1 2', '3', false)
    """,
    """
    INSERT INTO judgements (id, submission_id, verdict, started_at, finished_at)
    VALUES (1, 1, 'WA', '2026-01-01 00:00:00', '2026-01-01 00:00:01')
    """,
    """
    INSERT INTO runs (id, judgement_id, position, test_case_id, is_sample, verdict,
        wall_time_ms, cpu_time_ms, memory_bytes)
    VALUES (1, 1, 0, 'a', true, 'AC', 1, 1, 1), (2, 1, 1, 'b', false, 'WA', 1, 1, 1)
    """,
)


def test_migrations_and_models_agree(database_url: str) -> None:
    checked = alembic(database_url, "check")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_migrations_can_be_taken_back(own_database_url: str) -> None:
    down = alembic(own_database_url, "downgrade", "base")
    up = alembic(own_database_url, "upgrade", "head")

    assert down.returncode == 0, down.stderr
    assert up.returncode == 0, up.stderr


@pytest.mark.asyncio
async def test_runs_of_an_earlier_version_are_worth_what_they_were(
    own_database_url: str,
) -> None:
    alembic(own_database_url, "downgrade", "0003")
    database = create_database(driver_url(own_database_url, base_directory=SERVICE_DIRECTORY))
    async with database.begin() as connection:
        for statement in ROWS_OF_0003:
            await connection.exec_driver_sql(statement)

    upgraded = await asyncio.to_thread(alembic, own_database_url, "upgrade", "head")

    async with database.connect() as connection:
        runs = (await connection.execute(select(Run.verdict, Run.score).order_by(Run.id))).all()
        cases = (await connection.execute(select(SubmissionTestCase.__table__))).all()
    await database.dispose()
    assert upgraded.returncode == 0, upgraded.stderr
    assert [tuple(run) for run in runs] == [("AC", 1.0), ("WA", 0.0)]
    assert [(case.input, case.input_sha256, case.group_name) for case in cases] == [
        ("1 2", None, None)
    ]


def test_the_newest_migration_is_the_one_that_alembic_takes_for_it() -> None:
    scripts = ScriptDirectory.from_config(Config(str(SERVICE_DIRECTORY / "alembic.ini")))

    assert newest_revision(SERVICE_DIRECTORY / "migrations/versions") == scripts.get_current_head()


def test_without_a_database_there_is_nothing_to_migrate() -> None:
    done = alembic("", "upgrade", "head")

    assert done.returncode == 0
    assert "DATABASE_URL is empty" in done.stderr
