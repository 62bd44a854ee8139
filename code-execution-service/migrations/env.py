"""Runs the migrations on the database that the settings name."""

import asyncio
import sys

from alembic import context
from sqlalchemy import Connection

from app import models  # fills the metadata
from app.config import SERVICE_DIRECTORY, load_settings_or_exit
from app.database import create_database, driver_url

target_metadata = models.Submission.metadata


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="database.",
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    given = context.config.get_main_option("sqlalchemy.url") or load_settings_or_exit().database_url
    if not given:
        sys.stderr.write("DATABASE_URL is empty: there is no database to migrate\n")
        return
    engine = create_database(driver_url(given, base_directory=SERVICE_DIRECTORY))
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(connect_and_migrate())
