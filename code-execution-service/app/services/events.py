"""What the service reports about a submission, in answers and in outgoing events alike."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.domain.formats import execution_time_text, instant_text, memory_usage_text
from app.domain.verdicts import Verdict
from app.models import Event, EventStatus, Judgement, Run, Submission

SUBMISSION_COMPLETED = "submission.completed"


def result_fields(submission: Submission, judgement: Judgement | None) -> dict[str, Any]:
    """Return the fields that tell a submission's status and result."""
    runs = judgement.runs if judgement else []
    return {
        "status": submission.status,
        "verdict": submission.verdict,
        "output": submission.output,
        "error_output": submission.error_output,
        "exit_code": submission.exit_code,
        "execution_time": execution_time_text(submission.execution_time_ms),
        "memory_usage": memory_usage_text(submission.memory_usage_bytes),
        "execution_time_ms": submission.execution_time_ms,
        "memory_usage_bytes": submission.memory_usage_bytes,
        "test_results": [_test_result(run) for run in runs] or None,
        "summary": _summary(runs) if runs else None,
    }


def submission_completed_event(
    submission: Submission, judgement: Judgement, *, now: datetime
) -> Event:
    """Make the event that tells the backend the result of a submission."""
    payload = {
        "event": SUBMISSION_COMPLETED,
        "submission_id": submission.id,
        "reference": submission.reference,
        "user_id": submission.user_id,
        "contest_id": submission.contest_id,
        **result_fields(submission, judgement),
        "completed_at": instant_text(now),
    }
    return Event(
        webhook_id=f"evt_{uuid.uuid4().hex}",
        type=SUBMISSION_COMPLETED,
        submission_id=submission.id,
        body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        status=EventStatus.PENDING,
        attempts=0,
        next_attempt_at=now,
        created_at=now,
    )


def _test_result(run: Run) -> dict[str, Any]:
    return {
        "test_case_id": run.test_case_id,
        "test_case_number": run.position + 1,
        "is_sample": run.is_sample,
        "verdict": run.verdict,
        "passed": run.verdict == Verdict.AC,
        "score": run.score,
        "is_skipped": run.verdict is None,
        "execution_time_ms": run.wall_time_ms,
        "cpu_time_ms": run.cpu_time_ms,
        "memory_usage_bytes": run.memory_bytes,
        "exit_code": run.exit_code,
        "signal": run.signal,
        "output": run.output,
        "error": run.error,
        "judge_message": run.judge_message,
    }


def _summary(runs: Sequence[Run]) -> dict[str, Any]:
    passed = sum(run.verdict == Verdict.AC for run in runs)
    skipped = sum(run.verdict is None for run in runs)
    return {
        "total_tests": len(runs),
        "passed": passed,
        "failed": len(runs) - passed - skipped,
        "skipped": skipped,
        "all_passed": passed == len(runs),
    }
