"""The execution service, as the backend speaks to it: signed JSON over one kept-alive client."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from apps.code_execution.documents import Result, ResultError, parse_result
from apps.core import tracing
from apps.core.signature import Secret, sign
from logbook.context import request_id
from logbook.request_ids import HEADER

HEALTH_TIMEOUT_S = 5.0
ERROR_CHARS_MAX = 300
BATCH = "/api/v1/submissions/batch"
DELIVERIES = "/api/v1/deliveries/"
SIGNATURE_REFUSED = (
    "it refuses our signature. CODE_EXECUTION_WEBHOOK_SECRET of the backend and"
    " BACKEND_WEBHOOK_SECRET of the execution service must be the same, and the clocks within five"
    " minutes"
)
_HEADERS = {"User-Agent": "Backend/1.0", "Accept": "application/json"}
# So that a batch is soon read at the other end. One order may be larger.
BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_ORDERS_MAX = 100
# 4xx that say something about the moment or our settings, not about the submission.
_RETRYABLE_STATUSES = frozenset({401, 403, 404, 408, 425, 429})


class ServiceUnavailableError(Exception):
    """The service did not take the request now; it makes sense to ask again."""


class SignatureRefusedError(ServiceUnavailableError):
    """The service does not accept our signature: the secrets differ, or the clocks."""


class SubmissionRefusedError(Exception):
    """The service will never take this submission; the text says why."""


class TestDataMissingError(Exception):
    """The service has to be sent test data before it can take the submission."""

    __test__ = False

    def __init__(self, hashes: Sequence[str]) -> None:
        super().__init__(f"{len(hashes)} test data are missing")
        self.hashes = hashes


Outcome = int | ServiceUnavailableError | SubmissionRefusedError | TestDataMissingError
"""Of a hand-over: the service's id of the submission, or what was wrong."""


class ExecutionServiceClient:
    """Calls to one execution service; safe to share between threads."""

    def __init__(
        self,
        *,
        base_url: str,
        secrets: Sequence[Secret],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._secrets = secrets
        self._base_url = httpx.URL(base_url)
        # The bare transport: what `httpx.Client` adds is for the web, and costs each call.
        self._transport = transport or httpx.HTTPTransport(trust_env=False)

    def hand_over(self, orders: Sequence[dict[str, Any]], *, timeout_s: float) -> list[Outcome]:
        """Give the service submissions; tell of each, in order, its id there or what was wrong.

        The same idempotency key gives the same id.
        """
        outcomes: list[Outcome] = []
        for batch in _batches_of([_encoded(each) for each in orders]):
            try:
                outcomes += self._hand_over(batch, timeout_s)
            except ServiceUnavailableError as error:
                # Whoever waits for the answer shall not wait for each of the others, too.
                return outcomes + [error] * (len(orders) - len(outcomes))
        return outcomes

    def _hand_over(self, batch: Sequence[bytes], timeout_s: float) -> list[Outcome]:
        body = b'{"orders":[' + b",".join(batch) + b"]}"
        headers = {"Content-Type": "application/json"}
        response = self._send("POST", BATCH, "batch", timeout_s, body=body, headers=headers)
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            if len(batch) == 1:
                return [SubmissionRefusedError(_describe(response))]
            # Something between has a limit of its own.
            middle = len(batch) // 2
            return [
                *self._hand_over(batch[:middle], timeout_s),
                *self._hand_over(batch[middle:], timeout_s),
            ]
        # Whatever else is said of all is nobody's fault: an older release has no such door.
        if response.status_code != httpx.codes.OK:
            raise ServiceUnavailableError(_describe(response))
        return _outcomes_in(_json_of(response), count=len(batch))

    def upload(self, *, hash_hex: str, content: bytes, timeout_s: float) -> None:
        """Give the service what orders name by this hash.

        Raises:
            ServiceUnavailableError: It did not take it.
        """
        path = f"/api/v1/test-data/{hash_hex}"
        headers = {"Content-Type": "application/octet-stream"}
        response = self._send(
            "PUT", path, f"put-{hash_hex}", timeout_s, body=content, headers=headers
        )
        if not response.is_success:
            raise ServiceUnavailableError(_describe(response))

    def find(self, *, microservice_id: int, timeout_s: float) -> Result | None:
        """Ask for a submission; `None` if the service does not know it.

        Raises:
            ServiceUnavailableError: It did not answer as it should; try again.
        """
        path = f"/api/v1/submissions/{microservice_id}"
        response = self._send("GET", path, f"get-{microservice_id}", timeout_s)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return _result_of(response)

    def languages(self, *, timeout_s: float) -> object:
        """Give the service's own list of languages, as it comes.

        Raises:
            ServiceUnavailableError: It did not answer as it should.
        """
        response = self._send("GET", "/api/v1/languages", "languages", timeout_s)
        if not response.is_success:
            raise ServiceUnavailableError(_describe(response))
        return _json_of(response)

    def examination(self, *, timeout_s: float) -> object:
        """Give the service's account of its host and toolchains, as it comes.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        return _document_of(self._send("GET", "/api/v1/doctor", "doctor", timeout_s))

    def list_events(self, query: Mapping[str, str], *, timeout_s: float) -> object:
        """Give the events that fit a query, the newest first, as they come.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        return _document_of(self._send("GET", DELIVERIES, "events", timeout_s, query=query))

    def find_event(self, event_id: int, *, timeout_s: float) -> object | None:
        """Give an event with its attempts, as it comes; `None` if the service does not know it.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        response = self._send("GET", f"{DELIVERIES}{event_id}", f"event-{event_id}", timeout_s)
        return None if response.status_code == httpx.codes.NOT_FOUND else _document_of(response)

    def resend_event(self, event_id: int, *, timeout_s: float) -> object | None:
        """Have an event sent again; give it as it comes, `None` if the service does not know it.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        path = f"{DELIVERIES}{event_id}/resend"
        response = self._send("POST", path, f"resend-{event_id}", timeout_s)
        return None if response.status_code == httpx.codes.NOT_FOUND else _document_of(response)

    def resend_events(self, wanted: Mapping[str, Any], *, timeout_s: float) -> object:
        """Have events sent again; give how many, as it comes.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        headers = {"Content-Type": "application/json"}
        body = json.dumps(wanted).encode()
        return _document_of(
            self._send(
                "POST", f"{DELIVERIES}resend", "resend", timeout_s, body=body, headers=headers
            )
        )

    def receiver(self, *, timeout_s: float) -> object:
        """Give what the service knows of us as the receiver of its events, as it comes.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        return _document_of(self._send("GET", f"{DELIVERIES}receiver", "receiver", timeout_s))

    def enable_receiver(self, *, timeout_s: float) -> object:
        """Have the service send events again; give what it then knows of us, as it comes.

        Raises:
            ServiceUnavailableError: It did not answer as it should; the text says how.
        """
        path = f"{DELIVERIES}receiver/enable"
        return _document_of(self._send("POST", path, "enable", timeout_s))

    def operations(self, *, timeout_s: float) -> object:
        """Give the service's figures of how much waits and what fails, as they come.

        Raises:
            SignatureRefusedError: It does not accept our signature.
            ServiceUnavailableError: It did not answer as it should.
        """
        response = self._send("GET", "/api/v1/operations", "operations", timeout_s)
        if response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise SignatureRefusedError(_describe(response))
        if not response.is_success:
            raise ServiceUnavailableError(_describe(response))
        return _json_of(response)

    def health(self, *, timeout_s: float = HEALTH_TIMEOUT_S) -> dict[str, Any]:
        """Give the service's own account of its health.

        Raises:
            ServiceUnavailableError: It did not answer as it should.
        """
        response = self._send("GET", "/health/", "health", timeout_s)
        body = _json_of(response)
        if not response.is_success or not isinstance(body, dict):
            raise ServiceUnavailableError(_describe(response))
        return body

    def _send(
        self,
        method: str,
        path: str,
        message_id: str,
        timeout_s: float,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        signature = sign(
            self._secrets, message_id=message_id, timestamp_s=int(time.time()), body=body
        )
        known = request_id()
        traced = {HEADER: known} if known else {}
        if traceparent := tracing.traceparent():
            traced[tracing.HEADER] = traceparent
        try:
            response = self._transport.handle_request(
                httpx.Request(
                    method,
                    self._url_of(path),
                    params=query,
                    content=body or None,
                    headers={**_HEADERS, **traced, **(headers or {}), **signature},
                    extensions={"timeout": httpx.Timeout(timeout_s).as_dict()},
                )
            )
            response.read()
        except httpx.HTTPError as error:
            raise ServiceUnavailableError(f"{type(error).__name__}: {error}") from error
        return response

    def _url_of(self, path: str) -> httpx.URL:
        return self._base_url.copy_with(path=self._base_url.path.rstrip("/") + path)


def get_client() -> ExecutionServiceClient:
    """Give the client of this process; a forked worker gets its own connections."""
    return _client_of(
        os.getpid(),
        settings.CODE_EXECUTION_SERVICE_URL,
        settings.CODE_EXECUTION_WEBHOOK_SECRETS,
    )


@cache
def _client_of(pid: int, base_url: str, secrets: tuple[Secret, ...]) -> ExecutionServiceClient:
    return ExecutionServiceClient(base_url=base_url, secrets=secrets)


def _result_of(response: httpx.Response) -> Result:
    if not response.is_success:
        raise ServiceUnavailableError(_describe(response))
    try:
        return parse_result(_json_of(response), id_key="id")
    except ResultError as error:
        raise ServiceUnavailableError(f"The answer is not a submission: {error}") from error


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _batches_of(orders: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut orders into such as may go together."""
    batch: list[bytes] = []
    size_bytes = 0
    for order in orders:
        size_bytes += len(order)
        if batch and (size_bytes > BATCH_BYTES_MAX or len(batch) == BATCH_ORDERS_MAX):
            yield batch
            batch, size_bytes = [], len(order)
        batch.append(order)
    if batch:
        yield batch


def _outcomes_in(answer: object, *, count: int) -> list[Outcome]:
    told = answer.get("outcomes") if isinstance(answer, dict) else None
    if not isinstance(told, list) or len(told) != count:
        raise ServiceUnavailableError("The answer does not say what became of each submission")
    return [_outcome_of(each) for each in told]


def _outcome_of(told: object) -> Outcome:
    """Read what became of one order."""
    match told:
        case {"status": 200 | 201, "id": int(microservice_id)}:
            return microservice_id
        case {"error": {"code": "unknown_test_data", "missing": [*hashes]}}:
            return TestDataMissingError([each for each in hashes if isinstance(each, str)])
        case {"status": int(status), "error": error}:
            text = f"HTTP {status}: {json.dumps(error)[:ERROR_CHARS_MAX]}"
            is_final = 400 <= status < 500 and status not in _RETRYABLE_STATUSES  # noqa: PLR2004
            return SubmissionRefusedError(text) if is_final else ServiceUnavailableError(text)
        case _:
            return ServiceUnavailableError("The answer does not say what became of the submission")


def _json_of(response: httpx.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _document_of(response: httpx.Response) -> object:
    """Read what people are to be shown.

    Raises:
        ServiceUnavailableError: It is a refusal; the text is the service's own where it has one.
    """
    body = _json_of(response)
    if response.is_success:
        return body
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise ServiceUnavailableError(SIGNATURE_REFUSED)
    detail = body.get("detail") if isinstance(body, dict) else None
    raise ServiceUnavailableError(str(detail or _describe(response))[:ERROR_CHARS_MAX])


def _describe(response: httpx.Response) -> str:
    return f"HTTP {response.status_code}: {response.text[:ERROR_CHARS_MAX]}"
