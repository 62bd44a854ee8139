"""The backend's webhook receiver and its published keys, over one kept-alive connection pool."""

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.domain.signature import sign

WEBHOOK_PATH = "/api/webhooks/code-execution/"
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

    @property
    def is_success(self) -> bool:
        """Whether the receiver acknowledged the event."""
        return self.status_code is not None and httpx.codes.is_success(self.status_code)


class KeysUnavailableError(Exception):
    """The backend's keys could not be fetched."""


class BackendClient:
    """Delivers signed events and fetches signing keys."""

    def __init__(self, http: httpx.AsyncClient, *, secrets: Sequence[str]) -> None:
        self._http = http
        self._secrets = secrets

    async def deliver(self, body: str, *, webhook_id: str) -> Answer:
        """Post an event, signed for this attempt; a redirect counts as a refusal."""
        content = body.encode()
        headers = sign(
            content, message_id=webhook_id, timestamp_s=int(time.time()), secrets=self._secrets
        )
        headers["Content-Type"] = "application/json"
        try:
            # httpx limits each step by itself; the whole attempt must end before its lease does.
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._http.post(WEBHOOK_PATH, content=content, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(status_code=None, text="Webhook timeout")
        except httpx.HTTPError as error:
            return Answer(status_code=None, text=str(error) or type(error).__name__)
        return Answer(status_code=response.status_code, text=response.text[:MAX_ANSWER_CHARACTERS])

    async def ping(self) -> Answer:
        """Ask the receiver, by an event that means nothing, whether it accepts our signature."""
        body = json.dumps({"event": PING, "sent_at": int(time.time())}, separators=(",", ":"))
        return await self.deliver(body, webhook_id=f"ping_{uuid.uuid4().hex}")

    async def fetch_keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set that the backend publishes.

        Raises:
            KeysUnavailableError: it did not answer with one.
        """
        try:
            response = await self._http.get(JWKS_PATH)
            response.raise_for_status()
            keys = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise KeysUnavailableError(str(error)) from error
        if not isinstance(keys, dict):
            raise KeysUnavailableError("the answer is no JSON object")
        return keys


def create_http_client(
    backend_service_url: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """Open the one connection pool to the backend, over the network unless told otherwise."""
    return httpx.AsyncClient(
        base_url=backend_service_url,
        timeout=TIMEOUT_S,
        headers={"User-Agent": USER_AGENT},
        transport=transport,
    )
