"""Whether the database has the tables that this code expects."""

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.errors import ServerError


class DatabaseNotReadyError(ServerError):
    """The database does not answer, or its tables are of another version."""

    code = "database-not-ready"
    title = "The database is not ready"


class Schema:
    """Compares the database with the newest migration."""

    def __init__(self, engine: AsyncEngine, *, alembic_ini: str) -> None:
        self._engine = engine.execution_options(is_reader=True)
        self._newest = ScriptDirectory.from_config(Config(alembic_ini)).get_current_head()

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


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
