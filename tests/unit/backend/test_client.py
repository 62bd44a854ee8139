"""The client takes an answer for what it is, or says that it makes sense to ask again."""

import json
from collections.abc import Callable

import httpx
import pytest

from apps.code_execution.client import (
    ExecutionServiceClient,
    ServiceUnavailableError,
    SubmissionRefusedError,
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


def hand_over(client: ExecutionServiceClient) -> int:
    return client.hand_over(key="key-1", order={"code": "ä"}, timeout_s=1)


@pytest.mark.parametrize("status", [200, 201])
def test_returns_the_id_of_the_order(status: int) -> None:
    assert hand_over(answering(status, json.dumps(TAKEN).encode())) == 5


@pytest.mark.parametrize("status", [400, 402, 405, 409, 413, 415, 422])
def test_a_client_error_is_final(status: int) -> None:
    with pytest.raises(SubmissionRefusedError, match=str(status)):
        hand_over(answering(status, b'{"detail": "no"}'))


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
def test_everything_else_is_tried_again(status: int) -> None:
    with pytest.raises(ServiceUnavailableError, match=str(status)):
        hand_over(answering(status, b"<html>"))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"null", b'{"id": "5"}', b"\xff", b"[" * 100_000]
)
def test_an_answer_that_is_no_submission_is_tried_again(content: bytes) -> None:
    with pytest.raises(ServiceUnavailableError):
        hand_over(answering(201, content))
    with pytest.raises(ServiceUnavailableError):
        answering(200, content).find(microservice_id=5, timeout_s=1)
    with pytest.raises(ServiceUnavailableError):
        answering(200, content if content != b'{"id": "5"}' else b"[]").health()


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout]
)
def test_a_fault_of_the_network_is_tried_again(fault: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise fault("no luck", request=request)

    with pytest.raises(ServiceUnavailableError, match=fault.__name__):
        hand_over(client_that_gets(fail))


def test_an_unknown_submission_is_none() -> None:
    assert answering(404, b"{}").find(microservice_id=5, timeout_s=1) is None


def test_asks_with_a_signature_over_the_empty_body() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=TAKEN)

    client_that_gets(answer).find(microservice_id=5, timeout_s=1)

    [request] = seen
    assert request.url.path == "/api/v1/submissions/5"
    assert request.content == b""
    assert len(request.headers["X-Webhook-Secret"]) == 64
    assert request.headers["webhook-signature"].startswith("v1,")
