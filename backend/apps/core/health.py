"""Whether this server can do its work."""

from functools import cache
from threading import Event

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.core.errors import NotReadyError

_is_stopping = Event()


def tell_of_stop() -> None:
    """Be not ready from now on: the process was told to stop."""
    _is_stopping.set()


def check_ready() -> None:
    """Return if the database answers and has every migration, and nobody has said to stop.

    Raises:
        NotReadyError: It is not so; the detail says what.
    """
    if _is_stopping.is_set():
        raise NotReadyError("not ready: stopping")
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
