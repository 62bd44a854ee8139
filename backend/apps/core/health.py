"""Whether this server lives, and whether it can do its work."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.errors import NotReadyError


def check_ready() -> None:
    """Return if the database answers and has every migration.

    Raises:
        NotReadyError: It does not; the detail says which.
    """
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        raise NotReadyError("not ready: the database does not answer") from None
    if pending:
        raise NotReadyError(f"not ready: {len(pending)} migrations are not applied")
