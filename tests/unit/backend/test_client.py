"""The client takes an answer for what it is, or says that it makes sense to ask again."""

import json
from collections.abc import Callable

import httpx
import pytest

from apps.code_execution.client import (
    BATCH_BYTES_MAX,
    BATCH_ORDERS_MAX,
    ExecutionServiceClient,
    Outcome,
    ServiceUnavailableError,
    SubmissionRefusedError,
    TestDataMissingError,
)
from apps.core.signature import decode_secrets

TAKEN = {"id": 5, "reference": "1", "user_id": 1, "status": "pending", "completed_at": None}
Handler = Callable[[httpx.Request], httpx.Response]


def client_that_gets(handler: Handler) -> ExecutionServiceClient:
    return ExecutionServiceClient(
        base_url="http://execution.example",
        secrets=decode_secrets("secret"),
        transport=httpx.MockTransport(handler),
    )


def answering(status: int, content: bytes) -> ExecutionServiceClient:
    return client_that_gets(lambda request: httpx.Response(status, content=content))


ORDER = {"idempotency_key": "key-1", "code": "ä"}


def hand_over(client: ExecutionServiceClient) -> Outcome:
    [outcome] = client.hand_over([ORDER], timeout_s=30)
    return outcome


def told_of_each(*outcomes: object) -> ExecutionServiceClient:
    return answering(200, json.dumps({"outcomes": outcomes}).encode())


def refused(status: int) -> dict[str, object]:
    return {"status": status, "error": {"detail": "no", "code": "made-to-fail"}}


@pytest.mark.parametrize("status", [200, 201])
def test_returns_the_id_of_the_order(status: int) -> None:
    assert hand_over(told_of_each({"status": status, "id": 5, "error": None})) == 5


@pytest.mark.parametrize("status", [400, 402, 405, 409, 413, 415, 422])
def test_a_client_error_of_one_is_final(status: int) -> None:
    outcome = hand_over(told_of_each(refused(status)))

    assert isinstance(outcome, SubmissionRefusedError)
    assert str(status) in str(outcome)


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
def test_everything_else_is_tried_again(status: int) -> None:
    outcome = hand_over(told_of_each(refused(status)))

    assert isinstance(outcome, ServiceUnavailableError)
    assert str(status) in str(outcome)


@pytest.mark.parametrize("status", [201, 301, 400, 401, 404, 405, 409, 415, 422, 429, 500, 503])
def test_what_is_said_of_all_is_final_for_nobody(status: int) -> None:
    outcome = hand_over(answering(status, b"<html>"))

    assert isinstance(outcome, ServiceUnavailableError)
    assert str(status) in str(outcome)


def test_what_is_too_large_by_itself_is_refused() -> None:
    assert isinstance(hand_over(answering(413, b"no")), SubmissionRefusedError)


def test_what_is_too_large_together_is_handed_over_in_parts() -> None:
    sizes = []

    def answer(request: httpx.Request) -> httpx.Response:
        orders = json.loads(request.content)["orders"]
        sizes.append(len(orders))
        if len(orders) > 2:
            return httpx.Response(413)
        outcomes = [{"status": 201, "id": each["number"]} for each in orders]
        return httpx.Response(200, json={"outcomes": outcomes})

    orders = [{"number": number} for number in range(7)]

    assert client_that_gets(answer).hand_over(orders, timeout_s=30) == list(range(7))
    assert sizes == [7, 3, 1, 2, 4, 2, 2]


def test_no_batch_is_larger_than_is_soon_read() -> None:
    batches = []

    def answer(request: httpx.Request) -> httpx.Response:
        batches.append(json.loads(request.content)["orders"])
        outcomes = [{"status": 201, "id": each["number"]} for each in batches[-1]]
        return httpx.Response(200, json={"outcomes": outcomes})

    long = "x" * (BATCH_BYTES_MAX // 2)
    orders = [{"number": 0, "code": long * 3}, *({"number": n, "code": long} for n in range(1, 4))]
    orders += [{"number": number} for number in range(4, 4 + 2 * BATCH_ORDERS_MAX)]

    outcomes = client_that_gets(answer).hand_over(orders, timeout_s=30)

    assert outcomes == list(range(4 + 2 * BATCH_ORDERS_MAX))
    assert [len(each) for each in batches] == [1, 1, 1, 100, 100, 1]


def test_after_a_batch_without_an_answer_no_other_is_tried() -> None:
    answers = [httpx.Response(200, json={"outcomes": [{"status": 201, "id": 5}] * 100})]

    def answer(_: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else httpx.Response(503)

    outcomes = client_that_gets(answer).hand_over([ORDER] * 350, timeout_s=30)

    assert outcomes[:100] == [5] * 100
    assert {type(each) for each in outcomes[100:]} == {ServiceUnavailableError}
    assert len(outcomes) == 350


def test_says_which_test_data_are_missing() -> None:
    error = {"code": "unknown_test_data", "missing": ["ab", "cd"]}

    outcome = hand_over(told_of_each({"status": 422, "error": error}))

    assert isinstance(outcome, TestDataMissingError)
    assert outcome.hashes == ["ab", "cd"]


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"null", b'{"id": "5"}', b"\xff", b"[" * 100_000]
)
def test_an_answer_that_is_no_submission_is_tried_again(content: bytes) -> None:
    assert isinstance(hand_over(answering(200, content)), ServiceUnavailableError)
    with pytest.raises(ServiceUnavailableError):
        answering(200, content).find(microservice_id=5, timeout_s=30)
    with pytest.raises(ServiceUnavailableError):
        answering(200, content if content != b'{"id": "5"}' else b"[]").health()


@pytest.mark.parametrize(
    "outcomes", [[], [None], [{}], [{"status": 201}], [{"status": 201, "id": "5"}], ["", ""]]
)
def test_outcomes_that_are_none_are_tried_again(outcomes: list[object]) -> None:
    assert isinstance(hand_over(told_of_each(*outcomes)), ServiceUnavailableError)


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout]
)
def test_a_fault_of_the_network_is_tried_again(fault: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise fault("no luck", request=request)

    outcome = hand_over(client_that_gets(fail))

    assert isinstance(outcome, ServiceUnavailableError)
    assert fault.__name__ in str(outcome)


def test_an_unknown_submission_is_none() -> None:
    assert answering(404, b"{}").find(microservice_id=5, timeout_s=30) is None


def test_asks_with_a_signature_over_the_empty_body() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=TAKEN)

    client_that_gets(answer).find(microservice_id=5, timeout_s=30)

    [request] = seen
    assert request.url.path == "/api/v1/submissions/5"
    assert request.content == b""
    assert len(request.headers["X-Webhook-Secret"]) == 64
    assert request.headers["webhook-signature"].startswith("v1,")
