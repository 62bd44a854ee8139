"""Jobs that this process has just stored and judges at once, without looking for them first."""

import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.models import Job, Submission
from app.services.wake_up import Bell


@dataclass(frozen=True, slots=True)
class FreshJob:
    """A claimed job with its submission, test cases and files loaded."""

    job: Job
    submission: Submission


class FreshJobs:
    """Hands jobs from requests to idle judges; the table has them as claimed.

    Only as many as judges of this process are idle, so that no job waits here that another process
    could judge. Should this process die, their lease runs out like any other.
    """

    def __init__(self, bell: Bell, *, lease_s: float) -> None:
        self.bell = bell
        self._lease = timedelta(seconds=lease_s)
        self._jobs: deque[FreshJob] = deque()

    @property
    def judged_at_once(self) -> int:
        """How many jobs judges of this process are idle for."""
        return max(0, self.bell.waiting - len(self._jobs))

    def claim(self, job: Job, *, now: datetime) -> None:
        """Mark a job that is about to be stored; left as it is, any judge may look for it."""
        job.lease_token = secrets.token_hex(16)
        job.available_at = now + self._lease
        job.attempts = 1

    def put(self, job: Job, submission: Submission) -> None:
        """Have a job judged that has been stored."""
        if job.lease_token is not None:
            self._jobs.append(FreshJob(job, submission))
        self.bell.ring()

    def take(self, *, now: datetime) -> FreshJob | None:
        """Give a job of which most of the lease is left; others are for everybody soon."""
        while self._jobs:
            fresh = self._jobs.popleft()
            if fresh.job.available_at - now > self._lease / 2:
                return fresh
        return None
