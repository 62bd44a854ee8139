"""Where the preparations of toolchains lie: made once, then read by every box."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from app.domain.language import Language

PREPARED = "/prepared"
"""Where a box sees the folder of all preparations, read-only."""

_SHARED_DIRECTORY = Path("/var/cache/code-execution-service")
_UNFINISHED = ".making-"


def prepared_directory(data_directory: Path) -> Path:
    """Tell where preparations lie on this host.

    Under root a box has a user of its own, who may be unable to reach the data folder.
    """
    return _SHARED_DIRECTORY if os.geteuid() == 0 else data_directory / "prepared"


@cache
def prepared_name(language: Language) -> str:
    """Name a language's preparation after all that it depends on, toolchain files included."""
    digest = hashlib.sha256()
    for part in (*language.prepare_command, *language.environment, *_identities(language)):
        digest.update(repr(part).encode())
    return f"{language.id}-{digest.hexdigest()[:16]}"


def prepared_path(language: Language) -> str:
    """Tell the path that the preparation has in a box, whether or not it is there."""
    return f"{PREPARED}/{prepared_name(language)}"


class PreparedDirectory:
    """The folder on the host: a preparation is in it under its name once it is whole.

    Whoever uses one holds a lock on it, so that it is not stale to others.
    """

    def __init__(self, path: Path) -> None:
        """Use the folder, which is made if it is not there.

        Raises:
            OSError: it can't be made.
        """
        if not path.is_dir():
            path.mkdir(parents=True)
            path.chmod(0o755)  # whatever the umask: every box's user has to read it
        self.path = path
        self._locks: dict[str, int] = {}

    def take(self, language: Language) -> bool:
        """Tell whether the language's preparation is there, and keep it until `release`."""
        path = self.path / prepared_name(language)
        if path.name in self._locks:
            return True
        if not path.is_dir():
            return False
        self._locks[path.name] = _lock(path, fcntl.LOCK_SH)
        return True

    @contextmanager
    def making(self, language: Language) -> Iterator[Path]:
        """Give an empty folder that becomes the language's preparation if the block succeeds."""
        path = self.path / prepared_name(language)
        unfinished = self.path / f"{_UNFINISHED}{path.name}-{os.getpid()}"
        unfinished.mkdir()
        lock = _lock(unfinished, fcntl.LOCK_EX)
        try:
            yield unfinished
            _move(unfinished, path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            os.close(lock)

    def remove_stale(self, languages: Iterable[Language]) -> None:
        """Remove other preparations of these languages that nobody uses, and unfinished ones."""
        names = {prepared_name(language) for language in languages}
        prefixes = tuple(name.rpartition("-")[0] + "-" for name in names)
        for path in self.path.iterdir():
            name = path.name.removeprefix(_UNFINISHED)
            if path.name not in names and name.startswith(prefixes) and not _is_locked(path):
                shutil.rmtree(path, ignore_errors=True)

    def release(self) -> None:
        """Keep nothing any longer."""
        for lock in self._locks.values():
            os.close(lock)
        self._locks.clear()


def _move(unfinished: Path, path: Path) -> None:
    try:
        unfinished.rename(path)
    except OSError:
        if not path.is_dir():  # else another process was faster
            raise


def _identities(language: Language) -> Iterator[tuple[str, int, int]]:
    """Tell of each file of the toolchain which one it is: an upgrade changes size or time."""
    for file in language.host_files:
        path = Path(os.path.realpath(file))
        if path.exists():
            status = path.stat()
            yield str(path), status.st_size, int(status.st_mtime)


def _lock(path: Path, kind: int) -> int:
    """Lock a folder until the descriptor is closed.

    Raises:
        OSError: somebody else holds a lock on it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _is_locked(path: Path) -> bool:
    try:
        os.close(_lock(path, fcntl.LOCK_EX))
    except OSError:
        return True
    return False
