"""The backend's webhook receiver and its published keys, over one kept-alive connection pool."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from app import tracing
from app.clients.key_servers import PublishedKeys, fresh_s, read_keys
from app.domain.request_ids import HEADER
from app.domain.signature import sign
from app.errors import KeysUnavailableError
from app.logs.context import request_id

WEBHOOK_PATH = "/api/webhooks/code-execution/"
PROGRESS_PATH = "/api/webhooks/code-execution/progress/"
JWKS_PATH = "/.well-known/jwks.json"
TIMEOUT_S = 10.0  # contract S001-H10
USER_AGENT = "CodeExecutionService/1.0"  # contract S001-H10
PING = "ping"
MAX_ANSWER_CHARACTERS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the receiver took an event; `status_code` is `None` when no answer came."""

    status_code: int | None
    text: str
    retry_after: str | None = None
    """The header, as it comes."""

    @property
    def is_success(self) -> bool:
        """Whether the receiver acknowledged the event."""
        return self.status_code is not None and httpx.codes.is_success(self.status_code)


class BackendClient:
    """Delivers signed events and fetches signing keys.

    `transport` takes the place of the network. A transport without the client around it: what the
    client adds, cookies and redirects and proxies, is of no use here and costs as much again.
    """

    def __init__(
        self,
        url: str,
        *,
        secrets: Sequence[str],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._webhook_url = httpx.URL(url + WEBHOOK_PATH)
        self._progress_url = httpx.URL(url + PROGRESS_PATH)
        self._keys_url = httpx.URL(url + JWKS_PATH)
        self._secrets = secrets
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def deliver(self, body: str, *, webhook_id: str) -> Answer:
        """Post an event, signed for this attempt; a redirect counts as a refusal."""
        return await self._post(self._webhook_url, body, webhook_id=webhook_id)

    async def report(self, body: str) -> Answer:
        """Post how far a judging is, signed."""
        return await self._post(self._progress_url, body, webhook_id=f"prg_{uuid.uuid4().hex}")

    async def ping(self) -> Answer:
        """Ask the receiver, by an event that means nothing, whether it accepts our signature."""
        body = json.dumps({"event": PING, "sent_at": int(time.time())}, separators=(",", ":"))
        return await self.deliver(body, webhook_id=f"ping_{uuid.uuid4().hex}")

    async def fetch_keys(self) -> PublishedKeys:
        """Return the keys that the backend publishes.

        Raises:
            KeysUnavailableError: it did not answer with any.
        """
        try:
            response = await self._ask("GET", self._keys_url)
            document = response.json()
        except (TimeoutError, httpx.HTTPError, ValueError) as error:
            raise KeysUnavailableError(str(error) or type(error).__name__) from error
        if not response.is_success or not isinstance(document, dict):
            raise KeysUnavailableError(f"the answer, HTTP {response.status_code}, has no keys")
        return read_keys(document, fresh_s=fresh_s(response.headers))

    async def _post(self, url: httpx.URL, body: str, *, webhook_id: str) -> Answer:
        content = body.encode()
        headers = sign(
            content, message_id=webhook_id, timestamp_s=int(time.time()), secrets=self._secrets
        )
        headers["Content-Type"] = "application/json"
        try:
            response = await self._ask("POST", url, content=content, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(status_code=None, text="Webhook timeout")
        except httpx.HTTPError as error:
            return Answer(status_code=None, text=str(error) or type(error).__name__)
        return Answer(
            status_code=response.status_code,
            # No database keeps a NUL in a text.
            text=response.text[:MAX_ANSWER_CHARACTERS].replace("\0", "\ufffd"),
            retry_after=response.headers.get("Retry-After"),
        )

    async def _ask(
        self,
        method: str,
        url: httpx.URL,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request and read the whole answer.

        Raises:
            TimeoutError: there is none in time.
            HTTPError: there is none.
        """
        sent = {"User-Agent": USER_AGENT, **(headers or {})}
        if known := request_id():
            sent[HEADER] = known
        if traceparent := tracing.traceparent():
            sent[tracing.HEADER] = traceparent
        request = httpx.Request(method, url, headers=sent, content=content)
        async with asyncio.timeout(TIMEOUT_S):
            response = await self._transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response
