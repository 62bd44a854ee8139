"""Tables of the service. `submissions` is left free: contract S000-D01 gives it other columns."""

from app.models.contest import Contest
from app.models.event import Delivery, Event, EventStatus
from app.models.job import Job
from app.models.judgement import Judgement, Run
from app.models.submission import Submission, SubmissionStatus, SubmissionTestCase

__all__ = [
    "Contest",
    "Delivery",
    "Event",
    "EventStatus",
    "Job",
    "Judgement",
    "Run",
    "Submission",
    "SubmissionStatus",
    "SubmissionTestCase",
]
