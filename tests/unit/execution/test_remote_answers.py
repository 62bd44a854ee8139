"""What the provider may say, and what must not get through."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engines.onlinecompiler.answers import (
    MalformedAnswerError,
    Queued,
    RemoteRun,
    parse_answer,
    parse_document,
    parse_run,
    parse_token,
)

DOCUMENTED = {
    "output": "Hello, World!\n",
    "error": "",
    "status": "success",
    "exit_code": 0,
    "signal": None,
    "time": "0.0248",
    "total": "0.0330",
    "memory": "8192",
}
OLD = {"output": "", "cpu": "0.05", "memory": "9400", "status": "error", "error": "boom\n"}


def test_reads_seconds_and_kib_of_the_documented_answer() -> None:
    run = parse_answer(200, json.dumps(DOCUMENTED).encode())

    assert isinstance(run, RemoteRun)
    assert (run.stdout, run.stderr, run.is_success) == (b"Hello, World!\n", b"", True)
    assert (run.exit_code, run.signal) == (0, None)
    assert (run.time_ms, run.total_ms, run.cpu_time_ms) == (25, 33, None)
    assert run.memory_bytes == 8 * 1024 * 1024


def test_reads_the_words_of_the_older_interface() -> None:
    run = parse_run(OLD | {"extra_params": ""})

    assert (run.cpu_time_ms, run.time_ms, run.total_ms) == (50, None, None)
    assert (run.is_success, run.exit_code, run.signal) == (False, None, None)


@pytest.mark.parametrize(
    ("status_code", "content"),
    [(200, b"Ok"), (200, b'"Ok"\n'), (202, b'{"queue_id": "7"}'), (202, b""), (202, b"Ok")],
)
def test_an_answer_without_a_result_is_a_place_in_the_queue(
    status_code: int, content: bytes
) -> None:
    assert isinstance(parse_answer(status_code, content), Queued)


def test_a_result_at_once_is_taken_whatever_the_status_says() -> None:
    assert isinstance(parse_answer(202, json.dumps(DOCUMENTED).encode()), RemoteRun)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>busy</html>", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"queue_id": 1}'],
)
def test_refuses_what_is_no_result(content: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        parse_answer(200, content)


@pytest.mark.parametrize(
    "changes",
    [
        {"output": 5},
        {"error": ["x"]},
        {"status": None},
        {"exit_code": True},
        {"exit_code": "one"},
        {"exit_code": 2**40},
        {"exit_code": 0.5},
        {"signal": 65},
        {"signal": -9},
        {"signal": "SIGNOTHING"},
        {"time": "NaN"},
        {"time": "-1"},
        {"time": "1e400"},
        {"total": {}},
        {"memory": "Infinity"},
        {"memory": 10**12},
    ],
    ids=str,
)
def test_refuses_a_field_that_can_not_be(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswerError):
        parse_run(DOCUMENTED | changes)


@pytest.mark.parametrize(
    ("told", "signal"), [(9, 9), ("9", 9), ("SIGSEGV", 11), (0, None), ("", None)]
)
def test_reads_a_signal_by_number_or_name(told: object, signal: int | None) -> None:
    assert parse_run(DOCUMENTED | {"signal": told}).signal == signal


def test_what_is_not_told_is_not_invented() -> None:
    run = parse_run({"output": None, "status": "success"})

    assert (run.stdout, run.stderr) == (b"", b"")
    assert (run.time_ms, run.total_ms, run.memory_bytes, run.exit_code) == (None, None, None, None)


def test_half_a_surrogate_pair_becomes_bytes() -> None:
    run = parse_run(parse_document(b'{"output": "a\\ud800b", "status": "success"}'))

    assert run.stdout.decode(errors="replace").replace("\N{REPLACEMENT CHARACTER}", "") == "ab"


@pytest.mark.parametrize(
    ("extra", "token"),
    [
        ({"token": "t"}, "t"),
        ('{"token": "t"}', "t"),
        ("", None),
        (None, None),
        ({"token": 1}, None),
    ],
)
def test_finds_the_token_of_a_callback(extra: object, token: str | None) -> None:
    assert parse_token(OLD | {"extra_params": extra}) == token


@given(
    st.dictionaries(
        st.sampled_from([*DOCUMENTED, "cpu", "truncated"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("success"),
    )
)
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        run = parse_run(document)
    except MalformedAnswerError:
        return

    assert run.stdout.decode(errors="surrogatepass") == (document["output"] or "")


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        answer = parse_answer(200, content)
    except MalformedAnswerError:
        return

    assert isinstance(answer, Queued | RemoteRun)
