"""What of a submission is shown, as a pure function of how much somebody may see."""

from collections.abc import Mapping
from typing import Any

from apps.code_execution.domain import TERMINAL_STATUSES, Status, Verdict
from apps.contests.visibility import Detail

# Who tried which problem when; a verdict changes none of these.
_EXISTENCE = frozenset({
    "id",
    "user",
    "username",
    "contest",
    "problem",
    "participant",
    "purpose",
    "language",
    "created_at",
    "contest_time_ms",
    "disclosure",
})
# The program and what it wrote: for whoever handed it in.
_TEXTS = frozenset({
    "code",
    "input_data",
    "compile_options",
    "output",
    "error_output",
    "exit_code",
    "test_results",
})
# What hidden tests have a part in.
_RESULTS = frozenset({
    "verdict",
    "score",
    "is_correct",
    "execution_time",
    "memory_usage",
    "execution_time_ms",
    "memory_usage_bytes",
    "output",
})
# Which test failed, and how.
_FAILURE = frozenset({"error_output", "exit_code"})
_HIDDEN_TEST = frozenset({"output", "judge_message"})


def disclosed(body: Mapping[str, Any], detail: Detail, *, has_code: bool) -> dict[str, Any]:
    """Give a submission's JSON form with `None` for whatever somebody may not know.

    A program that does not compile fails on the samples too, so its verdict is no secret.
    """
    if detail is Detail.EVERYTHING:
        return dict(body)
    shown = dict(body)
    if shown.get("test_results") is not None:
        rows = shown["test_results"]
        shown["test_results"] = [
            _test_result(row) for row in rows if row["is_sample"] or detail >= Detail.TESTS
        ]
    if detail <= Detail.EXISTS:
        shown = {key: value if key in _EXISTENCE else None for key, value in shown.items()}
        shown["status"] = Status.PENDING.value
    elif detail < Detail.TESTS and body["verdict"] != Verdict.CE:
        hidden = _FAILURE if detail is Detail.VERDICT else _FAILURE | _RESULTS
        shown = {key: None if key in hidden else value for key, value in shown.items()}
        if body["progress"] is not None:
            shown |= _without_counts(body["progress"])
        if detail is Detail.SAMPLES:
            shown["status"] = _judged_or_not(body["status"])
    if not has_code:
        shown = {key: None if key in _TEXTS else value for key, value in shown.items()}
    return shown


def _judged_or_not(status: str) -> str:
    """Tell whether it is judged, but not whether a limit was hit on a hidden test."""
    is_failed = status in TERMINAL_STATUSES and status != Status.CANCELLED
    return Status.COMPLETED.value if is_failed else status


def _without_counts(progress: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out how many tests there are and were run, as judging may end with one that failed.

    The moment of the newest news would tell it to who counts.
    """
    return {"progress": {**progress, "tests_done": None, "tests_total": None}, "updated_at": None}


def _test_result(row: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {"judge_message"} if row["is_sample"] else _HIDDEN_TEST
    return {key: None if key in hidden else value for key, value in row.items()}
