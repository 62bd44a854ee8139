"""What OpenTelemetry is told of a submission: one trace, from the browser to the applied result."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.judge_workers import judged_stack
from tests.e2e.stack import Person, Stack, running_stack, wait_for
from tests.support.servers import ServerMissingError, redis
from tests.support.trace_receiver import SentSpan, TraceReceiver, receiving_traces

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("settings of its own")]
PASSWORD = "alices-long-password"
PROGRAM = "print(42)  # the-text-of-alices-program"
REQUEST_ID = "request-of-alice-1"
TRACE_ID, BROWSERS_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
BROWSER, SUBMIT = "the browser", "POST /api/code-execution/submissions/$"
TAKE, TAKE_ONE = "POST /api/v1/submissions/batch", "POST /api/v1/submissions"
WEBHOOK = "POST /api/webhooks/code-execution/"
EXPECTED = {
    ("backend", SUBMIT, BROWSER),
    ("backend", "hand over", SUBMIT),
    ("code-execution-service", TAKE, "hand over"),
    ("code-execution-service", "judge", TAKE),
    ("code-execution-service", "wait", "judge"),
    ("code-execution-service", "compile", "judge"),
    ("code-execution-service", "run", "judge"),
    ("code-execution-service", "deliver", "judge"),
    ("backend", WEBHOOK, "deliver"),
    ("backend", "apply result", WEBHOOK),
}


def settings_for(receiver: TraceReceiver) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[TraceReceiver]:
    with receiving_traces() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stack(
    receiver: TraceReceiver, tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("traced")
    with running_stack(folder, set_up_folder, settings=settings_for(receiver)) as stack:
        yield stack


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    return Person(stack, "alice", PASSWORD).register()


def submit(alice: Person, *, trace_id: str) -> None:
    headers = {"traceparent": f"00-{trace_id}-{BROWSERS_SPAN}-01", "X-Request-Id": REQUEST_ID}
    body = {"code": PROGRAM, "language": "python"}
    answer = alice.http.post("/api/code-execution/submissions/", json=body, headers=headers)
    assert answer.status_code == 201
    assert alice.wait_for_verdict(answer.json()["id"])["verdict"] == "AC"


def steps_of(spans: list[SentSpan]) -> set[tuple[str, str, str]]:
    """Name the service, the step, and the step that it belongs to, of each span."""
    names = {span.span_id: span.name for span in spans} | {BROWSERS_SPAN: BROWSER}
    return {(span.service, span.name, names.get(span.parent_id, "nothing")) for span in spans}


def test_a_submission_is_one_trace_from_the_browser_to_its_applied_result(
    alice: Person, receiver: TraceReceiver
) -> None:
    submit(alice, trace_id=TRACE_ID)

    wait_for(lambda: steps_of(receiver.trace(TRACE_ID)) >= EXPECTED, what="all spans")
    spans = receiver.trace(TRACE_ID)
    by_name = {span.name: span for span in spans}
    assert by_name["judge"].facts["verdict"] == by_name["apply result"].facts["verdict"] == "AC"
    assert by_name["judge"].facts["language"] == "python"
    assert by_name[WEBHOOK].facts["http.response.status_code"] == 200
    for name in (SUBMIT, "hand over", TAKE, "judge", "deliver", WEBHOOK, "apply result"):
        assert by_name[name].facts["request_id"] == REQUEST_ID
    assert all(span.duration_ns >= 0 for span in spans)
    assert "the-text-of-alices-program" not in repr(spans)
    assert "nothing" not in {parent for _, _, parent in steps_of(spans)}


def test_each_task_is_a_span(stack: Stack, receiver: TraceReceiver) -> None:
    def names() -> set[tuple[str, str]]:
        return {(span.service, span.name) for span in receiver.spans()}

    wait_for(lambda: ("celery", "code_execution.sweep") in names(), what="the sweep's span")


def test_a_judge_worker_goes_on_with_the_trace_of_the_submission(
    receiver: TraceReceiver, tmp_path: Path, set_up_folder: Path
) -> None:
    trace_id = "1" * 32
    try:
        with (
            redis() as broker_url,
            judged_stack(tmp_path, set_up_folder, broker_url, **settings_for(receiver)) as stack,
        ):
            stack.http.headers["traceparent"] = f"00-{trace_id}-{BROWSERS_SPAN}-01"
            submission_id = stack.submit(PROGRAM)
            stack.start_judge("judge-1")
            assert stack.wait_for_status(submission_id)["output"] == "42\n"

            expected = {
                ("code-execution-service", TAKE_ONE, BROWSER),
                ("judge-worker", "judge", TAKE_ONE),
                ("judge-worker", "wait", "judge"),
                ("judge-worker", "deliver", "judge"),
            }
            wait_for(lambda: steps_of(receiver.trace(trace_id)) >= expected, what="all spans")
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")
