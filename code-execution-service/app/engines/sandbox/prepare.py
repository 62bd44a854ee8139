"""Prepare toolchains: make once what makes compiling and starting cheaper in every box."""

import asyncio
import logging
import os
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from app.domain.language import Language
from app.engines.sandbox.commands import prepare_command
from app.engines.sandbox.host import complaint_about
from app.engines.sandbox.prepared import PREPARED, PreparedDirectory, prepared_path
from app.engines.sandbox.walls import PREPARER_USER_ID, Walls, preparation_command
from app.errors import EngineUnavailableError

_TIMEOUT_S = 300
"""Many times what the longest takes on a slow and busy host."""
_COMPLAINT_CHARACTERS = 1_000
_LOWEST_PRIORITY = ("/usr/bin/nice", "-n", "19")

logger = logging.getLogger(__name__)


class _PreparationError(Exception):
    """A toolchain can't be prepared, and works as it is."""


class Workshop(Protocol):
    """Where preparations are made."""

    def opened(self, language: Language, folder: Path) -> AbstractContextManager[list[str]]:
        """Give the command that fills the folder, to be run inside the block."""


class BehindWalls:
    """Makes them as boxes use them: behind the same walls, under the same paths."""

    def __init__(self, walls: Walls) -> None:
        self._walls = walls

    @contextmanager
    def opened(self, language: Language, folder: Path) -> Iterator[list[str]]:
        """Give the command, with walls around it."""
        command = prepare_command(language)
        if self._walls.setpriv:
            os.chown(folder, PREPARER_USER_ID, PREPARER_USER_ID)
        yield preparation_command(
            self._walls,
            folder=str(folder),
            path=prepared_path(language),
            program=[*_LOWEST_PRIORITY, *command.arguments],
            environment=dict(command.environment),
        )
        if self._walls.setpriv:
            _take_over(folder)


class WithoutWalls:
    """Makes them where no walls can be built, such as in the making of a container's image.

    That is no risk, for all that runs is our own. The paths of boxes have to be real ones there.
    """

    def __init__(self, directory: Path) -> None:
        """Use the folder of the preparations, to which a link from `/prepared` must lead.

        Raises:
            EngineUnavailableError: there is no such link.
        """
        target = directory.resolve()
        if Path(PREPARED).resolve() != target:
            raise EngineUnavailableError(
                f"Without walls, {PREPARED} has to be a link: ln -s {target} {PREPARED}"
            )

    @contextmanager
    def opened(self, language: Language, folder: Path) -> Iterator[list[str]]:
        """Give the command, while the folder goes by its later name too."""
        command = prepare_command(language)
        name = Path(prepared_path(language))
        name.symlink_to(folder.resolve())
        try:
            with tempfile.TemporaryDirectory() as scratch:
                environment = [f"{key}={value}" for key, value in command.environment]
                clean = ["/usr/bin/env", "-C", scratch, "-i", *environment]
                yield [*clean, *_LOWEST_PRIORITY, *command.arguments]
        finally:
            name.unlink()


class Preparer:
    """Makes what is missing, as many at a time as the host has cores."""

    def __init__(self, directory: PreparedDirectory, workshop: Workshop) -> None:
        self._directory = directory
        self._workshop = workshop
        self._places = asyncio.Semaphore(os.cpu_count() or 1)
        self._complaints: dict[str, str] = {}

    async def prepare(self, languages: Iterable[Language]) -> dict[str, str]:
        """Prepare the languages that want it; why not, by id, for those that can't be prepared."""
        wanted = [language for language in languages if language.prepare_command]
        self._directory.remove_stale(wanted)
        await asyncio.gather(*(self._prepare(language) for language in wanted))
        return self._complaints

    async def _prepare(self, language: Language) -> None:
        async with self._places:
            if self._directory.take(language):
                return
            started_s = time.monotonic()
            try:
                await self._make(language)
            except (_PreparationError, OSError) as error:
                self._complaints[language.id] = str(error)
                logger.warning("%s works unprepared, and slower: %s", language.name, error)
            else:
                logger.info("Prepared %s in %.1f s", language.name, time.monotonic() - started_s)

    async def _make(self, language: Language) -> None:
        with (
            self._directory.making(language) as folder,
            self._workshop.opened(language, folder) as command,
        ):
            await _run(command)
            await asyncio.to_thread(_flush, folder)
        self._directory.take(language)


class Preparations:
    """What an engine has of prepared toolchains: there from before, or made while it works."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._directory: PreparedDirectory | None = None
        self._complaint = ""
        self._task: asyncio.Task[Mapping[str, str]] | None = None

    def shown_in(self, walls: Walls) -> Walls:
        """Let boxes see the folder of the preparations, if it can be had."""
        shown = replace(walls, prepared_directory=str(self._path))
        try:
            directory = PreparedDirectory(self._path)
        except OSError as error:
            self._complaint = str(error)
            return walls
        complaint = complaint_about(shown)
        if complaint is not None:
            self._complaint = complaint
            return walls
        self._directory = directory
        return shown

    def begin(self, walls: Walls, languages: Sequence[Language]) -> None:
        """Start to make in the background what is missing; boxes see each as soon as it is made."""
        self._task = asyncio.create_task(self._prepare(walls, languages))

    async def finished(self) -> Mapping[str, str]:
        """Wait until all are made; for those that can't be, by the language's id, the reason."""
        return await self._task if self._task else {}

    async def close(self) -> None:
        """Make nothing any more, and keep nothing."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._directory:
            self._directory.release()
            self._directory = None

    async def _prepare(self, walls: Walls, languages: Sequence[Language]) -> Mapping[str, str]:
        if self._directory:
            return await Preparer(self._directory, BehindWalls(walls)).prepare(languages)
        logger.warning("Toolchains work unprepared, and slower: %s", self._complaint)
        return {item.id: self._complaint for item in languages if item.prepare_command}


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, cwd="/", env={}
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise _PreparationError(f"it takes longer than {_TIMEOUT_S} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        complaint = output.decode(errors="replace").strip()[-_COMPLAINT_CHARACTERS:]
        raise _PreparationError(complaint or f"exit code {process.returncode}")


def _flush(folder: Path) -> None:
    """Write it to the disk: a half of it after a power cut would be taken for the whole."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _take_over(folder: Path) -> None:
    """Let the folder and all in it belong to us, and every box's user read it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
