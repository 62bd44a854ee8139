"""Who may ask for what: bad requests, tokens, repeated keys, rates."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from app.config import Settings
from tests.integration.execution.executions import (
    CHARLIE,
    EXECUTIONS,
    GUEST,
    bearer,
    make_execution,
    running,
    start,
    status_of,
    wait_for,
)

pytestmark = pytest.mark.asyncio


async def test_a_bad_request_is_told_what_to_change(settings: Settings) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"language": "cobol"}, 400, "Supported are: c, cpp, csharp, go, java"),
        ({"language": "python2"}, 400, "Unsupported language: python2"),
        ({"language": ""}, 400, "Supported are: "),
        ({"code": ""}, 400, "Code is required"),
        ({"code": " \n"}, 400, "Code is required"),
        ({"code": "x" * 102_401}, 400, "the limit is 102400 bytes"),
        ({"code": None}, 422, "code"),
        ({"code": "a\0b"}, 422, "code"),
        ({"input_data": "x" * 1_048_577}, 422, "input_data"),
        ({"language": "x" * 51}, 422, "language"),
    ]
    async with running(settings) as client:
        for changes, status, text in cases:
            answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution(**changes))

            assert answer.status_code == status, changes
            assert text in answer.text


async def test_what_is_no_text_is_refused(settings: Settings) -> None:
    half_a_pair = b'{"language": "python", "code": "print \\ud800"}'
    async with running(settings) as client:
        for content in (half_a_pair, b"{", b"[" * 100_000, b"\xff", b"null"):
            answer = await client.post(
                f"{EXECUTIONS}/execute",
                content=content,
                headers={"Content-Type": "application/json"},
            )

            assert answer.status_code in {400, 422}, content[:20]


async def test_a_missing_field_is_named(settings: Settings) -> None:
    async with running(settings) as client:
        for missing, other in (("code", {"language": "c"}), ("language", {"code": "print 42"})):
            answer = await client.post(f"{EXECUTIONS}/execute", json=other)

            assert answer.status_code == 422
            assert answer.json()["detail"][0]["loc"] == ["body", missing]


async def test_a_huge_body_is_refused(settings: Settings) -> None:
    async with running(settings) as client:
        answer = await client.post(f"{EXECUTIONS}/execute", content=b" " * (8 * 1024 * 1024 + 1))

    assert answer.status_code == 413


async def test_other_names_of_languages_are_known(settings: Settings) -> None:
    names = {"python3": "python", "c++": "cpp", "c#": "csharp", "JS": "javascript"}
    async with running(settings) as client:
        for name, language in names.items():
            execution_id = await start(client, language=name)

            assert (await status_of(client, execution_id))["language"] == language


async def test_every_path_answers_with_and_without_its_last_slash(
    client: httpx.AsyncClient,
) -> None:
    execution_id = await start(client)
    answers = [
        await client.post(f"{EXECUTIONS}/execute/", json=make_execution()),
        await client.get(f"{EXECUTIONS}/status/{execution_id}/"),
        await client.post(f"{EXECUTIONS}/cancel/{execution_id}/"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def execute_with_key(client: httpx.AsyncClient, code: str, **headers: str) -> httpx.Response:
    sent = {"Idempotency-Key": "key-1", **headers}
    body = make_execution(code=code)
    return await client.post(f"{EXECUTIONS}/execute", json=body, headers=sent)


async def test_a_repeated_key_starts_a_program_once(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(execute_with_key(client, "print 42") for _ in range(4)))
    await wait_for(client, answers[0].json()["execution_id"])

    later = await execute_with_key(client, "print 42")
    other = await execute_with_key(client, "print 43")

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in [*answers, later]}) == 1
    state = await status_of(client, later.json()["execution_id"])
    assert state["status"] == "completed"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-mismatch")


async def test_a_key_is_each_callers_own(client: httpx.AsyncClient) -> None:
    first = await execute_with_key(client, "print 42")
    second = await execute_with_key(client, "print 42", **CHARLIE)

    assert first.json()["execution_id"] != second.json()["execution_id"]


async def test_nobody_else_may_see_or_stop_an_execution(client: httpx.AsyncClient) -> None:
    execution_id = await start(client)
    seen = await client.get(f"{EXECUTIONS}/status/{execution_id}", headers=CHARLIE)
    stopped = await client.post(f"{EXECUTIONS}/cancel/{execution_id}", headers=CHARLIE)

    assert [seen.status_code, stopped.status_code] == [403, 403]
    assert "print 42" not in seen.text


async def test_an_unknown_execution_is_not_found(client: httpx.AsyncClient) -> None:
    for execution_id in (str(uuid.uuid4()), "nonsense", "a:version"):
        seen = await client.get(f"{EXECUTIONS}/status/{execution_id}")
        stopped = await client.post(f"{EXECUTIONS}/cancel/{execution_id}")

        assert [seen.status_code, stopped.status_code] == [404, 404]
        assert seen.json()["detail"] == "Execution not found"


async def test_nobody_comes_in_without_a_token(settings: Settings) -> None:
    calls = [
        ("POST", "execute"),
        ("GET", f"status/{uuid.uuid4()}"),
        ("POST", f"cancel/{uuid.uuid4()}"),
    ]
    async with running(settings) as client:
        for token in ("", "Bearer nonsense"):
            for method, path in calls:
                answer = await client.request(
                    method,
                    f"{EXECUTIONS}/{path}",
                    json=make_execution(),
                    headers={"Authorization": token},
                )

                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_guest_sees_what_the_guest_has_run(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=GUEST)
    path = f"{EXECUTIONS}/status/{answer.json()['execution_id']}"
    other = bearer(None, token_use="guest", uid="guest:other")

    assert (await client.get(path, headers=GUEST)).status_code == 200
    assert (await client.get(path, headers=other)).status_code == 403


async def test_pages_of_the_frontend_may_call_and_others_may_not(shared: Settings) -> None:
    async with running(shared) as client:
        asked = {"Access-Control-Request-Method": "POST", "Origin": "http://localhost:3000"}
        ours = await client.options(f"{EXECUTIONS}/execute", headers=asked)
        others = await client.options(
            f"{EXECUTIONS}/execute", headers=asked | {"Origin": "https://evil.example"}
        )
        answer = await client.get("/api/v1/languages", headers={"Origin": "http://localhost:3000"})

    assert ours.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "Access-Control-Allow-Credentials" not in ours.headers
    assert "Access-Control-Allow-Origin" not in others.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


async def test_each_account_has_a_rate_of_its_own(shared: Settings) -> None:
    limited = shared.model_copy(update={"execution_rate_limit": "2/day"})
    async with running(limited) as client:
        statuses = [
            (await client.post(f"{EXECUTIONS}/execute", json=make_execution())).status_code
            for _ in range(3)
        ]
        other = await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=CHARLIE)

    assert statuses == [200, 200, 429]
    assert other.status_code == 200


async def test_guests_share_the_rate_of_their_address(shared: Settings) -> None:
    limited = shared.model_copy(update={"guest_execution_rate_limit": "2/day"})
    guests = [bearer(None, token_use="guest", uid=f"guest:{number}") for number in range(3)]
    async with running(limited) as client:
        answers = [
            await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=guest)
            for guest in guests
        ]
        alice = await client.post(f"{EXECUTIONS}/execute", json=make_execution())

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert alice.status_code == 200
