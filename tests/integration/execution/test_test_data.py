"""Test data by hash: sent once, referred to by submissions, forgotten when nobody uses it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import event, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.errors import InvalidRequestError, TestDataGoneError
from app.models import SubmissionTestCase, TestData
from app.repositories.unit_of_work import Transactions
from app.services import test_data as test_data_module
from app.services.stop import Stop
from app.services.test_data import TestDataService
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    make_test_case,
    wait_until_final,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
PATH = "/api/v1/test-data/"
MIB = 1024 * 1024
BINARY = bytes(range(256)) + b"\0\xff\xfe\n"
NOWHERE = "0" * 64


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def put(client: httpx.AsyncClient, content: bytes) -> str:
    sha256 = hash_of(content)
    answer = await client.put(PATH + sha256, content=content)
    assert answer.status_code == 204, answer.text
    return sha256


@pytest_asyncio.fixture
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Look at the service's database from outside."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    yield database
    await database.dispose()


def hashed_case(sha256: str, **changes: Any) -> dict[str, Any]:
    case = {"id": "1", "input_sha256": sha256, "expected_output_sha256": sha256}
    return case | {"is_sample": False} | changes


async def test_a_hash_is_known_once_its_content_has_come(client: httpx.AsyncClient) -> None:
    sha256 = hash_of(BINARY)
    before = await client.head(PATH + sha256)

    first = await client.put(PATH + sha256, content=BINARY)
    again = await client.put(f"{PATH}{sha256}/", content=BINARY)

    assert before.status_code == 404
    assert (first.status_code, again.status_code) == (204, 204)
    assert (await client.head(PATH + sha256)).status_code == 200


async def test_many_may_send_the_same_at_once(client: httpx.AsyncClient) -> None:
    content = BINARY * 4096

    answers = await asyncio.gather(
        *(client.put(PATH + hash_of(content), content=content) for _ in range(5))
    )

    assert {answer.status_code for answer in answers} == {204}


async def test_a_content_under_another_hash_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.put(PATH + NOWHERE, content=b"42")

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        f"The content has the SHA-256 {hash_of(b'42')}, not {NOWHERE}"
    )
    assert (await client.head(PATH + NOWHERE)).status_code == 404
    assert (await client.head(PATH + hash_of(b"42"))).status_code == 404


@pytest.mark.parametrize("name", ["x" * 64, "AB" * 32, "0" * 63, "0" * 65])
async def test_what_is_no_hash_is_refused(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.put(PATH + name, content=b"")).status_code == 422


async def test_a_content_may_have_64_mib_and_no_byte_more(client: httpx.AsyncClient) -> None:
    content = bytes(64 * MIB)

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield bytes(MIB)

    largest = await client.put(PATH + hash_of(content), content=content)
    larger = await client.put(PATH + NOWHERE, content=content + b"x")
    unannounced = await client.put(PATH + NOWHERE, content=in_pieces())

    assert largest.status_code == 204
    assert larger.status_code == 413
    assert unannounced.status_code == 413


async def test_any_bytes_survive_as_input_and_as_expected_output(
    client: httpx.AsyncClient,
) -> None:
    sha256 = await put(client, BINARY)
    other = await put(client, BINARY[:-1] + b"x")
    empty = await put(client, b"")
    cases = [
        hashed_case(sha256, id="same"),
        hashed_case(sha256, id="other", expected_output_sha256=other),
        hashed_case(empty, id="empty"),
        make_test_case(id="text", input="5", expected_output="5"),
        {"id": "mixed", "input": "5", "expected_output_sha256": await put(client, b"5")},
    ]

    created = await client.post(SUBMISSIONS, json=make_body(code="echo", test_cases=cases))
    result = await wait_until_final(client, created.json()["id"])

    verdicts = {run["test_case_id"]: run["verdict"] for run in result["test_results"]}
    assert verdicts == {"same": "AC", "other": "WA", "empty": "AC", "text": "AC", "mixed": "AC"}


async def test_a_submission_keeps_the_hash_and_no_copy(
    client: httpx.AsyncClient, database: AsyncEngine
) -> None:
    sha256 = await put(client, BINARY)

    body = make_body(code="echo", test_cases=[hashed_case(sha256)], auto_execute=False)
    await client.post(SUBMISSIONS, json=body)

    async with database.connect() as connection:
        (row,) = await connection.execute(select(SubmissionTestCase.__table__))
    assert (row.input, row.expected_output) == ("", "")
    assert (row.input_sha256, row.expected_output_sha256) == (sha256, sha256)


async def test_unknown_hashes_are_named_and_nothing_is_stored(client: httpx.AsyncClient) -> None:
    known = await put(client, b"known")
    cases = [
        hashed_case(known),
        hashed_case("1" * 64, id="2"),
        hashed_case("1" * 64, id="3", expected_output_sha256="2" * 64),
    ]

    answer = await client.post(SUBMISSIONS, json=make_body(test_cases=cases))

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "Nothing is kept here for 2 of the hashes; PUT each content to "
        "/api/v1/test-data/{sha256}, then repeat the request",
        "code": "unknown_test_data",
        "missing": ["1" * 64, "2" * 64],
    }
    assert (await client.get(SUBMISSIONS)).json() == []


async def test_the_same_request_succeeds_once_the_missing_content_is_sent(
    client: httpx.AsyncClient,
) -> None:
    body = make_body(code="echo", test_cases=[hashed_case(hash_of(b"late"))])
    headers = {"Idempotency-Key": "key-1"}
    refused = await client.post(SUBMISSIONS, json=body, headers=headers)

    await put(client, b"late")
    created = await client.post(SUBMISSIONS, json=body, headers=headers)
    result = await wait_until_final(client, created.json()["id"])

    assert refused.status_code == 422
    assert created.status_code == 201
    assert result["verdict"] == "AC"


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ({"input": "x", "input_sha256": NOWHERE, "expected_output": ""}, "input or input_sha256"),
        ({"expected_output": "", "expected_output_sha256": NOWHERE}, "give expected_output or"),
        ({"input": "x"}, "give expected_output or"),
        ({"expected_output_sha256": "A" * 64}, "should match pattern"),
    ],
)
async def test_each_part_of_a_test_comes_once(
    client: httpx.AsyncClient, case: dict[str, Any], complaint: str
) -> None:
    answer = await client.post(SUBMISSIONS, json=make_body(test_cases=[{"id": "1"} | case]))

    assert answer.status_code == 422
    assert complaint in answer.json()["detail"][0]["msg"]


async def test_too_much_altogether_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_data_module, "MAX_BYTES_PER_SUBMISSION", 10)
    small, large = await put(client, b"12345"), await put(client, b"123456")

    fits = await client.post(SUBMISSIONS, json=make_body(test_cases=[hashed_case(small)] * 2))
    answer = await client.post(
        SUBMISSIONS, json=make_body(test_cases=[hashed_case(small), hashed_case(large)])
    )

    assert fits.status_code == 201
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Test data of 11 bytes; the limit is 10"


async def test_judging_with_what_is_in_memory_asks_the_database_nothing(
    database: AsyncEngine,
) -> None:
    service = TestDataService(Transactions(database), kept_days=1)
    statements: list[str] = []
    event.listen(
        database.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    sha256 = hash_of(BINARY)
    await service.store(sha256, BINARY)
    await service.load([sha256])
    statements.clear()

    await service.expect([sha256])
    contents = await service.load([sha256])

    assert contents == {sha256: BINARY}
    assert statements == []


async def age(database: AsyncEngine, days: float) -> None:
    async with database.begin() as connection:
        await connection.execute(
            update(TestData).values(last_used_at=datetime.now(tz=UTC) - timedelta(days=days))
        )


async def test_what_nobody_uses_for_so_many_days_is_deleted(database: AsyncEngine) -> None:
    service = TestDataService(Transactions(database), kept_days=30)
    await service.store(hash_of(b"old"), b"old")
    await age(database, 31.1)
    await service.store(hash_of(b"new"), b"new")

    deleted = await service.delete_unused()

    other_replica = TestDataService(Transactions(database), kept_days=30)
    assert deleted == 1
    assert not await other_replica.is_kept(hash_of(b"old"))
    assert await other_replica.is_kept(hash_of(b"new"))


@pytest.mark.parametrize("use", ["expect", "load", "is_kept"])
async def test_a_use_keeps_it_for_as_long_again(database: AsyncEngine, use: str) -> None:
    sha256 = hash_of(b"old")
    await TestDataService(Transactions(database), kept_days=30).store(sha256, b"old")
    await age(database, 31.1)
    service = TestDataService(Transactions(database), kept_days=30)

    await getattr(service, use)(sha256 if use == "is_kept" else [sha256])

    assert await service.delete_unused() == 0


async def test_a_use_is_written_down_once_a_day(database: AsyncEngine) -> None:
    sha256 = hash_of(b"used")
    await TestDataService(Transactions(database), kept_days=30).store(sha256, b"used")
    await age(database, 0.5)

    async def last_use() -> datetime:
        async with database.connect() as connection:
            found = await connection.scalar(select(TestData.last_used_at))
        assert found is not None
        return found

    before = await last_use()
    await TestDataService(Transactions(database), kept_days=30).expect([sha256])
    same_day = await last_use()
    await age(database, 1.5)
    await TestDataService(Transactions(database), kept_days=30).expect([sha256])

    assert same_day == before
    assert await last_use() > before


async def test_the_sweep_deletes_what_is_unused_and_ends_when_told_to(
    database: AsyncEngine,
) -> None:
    service, stop = TestDataService(Transactions(database), kept_days=30), Stop()
    await service.store(hash_of(b"old"), b"old")
    await age(database, 31.1)

    sweep = asyncio.create_task(service.sweep(stop))
    async with asyncio.timeout(PATIENCE_S), database.connect() as connection:
        while await connection.scalar(select(TestData.sha256)):
            await connection.rollback()
            await asyncio.sleep(0.02)
    stop.set()

    await asyncio.wait_for(sweep, timeout=PATIENCE_S)


async def test_a_submission_whose_data_is_gone_says_so(
    database: AsyncEngine, client: httpx.AsyncClient
) -> None:
    sha256 = await put(client, BINARY)
    body = make_body(code="echo", test_cases=[hashed_case(sha256)], auto_execute=False)
    created = await client.post(SUBMISSIONS, json=body)
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM test_data"))

    await client.post(f"{SUBMISSIONS}{created.json()['id']}/execute")
    result = await wait_until_final(client, created.json()["id"])

    assert result["verdict"] == "IE"
    assert result["error_output"] == (
        "Internal Error: Its test data is no longer kept; hand it in again"
    )
    refused = await client.post(SUBMISSIONS, json=body)
    assert refused.json()["missing"] == [sha256]


async def test_loading_what_is_not_kept_fails(database: AsyncEngine) -> None:
    service = TestDataService(Transactions(database), kept_days=30)

    with pytest.raises(TestDataGoneError):
        await service.load([NOWHERE])
    with pytest.raises(InvalidRequestError):
        await service.store(NOWHERE, b"42")
