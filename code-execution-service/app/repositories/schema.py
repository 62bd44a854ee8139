"""Whether the database has the tables that this code expects."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.errors import ServerError


class DatabaseNotReadyError(ServerError):
    """The database does not answer, or its tables are of another version."""

    code = "database-not-ready"
    title = "The database is not ready"


class Schema:
    """Compares the database with the newest migration.

    Without Alembic: loading it would cost every start.
    """

    def __init__(self, engine: AsyncEngine, *, versions: Path) -> None:
        self._engine = engine.execution_options(is_reader=True)
        self._newest = newest_revision(versions)

    async def check(self) -> None:
        """Return if the database answers and is migrated.

        Raises:
            DatabaseNotReadyError: it does not, or is not.
        """
        try:
            async with self._engine.connect() as connection:
                version = await connection.run_sync(_version)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseNotReadyError("the database does not answer") from error
        if version != self._newest:
            raise DatabaseNotReadyError("migrations are missing; run alembic upgrade head")


def newest_revision(versions: Path) -> str:
    """Tell which migration is the last one."""
    # A file's name begins with its revision, and those are counted up.
    return max(path.name.partition("_")[0] for path in versions.glob("*_*.py"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version
