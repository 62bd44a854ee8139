"""Submissions that are handed in together: each is answered as if it had come by itself."""

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.config import Settings
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.log_lines import Lines
from tests.integration.execution.submissions import (
    BATCH,
    SUBMISSIONS,
    make_body,
    make_order,
    make_test_case,
    wait_until_final,
)

pytestmark = pytest.mark.asyncio
HASH = "0" * 64


async def hand_in(client: httpx.AsyncClient, *orders: object) -> list[dict[str, Any]]:
    answer = await client.post(BATCH, json={"orders": orders})
    assert answer.status_code == 200, answer.text
    outcomes: list[dict[str, Any]] = answer.json()["outcomes"]
    assert len(outcomes) == len(orders)
    return outcomes


async def count_kept(client: httpx.AsyncClient) -> int:
    return len((await client.get(SUBMISSIONS)).json())


async def test_all_are_judged_on_tests_of_their_own(client: httpx.AsyncClient) -> None:
    case = make_test_case(input="5\n")
    outcomes = await hand_in(
        client,
        make_order("a", code="echo", test_cases=[case], reference="alice-1"),
        make_order("b", code="print 6", test_cases=[case, case | {"id": "2"}]),
        make_order("c", files={"grader.h": "int answer(void);"}, language="c"),
    )

    assert [each["status"] for each in outcomes] == [201, 201, 201]
    results = [await wait_until_final(client, each["id"]) for each in outcomes]
    assert [each["verdict"] for each in results] == ["AC", "WA", "AC"]
    assert [each["summary"] and each["summary"]["total_tests"] for each in results] == [1, 2, None]
    assert results[0]["reference"] == "alice-1"


async def test_each_is_told_what_it_would_be_told_by_itself(client: httpx.AsyncClient) -> None:
    await client.post(SUBMISSIONS, json=make_body(), headers={"Idempotency-Key": "taken"})
    unknown = {"id": "1", "input": "", "expected_output_sha256": HASH}
    orders = [
        make_order("empty", code=""),
        make_order("cobol", language="cobol"),
        make_order("contest", contest_id=12345),
        make_order("nul", code="a\0b"),
        make_order("user", user_id="seven"),
        make_order("data", test_cases=[unknown]),
        make_order("taken", code="print 6"),
    ]

    outcomes = await hand_in(client, *orders)

    for order, outcome in zip(orders, outcomes, strict=True):
        body = {name: value for name, value in order.items() if name != "idempotency_key"}
        alone = await client.post(
            SUBMISSIONS, json=body, headers={"Idempotency-Key": str(order["idempotency_key"])}
        )
        told = {name: value for name, value in outcome["error"].items() if value is not None}
        assert (outcome["status"], told) == (alone.status_code, alone.json())
    assert outcomes[5]["error"]["missing"] == [HASH]


@pytest.mark.parametrize(
    "bad",
    [None, {}, {"idempotency_key": ""}, make_order("x" * 65), make_order("k", request_id="#")],
)
async def test_what_is_wrong_with_one_is_in_no_others_way(
    client: httpx.AsyncClient, bad: object
) -> None:
    outcomes = await hand_in(client, make_order("a"), bad, make_order("b"))

    assert [each["status"] for each in outcomes] == [201, 422, 201]
    assert outcomes[1]["error"]["detail"][0]["loc"][0] == "body"
    assert await count_kept(client) == 2


async def test_a_key_that_comes_again_is_answered_with_the_same_id(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    alone = await client.post(SUBMISSIONS, json=make_body(), headers={"Idempotency-Key": "a"})

    first = await hand_in(client, make_order("a"), make_order("b"), make_order("b"))
    again = await hand_in(client, make_order("b"), make_order("a"), make_order("b", code="exit 1"))

    a, b = first[0]["id"], first[1]["id"]
    assert a == alone.json()["id"]
    assert [each["id"] for each in first] == [a, b, b]
    assert [each["id"] for each in again] == [b, a, None]
    assert [each["status"] for each in again] == [201, 201, 409]
    assert len(await backend.wait_for_requests(2)) == 2
    assert await count_kept(client) == 2


async def test_the_same_batch_at_the_same_moment_is_stored_once(client: httpx.AsyncClient) -> None:
    orders = [make_order(f"key-{number}") for number in range(12)]

    answers = await asyncio.gather(
        *(hand_in(client, *(orders if number % 2 else orders[::-1])) for number in range(6))
    )

    ids = {tuple(sorted(each["id"] for each in answer)) for answer in answers}
    assert len(ids) == 1
    assert len(set(ids.pop())) == await count_kept(client) == len(orders)


async def test_each_is_logged_under_the_request_that_it_is_from(
    client: httpx.AsyncClient, backend: FakeBackend, lines: Lines
) -> None:
    order = make_order("a", request_id="request-of-alice")
    await client.post(
        BATCH,
        json={"orders": [order, make_order("b")]},
        headers={"X-Request-Id": "request-of-all"},
    )

    await backend.wait_for_requests(2)

    assert {"request-of-alice", "request-of-all"} == {
        request.headers["x-request-id"] for request in backend.requests
    }


@pytest.mark.parametrize("orders", [None, {}, [], [make_order("a")] * 101])
async def test_there_are_one_to_a_hundred(client: httpx.AsyncClient, orders: object) -> None:
    answer = await client.post(BATCH, json={"orders": orders})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert await count_kept(client) == 0


async def test_a_hundred_with_many_tests_fit(client: httpx.AsyncClient) -> None:
    cases = [make_test_case(id=str(number)) for number in range(40)]

    outcomes = await hand_in(
        client,
        *(
            make_order(f"{number}", test_cases=cases, auto_execute=False, user_id=number)
            for number in range(100)
        ),
    )

    assert len({each["id"] for each in outcomes}) == 100


class TestFullQueue:
    """A queue that is full takes what fits."""

    @pytest.fixture
    def settings(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setattr("app.factory.DRAIN_S", 0.0)  # what keeps the judge busy never ends
        return settings.model_copy(
            update={"judge_workers": 1, "judge_max_queued": 4, "judge_lease_seconds": 60}
        )

    @pytest_asyncio.fixture
    async def busy(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Give a service whose one judge has something to do for longer than the test lasts."""
        answer = await client.post(SUBMISSIONS, json=make_body(code="sleep 60000"))
        running = answer.json()["id"]
        while (await client.get(f"{SUBMISSIONS}{running}")).json()["status"] != "running":
            pass
        return client

    async def test_takes_what_fits_and_says_when_to_come_again(
        self, busy: httpx.AsyncClient
    ) -> None:
        outcomes = await hand_in(busy, *(make_order(f"{number}") for number in range(7)))

        assert [each["status"] for each in outcomes] == [201] * 4 + [503] * 3
        assert [each["retry_after_s"] for each in outcomes[3:]] == [None, 5, 5, 5]
        assert outcomes[4]["error"]["code"] == "busy"
        assert await count_kept(busy) == 1 + 4

    async def test_what_was_taken_and_what_waits_for_its_execution_need_no_place(
        self, busy: httpx.AsyncClient
    ) -> None:
        first = await hand_in(busy, *(make_order(f"{number}") for number in range(4)))

        outcomes = await hand_in(
            busy, make_order("new"), make_order("3"), make_order("later", auto_execute=False)
        )

        assert [each["status"] for each in outcomes] == [503, 201, 201]
        assert outcomes[1]["id"] == first[3]["id"]
