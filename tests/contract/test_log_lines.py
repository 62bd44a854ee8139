"""Log lines of both services: one each, of bounded length, with what is served, and no secret."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from app.logs import context as service_context
from app.logs import lines as service_lines
from app.logs.redaction import Redactor as ServiceRedactor
from logbook import context as backend_context
from logbook import lines as backend_lines
from logbook.redaction import Redactor as BackendRedactor

Formatter = service_lines.LineFormatter | backend_lines.LineFormatter
Redactor = type[ServiceRedactor] | type[BackendRedactor]
SECRETS = ["a-known-secret", 'with "quotes" in it']
SERVICE, BACKEND = ServiceRedactor(SECRETS), BackendRedactor(SECRETS)
TEXTS = [service_lines.TextFormatter(SERVICE), backend_lines.TextFormatter(BACKEND)]
JSONS = [service_lines.JsonFormatter(SERVICE), backend_lines.JsonFormatter(BACKEND)]
REDACTORS = pytest.mark.parametrize("redactor", [ServiceRedactor, BackendRedactor])
EVERY = pytest.mark.parametrize("formatter", [*TEXTS, *JSONS])
EVERY_TEXT = pytest.mark.parametrize("formatter", TEXTS)
EVERY_JSON = pytest.mark.parametrize("formatter", JSONS)
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


def record(message: str, *parts: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("app", logging.INFO, "", 0, message, parts, more.pop("exc_info", None))
    made.__dict__.update(more)
    return made


def crash(text: str) -> Any:
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def document(line: str) -> Mapping[str, Any]:
    parsed: dict[str, Any] = json.loads(line)
    return parsed


@REDACTORS
@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('"WebSocket /ws/1?token=ey.a-b_c" [accepted]', '"WebSocket /ws/1?token=***" [accepted]'),
        ("GET /status/1?a=1&Token=abc&b=2 HTTP/1.1", "GET /status/1?a=1&Token=***&b=2 HTTP/1.1"),
        ("GET /events?access_token=abc", "GET /events?access_token=***"),
        ("GET /tokens?next=token", "GET /tokens?next=token"),
        ("connecting to redis://:a%20b@host:6379/1", "connecting to redis://:***@host:6379/1"),
        ("postgresql://bob:pw@db/contest", "postgresql://bob:***@db/contest"),
        ("host=db user=bob password=pw dbname=x", "host=db user=bob password=*** dbname=x"),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("(b'authorization', b'Bearer abc')", "(b'authorization', b'***')"),
        ("{'Cookie': 'a=b; c=d', 'x': 1}", "{'Cookie': '***', 'x': 1}"),
        ("it said Bearer abcdefghijk.", "it said Bearer ***"),
        (f"the token {TOKEN} is old", "the token *** is old"),
        ("the token cct_abcdefghijklmnop", "the token cct_***"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "signed with whsec_***"),
        ("exit_code=0 key=value", "exit_code=0 key=value"),
    ],
)
def test_writes_no_credential(redactor: Redactor, line: str, written: str) -> None:
    assert redactor([]).redact(line) == written


@EVERY
@pytest.mark.parametrize("secret", ["a-known-secret", 'with "quotes" in it'])
def test_writes_no_secret_of_the_settings_wherever_it_is(formatter: Formatter, secret: str) -> None:
    made = record("the %s", secret, facts={"path": secret}, exc_info=crash(f"bad {secret!r}"))

    with service_context.bound(user=secret), backend_context.bound(user=secret):
        line = formatter.format(made)

    assert "known" not in line
    assert "quotes" not in line


@REDACTORS
def test_writes_no_secret_in_an_address_either(redactor: Redactor) -> None:
    known = redactor(["päss word/é"])

    assert known.redact("http://x/?q=p%C3%A4ss%20word%2F%C3%A9") == "http://x/?q=***"


@EVERY
def test_cuts_no_secret_in_half(formatter: Formatter) -> None:
    for filling in range(1980, 2001):
        line = formatter.format(record("x" * filling + "a-known-secret" + "x" * 9000))

        assert not re.search("x[a-]+k|secr", line)


@EVERY
def test_what_somebody_sent_begins_no_line(formatter: Formatter) -> None:
    forged = "\r\n2026-01-01T00:00:00.000Z INFO app: forged\u2028\x1b[2J\x85"
    made = record("it said %s", forged, facts={"path": forged}, exc_info=crash(forged))

    first, *others = formatter.format(made).splitlines()

    assert all(other.startswith("    ") for other in others)
    assert "\x1b" not in first


@EVERY
def test_no_line_is_longer_than_a_screenful(formatter: Formatter) -> None:
    flood = "x" * 1_000_000
    made = record(flood, facts={"path": flood}, exc_info=crash(flood))

    assert len(formatter.format(made)) < 40_000


@pytest.mark.parametrize(
    ("context", "text", "as_json"),
    [(service_context, TEXTS[0], JSONS[0]), (backend_context, TEXTS[1], JSONS[1])],
)
def test_says_what_is_served(context: Any, text: Formatter, as_json: Formatter) -> None:
    with context.bound(request_id="id-12345"), context.bound(submission_id=7):
        made = record("judged", facts={"verdict": "AC", "signal": None})

        assert text.format(made).endswith(
            " INFO app: judged request_id=id-12345 submission_id=7 verdict=AC"
        )
        told = document(as_json.format(made))
        assert (told["request_id"], told["submission_id"], told["verdict"]) == ("id-12345", 7, "AC")
    assert context.request_id() is None


@EVERY_JSON
def test_json_has_the_traceback_in_one_line(formatter: Formatter) -> None:
    line = formatter.format(record("it broke", exc_info=crash("because")))

    assert "\n" not in line
    assert document(line)["exception"].endswith("ValueError: because")
    assert document(line)["message"] == "it broke"


@EVERY_TEXT
def test_writes_a_value_with_spaces_in_quotes(formatter: Formatter) -> None:
    assert formatter.format(record("x", facts={"path": "/a b"})).endswith('x path="/a b"')
