"""Results from outside: whatever comes, it is a result that can be stored, or a clear error."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.code_execution.documents import Result, ResultError, parse_result
from apps.code_execution.domain import Status, display_duration

MINIMAL = {
    "submission_id": 1,
    "user_id": 1,
    "status": "completed",
    "completed_at": "2024-01-01T00:00:00Z",
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = (
    "submission_id",
    "user_id",
    "reference",
    "status",
    "verdict",
    "output",
    "error_output",
    "exit_code",
    "execution_time",
    "memory_usage",
    "execution_time_ms",
    "memory_usage_bytes",
    "test_results",
    "completed_at",
)


@given(st.integers(0, 10**9))
def test_reads_back_the_time_that_it_shows(duration_ms: int) -> None:
    document = {**MINIMAL, "execution_time": display_duration(duration_ms)}

    assert parse_result(document, id_key="submission_id").execution_time_ms == duration_ms


def test_reads_the_least_that_a_sender_may_say() -> None:
    result = parse_result(MINIMAL, id_key="submission_id")

    assert (result.microservice_id, result.user_id, result.status) == (1, 1, Status.COMPLETED)
    assert result.completed_at is not None


@given(JSON)
def test_any_document_is_a_result_or_a_result_error(document: Any) -> None:
    read(document)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))
def test_any_value_of_any_field_is_taken_or_a_result_error(fields: dict[str, Any]) -> None:
    read({**MINIMAL, **fields})


def read(document: Any) -> Result | None:
    """Read a document, and make sure that a database can hold what comes out."""
    try:
        result = parse_result(document, id_key="submission_id")
    except ResultError:
        return None
    texts = json.dumps([result.output, result.error_output, result.test_results])
    assert "\\u0000" not in texts
    for text in (result.output or "", result.error_output or ""):
        text.encode()
    assert result.completed_at is None or result.completed_at.tzinfo is not None
    return result
