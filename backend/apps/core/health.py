"""Whether this server can do its work."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.core.errors import NotReadyError


def check_ready() -> None:
    """Return if the database answers and has every migration.

    Raises:
        NotReadyError: It does not; the detail says which.
    """
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        raise NotReadyError("not ready: the database does not answer") from None
    missing = sorted({app for app, name in _newest_migrations() if (app, name) not in applied})
    if missing:
        raise NotReadyError(f"not ready: migrations are not applied: {', '.join(missing)}")


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Read the last migration of each app from the source, which can't change while we run."""
    loader = MigrationLoader(None)
    return frozenset(loader.graph.leaf_nodes())
