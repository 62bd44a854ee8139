"""One id leads from a request to everything that it sets off, and each request is one line."""

import re

import httpx
import pytest
from fastapi import FastAPI

from app.domain.request_ids import request_id_of
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.log_lines import Lines
from tests.integration.execution.submissions import SUBMISSIONS, make_body, wait_until_final

pytestmark = [
    pytest.mark.asyncio,
    # It is the same on either kind.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ID = "request-of-alice-1"
MADE = re.compile(r"[0-9a-f]{32}")


async def test_an_answer_has_the_id_that_the_request_came_with(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"X-Request-Id": ID})

    assert answer.headers["x-request-id"] == ID


@pytest.mark.parametrize("told", [None, "short", "x" * 65, "line\u00e9break", "a b c d e f g"])
async def test_makes_an_id_where_none_came_that_can_be_kept(
    client: httpx.AsyncClient, told: str | None
) -> None:
    headers = [] if told is None else [(b"X-Request-Id", told.encode())]

    answer = await client.get("/health", headers=headers)

    assert MADE.fullmatch(answer.headers["x-request-id"])
    assert MADE.fullmatch(request_id_of(told))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("POST", SUBMISSIONS, 422), ("GET", "/openapi.json", 200)],
)
async def test_every_answer_has_an_id_and_rules_for_browsers(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert MADE.fullmatch(answer.headers["x-request-id"])
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_crash_is_one_traceback_and_an_answer_with_the_id(
    service: FastAPI, client: httpx.AsyncClient, lines: Lines
) -> None:
    async def crash() -> None:
        raise RuntimeError("because")

    service.add_api_route("/crash", crash)

    answer = await client.get("/crash", headers={"X-Request-Id": ID})

    assert answer.status_code == 500
    assert answer.json()["code"] == "server-error"
    assert answer.headers["x-request-id"] == ID
    [told] = [line for line in lines.written if "because" in line]
    assert ID in told
    assert lines.requests()[-1]["status"] == 500


async def test_pages_of_others_may_read_the_id(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/api/v1/languages", headers={"Origin": "http://localhost:3000", "X-Request-Id": ID}
    )

    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


async def test_a_request_is_one_line_without_what_its_query_says(
    client: httpx.AsyncClient, lines: Lines
) -> None:
    await client.get(f"{SUBMISSIONS}?user_id=99887766", headers={"X-Request-Id": ID})

    [facts] = lines.requests()
    [line] = [each for each in lines.written if "method=GET" in each]
    assert (facts["method"], facts["path"], facts["status"]) == ("GET", SUBMISSIONS, 200)
    assert f"request_id={ID}" in line
    assert "duration_ms=" in line
    assert "99887766" not in line


async def test_judging_and_the_event_have_the_id_of_the_request(
    client: httpx.AsyncClient, backend: FakeBackend, lines: Lines
) -> None:
    backend.failures = [500]

    created = await client.post(SUBMISSIONS, json=make_body(), headers={"X-Request-Id": ID})
    await wait_until_final(client, created.json()["id"])
    first, second = await backend.wait_for_requests(2)

    assert (first.headers["x-request-id"], second.headers["x-request-id"]) == (ID, ID)
    [judged] = [line for line in lines.written if ": judged" in line]
    assert f"request_id={ID} submission_id={created.json()['id']} verdict=AC" in judged
    sent = [line for line in lines.written if ": event sent" in line]
    assert f"request_id={ID}" in sent[0]
    assert "status=500" in sent[0]


async def test_a_queued_submission_is_judged_under_the_id_that_it_came_with(
    client: httpx.AsyncClient, backend: FakeBackend, lines: Lines
) -> None:
    kept = make_body(auto_execute=False)
    created = await client.post(SUBMISSIONS, json=kept, headers={"X-Request-Id": ID})

    await client.post(
        f"{SUBMISSIONS}{created.json()['id']}/execute", headers={"X-Request-Id": "another-one"}
    )
    (request,) = await backend.wait_for_requests(1)

    assert request.headers["x-request-id"] == ID
