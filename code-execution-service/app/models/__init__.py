"""Tables of the service; `submissions` is the judge door's, the others' is `code_submissions`."""

from app.models.contest import Contest
from app.models.event import Delivery, Event, EventStatus, Receiver
from app.models.job import Job
from app.models.judge_submission import JudgeSubmission
from app.models.judge_worker import JudgeWorker
from app.models.judgement import Judgement, Run
from app.models.submission import (
    Submission,
    SubmissionFile,
    SubmissionStatus,
    SubmissionTestCase,
)
from app.models.test_data import TestData

__all__ = [
    "Contest",
    "Delivery",
    "Event",
    "EventStatus",
    "Job",
    "JudgeSubmission",
    "JudgeWorker",
    "Judgement",
    "Receiver",
    "Run",
    "Submission",
    "SubmissionFile",
    "SubmissionStatus",
    "SubmissionTestCase",
    "TestData",
]
