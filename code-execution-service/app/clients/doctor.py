"""The doctor, as the service calls it: a process of its own, so that it can't hold this one up."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import ExaminationFailedError

TIMEOUT_S = 300.0
"""Longer than the reference programs of all languages take on a busy host."""


class DoctorClient:
    """Runs the command that writes what was found as JSON."""

    def __init__(self, command: Sequence[str], *, directory: Path) -> None:
        self._command = command
        self._directory = directory

    async def examine(self) -> dict[str, Any]:
        """Examine this host.

        Raises:
            ExaminationFailedError: there is no report, or none in time.
        """
        process = await asyncio.create_subprocess_exec(
            *self._command, cwd=self._directory, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, _ = await process.communicate()
            report = json.loads(output)
        except (TimeoutError, ValueError) as error:
            raise ExaminationFailedError from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if not isinstance(report, dict):
            raise ExaminationFailedError
        return report
