"""Telling the backend how far judging is, as well as that goes: nothing waits for it."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.clients.backend import BackendClient
from app.domain.progress import Progress, ProgressListener
from app.services.judge_queue import ClaimedJob

SUBMISSION_PROGRESS = "submission.progress"
SILENCE_S = 0.1
"""Whatever is judged within it is not worth a report."""
INTERVAL_S = 0.25
PAUSE_AFTER_FAILURE_S = 2.0


class ProgressReporter:
    """Posts the newest progress of each judging that takes its time; one that fails is lost."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    @contextmanager
    def reporting(self, job: ClaimedJob) -> Iterator[ProgressListener]:
        """Report what the listener is told, until the block ends."""
        reports = _Reports(self._backend, job)
        try:
            yield reports.take
        finally:
            reports.end()


class _Reports:
    """The reports of one judging, one on its way at a time."""

    def __init__(self, backend: BackendClient, job: ClaimedJob) -> None:
        self._backend = backend
        self._job = job
        self._newest: Progress | None = None
        self._has_changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(SILENCE_S, self._begin)

    def take(self, progress: Progress) -> None:
        self._newest = progress
        self._has_changed.set()

    def end(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._report())

    async def _report(self) -> None:
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            answer = await self._backend.report(self._body())
            await asyncio.sleep(INTERVAL_S if answer.is_success else PAUSE_AFTER_FAILURE_S)

    def _body(self) -> str:
        assert self._newest is not None  # noqa: S101  # it has changed
        document = {
            "event": SUBMISSION_PROGRESS,
            "sent_at": int(time.time()),
            "data": {
                "submission_id": self._job.submission_id,
                "reference": self._job.reference,
                "attempt": self._job.attempts,
                "stage": self._newest.stage,
                "tests_done": self._newest.tests_done,
                "tests_total": self._newest.tests_total,
            },
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
