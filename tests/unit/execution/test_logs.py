import logging

import pytest

from app.logs import SecretiveFormatter


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('"WebSocket /ws/1?token=ey.a-b_c" [accepted]', '"WebSocket /ws/1?token=***" [accepted]'),
        ("GET /status/1?a=1&Token=abc&b=2 HTTP/1.1", "GET /status/1?a=1&Token=***&b=2 HTTP/1.1"),
        ("GET /events?access_token=abc", "GET /events?access_token=***"),
        ("GET /tokens?next=token", "GET /tokens?next=token"),
    ],
)
def test_writes_no_token_of_an_address(line: str, written: str) -> None:
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "%s", (line,), None)

    assert SecretiveFormatter("%(message)s").format(record) == written


def test_writes_no_token_of_a_traceback() -> None:
    try:
        raise ValueError("ws://service/ws/1?token=secret")
    except ValueError as error:
        cause = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("app", logging.ERROR, "", 0, "it broke", (), cause)

    written = SecretiveFormatter("%(message)s").format(record)

    assert "ValueError" in written
    assert "secret" not in written
